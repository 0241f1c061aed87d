// SPDX-License-Identifier: MIT OR Apache-2.0
//! A set of ports to receive from, whichever has a message.

use super::ReceiveRight;
use super::bell::Bell;
use super::owned::{Owned, by_name};
use super::receiving::receives;
use crate::code::KernError;
use crate::name::Name;
use crate::right::Right;
use crate::task::{Names, Task};

/// A set of ports to receive from. Ports that have messages take turns, so that a busy one does not keep the others
/// waiting; [`Message::port`](crate::Message::port) says which it was.
///
/// A port stays the same in a set: messages can be received from it directly, and it may be in several sets. Dropping
/// the set leaves the ports as they are.
#[derive(Debug)]
pub struct PortSet {
    owned: Owned,
    bell: Bell,
}

by_name!(PortSet, Right::PortSet);
receives!(PortSet);

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
}
