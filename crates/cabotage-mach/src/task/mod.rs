// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks: each has a space of names, and any number of threads may use it.
//!
//! The rules are the kernel's ([`crate::kernel`]); what stands here waits, wakes and polls.

mod birth;
mod calls;
mod child;
mod host;
mod identity;
mod names;
mod outside;
mod parking;
mod port;
mod receiving;
mod reply_port;
mod sending;
#[cfg(test)]
mod tests;

pub use child::{ChildTask, Spawn};
pub(crate) use host::Host;
pub use names::Names;
pub use port::TaskPort;

use crate::code::KernError;
use crate::name::Name;
use crate::right::{Disposition, Right, SpecialPort};
use crate::rights::{PortSet, ReceiveRight, SendRight};

/// A task: a space of names, in which a right has a name, and which ends with all its rights when this is dropped.
///
/// A process is one task, [`Task::current`]. Further ones in the same process are for tests and for parts of a program
/// that are to have rights of their own, as plug-ins.
#[derive(Debug)]
pub struct Task {
    names: Names,
    port: TaskPort,
    notices: ReceiveRight,
    given: birth::Given,
}

impl Task {
    /// The task that this process is. It ends with the process; a forked child is a new one, which has none of its
    /// parent's rights.
    ///
    /// # Errors
    /// [`KernError::ResourceShortage`]: the system has no memory for it (the first call of a process only).
    pub fn current() -> Result<&'static Self, KernError> {
        let host = Host::here()?;
        if let Some(task) = host.current.get() {
            return Ok(task);
        }
        let fresh = Self::of(host)?;
        Ok(host.current.get_or_init(|| {
            fresh.take_birth();
            fresh
        }))
    }

    /// A new task in this process, without any right.
    ///
    /// # Errors
    /// As [`Task::current`].
    pub fn create() -> Result<Self, KernError> {
        Self::of(Host::here()?)
    }

    fn of(host: &'static Host) -> Result<Self, KernError> {
        let names = Names::of(host, host.run(|kernel| kernel.create_space()));
        let port = TaskPort::new(SendRight::own(names, names.task_self()?));
        let notices = ReceiveRight::own(names, names.allocate(Right::Receive)?);
        Ok(Self { names, port, notices, given: birth::Given::default() })
    }

    /// The right by which others can be let ask about this task, give it rights and take them: task self.
    pub fn port(&self) -> &TaskPort {
        &self.port
    }

    /// The send right that whoever started this process gave it under a label ([`Spawn::give`]): once, then it is the
    /// caller's.
    pub fn given(&self, label: &str) -> Option<SendRight> {
        self.given.take(label)
    }

    /// The labels of the rights that were given and not yet taken, in the giver's order.
    pub fn given_labels(&self) -> Vec<String> {
        self.given.labels()
    }

    /// The port where the task is told what was asked for without naming another.
    pub fn notices(&self) -> &ReceiveRight {
        &self.notices
    }

    /// Asks to be told at [`notices`](Task::notices) when the port of this right dies.
    ///
    /// # Errors
    /// [`KernError::InvalidArgument`]: it is dead already. [`KernError::InvalidTask`]: the right is of another task.
    pub fn watch(&self, right: &SendRight) -> Result<(), KernError> {
        if right.names() != self.names {
            return Err(KernError::InvalidTask);
        }
        right.notify_when_dead(self.notices.make_send_once()?).map(drop)
    }

    /// A right to a special port of this task; `None` if it has none, or a dead one.
    ///
    /// # Errors
    /// [`KernError::NoSpace`]
    pub fn special_port(&self, which: SpecialPort) -> Result<Option<SendRight>, KernError> {
        let name = self.names.special_port(which)?;
        Ok(name.is_valid().then(|| SendRight::own(self.names, name)))
    }

    /// From now on this is a special port of the task, which children that it starts have too if it is
    /// [`SpecialPort::Bootstrap`].
    ///
    /// # Errors
    /// [`KernError::InvalidArgument`]: it is [`SpecialPort::Name`]. [`KernError::InvalidTask`]: the right is of another
    /// task.
    pub fn set_special_port(&self, which: SpecialPort, right: Option<SendRight>) -> Result<(), KernError> {
        if right.as_ref().is_some_and(|right| right.names() != self.names) {
            return Err(KernError::InvalidTask);
        }
        let name = right.map_or(Name::NULL, SendRight::into_raw);
        self.names.set_special_port(which, (name, Disposition::MoveSend))
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
