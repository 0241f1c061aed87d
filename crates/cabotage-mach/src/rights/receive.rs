// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to receive what is sent to a port: whoever has it is the port's master.

use super::bell::Bell;
use super::owned::{Owned, by_name};
use super::receiving::receives;
use super::{SendOnceRight, SendRight};
use crate::code::KernError;
use crate::kernel::calls::{Notice, PortStatus};
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::task::{Names, Task};

/// The right to receive the messages of one port, and to make the rights by which they are sent. When it is dropped,
/// the port dies, with what is in its queue; unless a port-destroyed notification was asked for.
///
/// Any number of threads may receive at once: each message goes to one of them.
#[derive(Debug)]
pub struct ReceiveRight {
    owned: Owned,
    bell: Bell,
}

by_name!(ReceiveRight, Right::Receive);
receives!(ReceiveRight);

impl ReceiveRight {
    fn of(owned: Owned) -> Self {
        Self { owned, bell: Bell::default() }
    }

    /// A new port of the current task, with an empty queue of up to 5 messages.
    ///
    /// # Errors
    /// [`KernError::NoSpace`], or what [`Task::current`] answers.
    pub fn new() -> Result<Self, KernError> {
        Task::current()?.allocate()
    }

    /// A send right to the port.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn make_send(&self) -> Result<SendRight, KernError> {
        self.owned.derive(Disposition::MakeSend).map(SendRight::of)
    }

    /// A right to send one message to the port, no matter how full it is.
    ///
    /// # Errors
    /// [`KernError::NoSpace`]: the task has as many names as it can have.
    pub fn make_send_once(&self) -> Result<SendOnceRight, KernError> {
        self.owned.derive(Disposition::MakeSendOnce).map(SendOnceRight::of)
    }

    /// How many messages senders may put into the queue before it is full: from 0 to 1,024. Whoever waits for room goes
    /// on if there is more now.
    ///
    /// # Errors
    /// [`KernError::InvalidValue`] beyond that.
    pub fn set_queue_limit(&self, messages: u32) -> Result<(), KernError> {
        self.names().set_limit(self.name(), messages)
    }

    /// What there is to know about the port: its queue, its limit, what rights there are.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn status(&self) -> Result<PortStatus, KernError> {
        self.names().status(self.name())
    }

    /// Tells `notify` once, when no send right to the port is left; at once if there is none and as many were made as
    /// `make_send_count` says, or more. A request that was registered before comes back.
    ///
    /// # Errors
    /// [`KernError`]
    ///
    /// # Source
    /// `mach_port_request_notification`, `MACH_NOTIFY_NO_SENDERS`.
    pub fn notify_when_unused(
        &self,
        make_send_count: u32,
        notify: SendOnceRight,
    ) -> Result<Option<SendOnceRight>, KernError> {
        self.owned.watch((Notice::NoSenders, make_send_count), notify)
    }

    /// Sends the receive right, queue and all, to `notify` when it would be destroyed. A request that was registered
    /// before is in the way.
    ///
    /// # Errors
    /// [`KernError::Failure`]: one is registered.
    ///
    /// # Source
    /// `mach_port_request_notification`, `MACH_NOTIFY_PORT_DESTROYED`.
    pub fn rescue_to(&self, notify: SendOnceRight) -> Result<(), KernError> {
        self.owned.watch((Notice::PortDestroyed, 0), notify).map(|_| ())
    }

    /// Gives it to another task of this process, with its queue. Send rights of this task stay.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn move_to(self, task: &Task) -> Result<Self, KernError> {
        self.owned.move_to(task.names(), Disposition::MoveReceive).map(Self::of)
    }
}

impl PartialEq for ReceiveRight {
    fn eq(&self, other: &Self) -> bool {
        self.owned == other.owned
    }
}

impl Eq for ReceiveRight {}
