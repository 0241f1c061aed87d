// SPDX-License-Identifier: MIT OR Apache-2.0
//! When to look at a member although nothing has happened to it: a client that should have said HELLO, a listener
//! that could not accept.
//!
//! What has become needless stays until its time and is found to be so then.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use cabotage_os::Deadline;

use super::key::Key;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Alarms {
    pending: BinaryHeap<Reverse<(Instant, Key)>>,
}

impl Alarms {
    /// Look at this member then; `Never` and `Now` ask for nothing.
    pub(super) fn set(&mut self, deadline: Deadline, member: Key) {
        if let Deadline::At(instant) = deadline {
            self.pending.push(Reverse((instant, member)));
        }
    }

    /// When the next one rings.
    pub(super) fn next(&self) -> Deadline {
        self.pending.peek().map_or(Deadline::Never, |Reverse((instant, _))| Deadline::At(*instant))
    }

    /// The next one that rings until `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Key> {
        let Reverse((instant, _)) = self.pending.peek()?;
        if *instant > now {
            return None;
        }
        self.pending.pop().map(|Reverse((_, member))| member)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}
