// SPDX-License-Identifier: MIT OR Apache-2.0
//! An event: what threads of one process signal each other with.

use std::sync::Arc;

use crate::wait::{Reset, Signal};

/// See the [module](self).
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) signal: Arc<Signal>,
}

impl Event {
    pub(crate) fn new(is_manual: bool, is_set: bool) -> Self {
        let reset = if is_manual { Reset::Manual } else { Reset::Auto };
        Self { signal: Arc::new(Signal::new(reset, is_set)) }
    }
}
