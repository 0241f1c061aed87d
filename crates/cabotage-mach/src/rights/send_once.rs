// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to send one message to a port: to answer by, or to be told by.

use cabotage_os::Deadline;

use super::owned::{Owned, by_name};
use super::send::WhenFull;
use crate::code::KernError;
use crate::error::Unsent;
use crate::message::Outgoing;
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::task::{Names, Task};

/// A right to send one message to a port. Dropped unused, it sends a notification that it was
/// ([`Notification::SendOnce`](crate::Notification::SendOnce)): its receiver gets exactly one message, always.
#[derive(Debug, PartialEq, Eq)]
pub struct SendOnceRight {
    owned: Owned,
}

by_name!(SendOnceRight, Right::SendOnce);

impl SendOnceRight {
    pub(super) fn of(owned: Owned) -> Self {
        Self { owned }
    }

    /// Sends the one message. It never waits: no limit of the queue keeps it out.
    ///
    /// # Errors
    /// [`Unsent`], with the message if nothing of it has left. The right is used up in any case, and its receiver told.
    pub fn send(self, message: impl Into<Outgoing>) -> Result<(), Unsent> {
        let full = WhenFull::Wait(Deadline::Never);
        self.names().post(message.into(), (self.name(), Disposition::MoveSendOnce), full).map(|_| {
            // The kernel has taken it.
            self.into_raw();
        })
    }

    /// Gives it to another task of this process.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn move_to(self, task: &Task) -> Result<Self, KernError> {
        self.owned.move_to(task.names(), Disposition::MoveSendOnce).map(Self::of)
    }
}
