// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one who watches a link has to know beside what comes over it.

use cabotage_os::Deadline;

use super::Core;
use crate::error::{LinkError, PeerFault};

impl Core {
    /// Until when the peer has to say HELLO; for ever once it has.
    pub(crate) fn hello_by(&self) -> Deadline {
        if self.desk().hello.is_some() { Deadline::Never } else { self.hello_by }
    }

    /// The time is up for a peer that has not said HELLO; one that is gone is not late.
    pub(crate) fn give_up_silent(&self) -> Result<(), LinkError> {
        let mut desk = self.desk();
        if desk.hello.is_some() || desk.end().is_some() {
            return Ok(());
        }
        Err(self.end_in(&mut desk, PeerFault::Silent.into()))
    }
}
