// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks: each has a space of names, and any number of threads may use it.
//!
//! The rules are the kernel's ([`crate::kernel`]); what stands here waits, wakes and polls.

mod calls;
mod host;
mod identity;
mod names;
mod outside;
mod parking;
mod receiving;
mod reply_port;
mod sending;
#[cfg(test)]
mod tests;

pub(crate) use host::Host;
pub use names::Names;

use crate::code::KernError;
use crate::right::Right;
use crate::rights::{PortSet, ReceiveRight};

/// A task: a space of names, in which a right has a name, and which ends with all its rights when this is dropped.
///
/// A process is one task, [`Task::current`]. Further ones in the same process are for tests and for parts of a program
/// that are to have rights of their own, as plug-ins.
#[derive(Debug)]
pub struct Task {
    names: Names,
}

impl Task {
    /// The task that this process is. It ends with the process; a forked child is a new one, which has none of its
    /// parent's rights.
    ///
    /// # Errors
    /// [`KernError::ResourceShortage`]: the system has no memory for it (the first call of a process only).
    pub fn current() -> Result<&'static Self, KernError> {
        let host = Host::here()?;
        Ok(host.current.get_or_init(|| Self::of(host)))
    }

    /// A new task in this process, without any right.
    ///
    /// # Errors
    /// As [`Task::current`].
    pub fn create() -> Result<Self, KernError> {
        Ok(Self::of(Host::here()?))
    }

    fn of(host: &'static Host) -> Self {
        let space = host.run(|kernel| kernel.create_space());
        Self { names: Names::of(host, space) }
    }

    /// Its space of names: Mach's own interface.
    pub fn names(&self) -> Names {
        self.names
    }

    /// A new port, with an empty queue of up to 5 messages.
    ///
    /// # Errors
    /// [`KernError::NoSpace`]; [`KernError::Forked`].
    pub fn allocate(&self) -> Result<ReceiveRight, KernError> {
        let name = self.names.allocate(Right::Receive)?;
        Ok(ReceiveRight::own(self.names, name))
    }

    /// A new port set, empty.
    ///
    /// # Errors
    /// As [`Task::allocate`].
    pub fn allocate_set(&self) -> Result<PortSet, KernError> {
        let name = self.names.allocate(Right::PortSet)?;
        Ok(PortSet::own(self.names, name))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.names.end();
    }
}
