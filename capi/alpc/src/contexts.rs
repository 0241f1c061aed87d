// SPDX-License-Identifier: MIT OR Apache-2.0
//! Security contexts of a client: numbers under which it lets a server act as it, message by message.

use std::collections::BTreeSet;

use cabotage_alpc::Status;

use crate::status::Answer;

/// Those of one port.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    last: usize,
    open: BTreeSet<usize>,
}

impl Contexts {
    pub(crate) fn create(&mut self) -> usize {
        self.last += 1;
        self.open.insert(self.last);
        self.last
    }

    pub(crate) fn delete(&mut self, context: usize) -> Answer {
        if self.open.remove(&context) { Ok(()) } else { Err(Status::INVALID_HANDLE) }
    }

    /// Whether a message may go with it; 0 is the client's own, which is always there.
    pub(crate) fn check(&self, context: usize) -> Answer {
        if context == 0 || self.open.contains(&context) { Ok(()) } else { Err(Status::INVALID_HANDLE) }
    }
}
