// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to send one message to a port: to answer by, or to be told by.

use cabotage_os::Deadline;

use super::AnyRight;
use super::owned::{Owned, by_name};
use super::send::WhenFull;
use crate::code::KernError;
use crate::error::Unsent;
use crate::kernel::messages;
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
        self.send_within(message, Deadline::Never)
    }

    /// Sends the one message, which waits at most until `deadline` for what is in its way: a receive right in it goes only
    /// when all senders have been told, and what the other process does not read has to wait.
    ///
    /// # Errors
    /// As [`SendOnceRight::send`].
    pub fn send_within(
        self,
        message: impl Into<Outgoing>,
        deadline: impl Into<Deadline>,
    ) -> Result<(), Unsent> {
        let full = WhenFull::Wait(deadline.into());
        self.names().post(message.into(), (self.name(), Disposition::MoveSendOnce), full).map(|_| {
            // The kernel has taken it.
            self.into_raw();
        })
    }

    /// Sends the one message if it can go until `deadline`; else both come back, as far as they are still there.
    pub(crate) fn offer(
        self,
        message: Outgoing,
        deadline: Deadline,
    ) -> Result<(), Option<Box<(Self, Outgoing)>>> {
        let names = self.names();
        let Ok(message) = names.check(message) else { return Err(None) };
        let letter = message.into_letter(self.into_raw(), Disposition::MoveSendOnce);
        names.send(letter, messages::WhenFull::GiveBack, deadline).map(drop).map_err(|failed| {
            let letter = failed.letter?;
            let right = match letter.destination {
                (name, Some(disposition)) => AnyRight::arrived(names, name, disposition).into_send_once(),
                (_, None) => None,
            };
            Some(Box::new((right?, Outgoing::came_back(names, letter))))
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
