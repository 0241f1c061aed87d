// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one who watches a link has to know beside what comes over it.

use std::sync::atomic::Ordering;

use cabotage_os::Deadline;

use super::Core;
use crate::error::LinkError;

impl Core {
    /// Says HELLO, if that was not done. To a peer that is gone already there is nobody to say it to, but what it
    /// sent first still counts, and then the look at the socket tells of its end.
    pub(crate) fn greet(&self) -> Result<(), LinkError> {
        match self.say_hello(None) {
            Err(_) if self.is_over() => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// A number that changes whenever a message of the socket was filed, by whomever.
    #[inline]
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals.load(Ordering::Relaxed)
    }

    /// Until when the peer has to say HELLO; for ever once it has.
    pub(crate) fn hello_by(&self) -> Deadline {
        if self.desk().hello.is_some() { Deadline::Never } else { self.hello_by }
    }
}
