// SPDX-License-Identifier: MIT OR Apache-2.0
//! A set of ports to receive from, whichever has a message.

use std::os::fd::BorrowedFd;

use cabotage_link::Ready;
use cabotage_os::Deadline;

use super::bell::Bell;
use super::owned::{Owned, by_name};
use super::{Messages, ReceiveRight};
use crate::code::KernError;
use crate::error::{PollError, ReceiveError};
use crate::message::Message;
use crate::name::Name;
use crate::right::Right;
use crate::task::{Names, Task};

/// A set of ports to receive from. Ports that have messages take turns, so that a busy one does not keep the others
/// waiting; [`Message::port`] says which it was.
///
/// A port stays the same in a set: messages can be received from it directly, and it may be in several sets. Dropping
/// the set leaves the ports as they are.
#[derive(Debug)]
pub struct PortSet {
    owned: Owned,
    bell: Bell,
}

by_name!(PortSet, Right::PortSet);

impl PortSet {
    fn of(owned: Owned) -> Self {
        Self { owned, bell: Bell::default() }
    }

    /// An empty set of the current task.
    ///
    /// # Errors
    /// [`KernError::NoSpace`], or what [`Task::current`] answers.
    pub fn new() -> Result<Self, KernError> {
        Task::current()?.allocate_set()
    }

    /// Takes a port into the set, beside others that it may be in.
    ///
    /// # Errors
    /// [`KernError::AlreadyInSet`]
    pub fn insert(&self, port: &ReceiveRight) -> Result<(), KernError> {
        self.names().insert_member(port.name(), self.name())
    }

    /// Takes a port into this set and out of all others, in one step.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn move_in(&self, port: &ReceiveRight) -> Result<(), KernError> {
        self.names().move_member(port.name(), self.name())
    }

    /// Takes a port out of the set.
    ///
    /// # Errors
    /// [`KernError::NotInSet`]
    pub fn extract(&self, port: &ReceiveRight) -> Result<(), KernError> {
        self.names().extract_member(port.name(), self.name())
    }

    /// The names of its ports, in ascending order.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn members(&self) -> Result<Vec<Name>, KernError> {
        self.names().set_members(self.name())
    }

    /// The next message of any of the ports; waits for one as long as it takes.
    ///
    /// # Errors
    /// [`ReceiveError`]
    pub fn receive(&self) -> Result<Message, ReceiveError> {
        self.receive_within(Deadline::Never)
    }

    /// The next message, if there is one.
    ///
    /// # Errors
    /// [`ReceiveError::TimedOut`] if there is none.
    pub fn try_receive(&self) -> Result<Message, ReceiveError> {
        self.receive_within(Deadline::Now)
    }

    /// The next message; waits for one until `deadline`.
    ///
    /// # Errors
    /// [`ReceiveError::TimedOut`] if none came.
    pub fn receive_within(&self, deadline: impl Into<Deadline>) -> Result<Message, ReceiveError> {
        self.names().take(self.name(), deadline.into())
    }

    /// Messages as they come, for ever; an error is told and ends it.
    pub fn messages(&self) -> Messages<'_> {
        Messages::of(self.names(), self.name())
    }

    /// Whether there is a message now: see [`ReceiveRight::ready`].
    ///
    /// # Errors
    /// [`PollError`]
    pub fn ready(&self) -> Result<Ready, PollError> {
        self.bell.ready(self.names(), self.name())
    }

    /// A descriptor for epoll and its like: see [`ReceiveRight::descriptor`].
    ///
    /// # Errors
    /// [`PollError`]
    pub fn descriptor(&self) -> Result<BorrowedFd<'_>, PollError> {
        self.bell.descriptor(self.names())
    }
}
