// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to send any number of messages to a port.

use std::os::fd::{OwnedFd, RawFd};

use cabotage_os::{Deadline, inherited};

use super::owned::{Owned, by_name};
use super::{ReceiveRight, SendOnceRight};
use crate::carrier::Loan;
use crate::code::KernError;
use crate::error::{OutsideError, RequestError, Unsent};
use crate::kernel::calls::Notice;
use crate::message::{Message, Outgoing};
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::task::{Names, Task};

/// A right to send any number of messages to one port: one user reference of it, given back when dropped.
///
/// Two rights of one task to one port are equal: they have one name.
#[derive(Debug, PartialEq, Eq)]
pub struct SendRight {
    owned: Owned,
}

by_name!(SendRight, Right::Send);

/// What a sender does while the queue of the port is full: the four ways of the textbook.
#[derive(Debug, Clone, Copy)]
pub enum WhenFull<'notify> {
    /// Wait for room, at most until this. [`Deadline::Never`] waits for ever, [`Deadline::Now`] gives the message
    /// back at once.
    Wait(Deadline),
    /// Give it to the kernel to keep beyond the limit, one message of each task for a port, and be told by a message
    /// to this port when it is taken.
    Cache(&'notify ReceiveRight),
    /// Give it back at once; but be told by a message when there is room, by the notification asked for with
    /// [`SendRight::notify_when_possible`].
    Notify,
}

/// What became of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is in the queue, or was destroyed with the port.
    Queued,
    /// It is kept beyond the limit of the queue, and a notification will tell when it is taken.
    Cached,
}

impl SendRight {
    pub(super) fn of(owned: Owned) -> Self {
        Self { owned }
    }

    /// Another reference of it.
    ///
    /// # Errors
    /// [`KernError::InvalidRight`]: its port has died.
    pub fn copy(&self) -> Result<Self, KernError> {
        self.names().modify_references(self.name(), Right::Send, 1)?;
        Ok(Self::own(self.names(), self.name()))
    }

    /// Memory of `bytes` bytes to be filled and sent by this right ([`Outgoing::lend`]): it lies where the receiver will
    /// read it, so nothing is copied on the way, whatever its size. Waits until `deadline` for memory that the receiver
    /// still has; `None` if it gave none back.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn loan(&self, bytes: usize, deadline: impl Into<Deadline>) -> Result<Option<Loan>, OutsideError> {
        self.names().loan(self.name(), bytes, deadline.into())
    }

    /// Another reference of it, as the end of a link for another process: pass it to a child at its start
    /// ([`cabotage_os::spawn`]), or send it over any socket. Whoever takes it has a send right.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn to_end(&self) -> Result<OwnedFd, OutsideError> {
        self.names().end_for(self.name(), Disposition::CopySend)
    }

    /// A send right of the current task from the end of a link that another process gave away.
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn from_end(end: OwnedFd) -> Result<Self, OutsideError> {
        let names = Task::current()?.names();
        Ok(Self::own(names, names.take_end(end)?))
    }

    /// The send right that the parent passed under this number: see [`SendRight::to_end`].
    ///
    /// # Errors
    /// [`OutsideError`]
    pub fn inherited(number: RawFd) -> Result<Self, OutsideError> {
        Self::from_end(inherited::take(number).map_err(|_| OutsideError::NoEnd)?)
    }

    /// Sends, and waits for room in the queue as long as it takes. Messages of one thread arrive in the order in
    /// which it sent them.
    ///
    /// # Errors
    /// [`Unsent`], with the message if nothing of it has left.
    pub fn send(&self, message: impl Into<Outgoing>) -> Result<(), Unsent> {
        self.send_within(message, Deadline::Never)
    }

    /// Sends if there is room.
    ///
    /// # Errors
    /// As [`SendRight::send`]; [`TimedOut`](crate::SendError::TimedOut) if there is none.
    pub fn try_send(&self, message: impl Into<Outgoing>) -> Result<(), Unsent> {
        self.send_within(message, Deadline::Now)
    }

    /// Sends, and waits for room until `deadline`.
    ///
    /// # Errors
    /// As [`SendRight::send`]; [`TimedOut`](crate::SendError::TimedOut) if there was none.
    pub fn send_within(
        &self,
        message: impl Into<Outgoing>,
        deadline: impl Into<Deadline>,
    ) -> Result<(), Unsent> {
        self.send_when_full(message, WhenFull::Wait(deadline.into())).map(|_| ())
    }

    /// Sends, and says what happens while the queue is full.
    ///
    /// # Errors
    /// As [`SendRight::send`]; [`NotifyInProgress`](crate::SendError::NotifyInProgress) if the task has a message
    /// cached for this port already.
    ///
    /// # Source
    /// The textbook's four ways with a full queue; XNU, `MACH_SEND_TIMEOUT` and `MACH_SEND_NOTIFY`; GNU Mach,
    /// `MACH_SEND_NOTIFY` for the cached message.
    pub fn send_when_full(&self, message: impl Into<Outgoing>, full: WhenFull<'_>) -> Result<Sent, Unsent> {
        self.names().post(message.into(), (self.name(), Disposition::CopySend), full)
    }

    /// Sends with a right to answer once, and waits for the answer.
    ///
    /// # Errors
    /// [`RequestError`]; among them that no answer will come, since whoever had the request let go of it.
    pub fn request(&self, message: impl Into<Outgoing>) -> Result<Message, RequestError> {
        self.request_within(message, Deadline::Never)
    }

    /// [`SendRight::request`], until `deadline`. An answer that comes too late is dropped.
    ///
    /// # Errors
    /// As [`SendRight::request`].
    pub fn request_within(
        &self,
        message: impl Into<Outgoing>,
        deadline: impl Into<Deadline>,
    ) -> Result<Message, RequestError> {
        self.names().ask(message.into(), self.name(), deadline.into())
    }

    /// Whether its port has died.
    pub fn is_dead(&self) -> bool {
        self.names().type_of(self.name()).is_ok_and(|types| types.has(Right::DeadName))
    }

    /// Tells `notify` once, when the port dies. A request that was registered for this name before comes back.
    ///
    /// # Errors
    /// [`KernError::InvalidArgument`]: it is dead already.
    ///
    /// # Source
    /// `mach_port_request_notification`, `MACH_NOTIFY_DEAD_NAME`.
    pub fn notify_when_dead(&self, notify: SendOnceRight) -> Result<Option<SendOnceRight>, KernError> {
        self.owned.watch((Notice::DeadName, 0), notify)
    }

    /// Tells `notify` once, when a send found the queue full ([`WhenFull::Notify`]) and there is room again; or when
    /// the port dies. A request that was registered for this name before comes back.
    ///
    /// # Errors
    /// [`KernError`].
    ///
    /// # Source
    /// `mach_port_request_notification`, `MACH_NOTIFY_SEND_POSSIBLE`.
    pub fn notify_when_possible(&self, notify: SendOnceRight) -> Result<Option<SendOnceRight>, KernError> {
        self.owned.watch((Notice::SendPossible, 0), notify)
    }

    /// Gives it to another task of this process.
    ///
    /// # Errors
    /// [`KernError`]; the right is given back then.
    pub fn move_to(self, task: &Task) -> Result<Self, KernError> {
        self.owned.move_to(task.names(), Disposition::MoveSend).map(Self::of)
    }
}
