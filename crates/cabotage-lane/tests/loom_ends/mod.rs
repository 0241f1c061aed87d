// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the two ends of a model have between them: each other's control words, and a bell.

use cabotage_lane::{Control, Controls};
use loom::sync::{Arc, Condvar, Mutex};

/// The control words of both ends, from one of them.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) own: Arc<Control>,
    pub(crate) peer: Arc<Control>,
}

impl Controls for View {
    fn own(&self) -> &Control {
        &self.own
    }

    fn peer(&self) -> &Control {
        &self.peer
    }
}

/// A bell as a socket gives it: rings are kept until they are heard.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    pub(crate) fn ring(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }

    pub(crate) fn hear(&self) {
        let mut rung = self.0.0.lock().unwrap();
        while !*rung {
            rung = self.0.1.wait(rung).unwrap();
        }
        *rung = false;
    }
}
