// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port by which the kernel answers for a task: task self. Whoever has a send right to it asks by messages what the
//! calls on names do, and is answered by messages; the task has one from its start.
//!
//! What comes is answered at once and never queued.
//!
//! # Source
//! XNU, osfmk/kern/ipc_tt.c: `ipc_task_init`; osfmk/kern/ipc_kobject.c: `ipc_kobject_server`.

mod answer;
mod call;

#[cfg(test)]
mod tests;

pub use call::{BadAnswer, REPLY_ID_OFFSET, TaskAnswer, TaskCall};

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::{AuditToken, Capability, Message, Sender};
use super::port::{Home, Port};
use super::step::Step;
use crate::code::KernError;
use crate::name::Name;
use crate::right::Disposition;

/// What a task has a self by.
#[derive(Debug)]
pub(crate) struct TaskSelf {
    pub(crate) port: PortId,
    /// What is answered to who asks for the task's identity.
    pub(crate) token: AuditToken,
}

impl Kernel {
    /// Another send right to the port that answers for a task; the first time, the port is made. `token` is its identity
    /// from then on.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`].
    pub fn task_self(&mut self, space: SpaceId, token: AuditToken) -> Result<Name, KernError> {
        let port = match &self.space(space)?.task_self {
            Some(task_self) => task_self.port,
            None => self.ports.insert(Port::new(Home::Task(space))),
        };
        self.space(space)?.task_self.get_or_insert(TaskSelf { port, token });
        if let Some(port) = self.ports.get_mut(port) {
            port.make_send();
        }
        self.copy_out(space, Capability::Send(port)).map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })
    }

    /// Does what a message asks of a task, and answers.
    pub(crate) fn answer_for(&mut self, space: SpaceId, message: Message) {
        let Message { id, destination, reply: (reply, _), body, cargo, origin, .. } = message;
        self.steps.extend(origin.map(Step::Taken));
        let (body, cargo) = self.do_for(space, id, &body, cargo);
        self.use_up(destination);
        let Some(port) = reply.port().filter(|_| !matches!(reply, Capability::Receive(_))) else {
            self.destroy_capability(reply);
            self.doom_cargo(cargo);
            return self.reap();
        };
        let answer = Message {
            id: id.wrapping_add(REPLY_ID_OFFSET),
            destination: reply,
            reply: (Capability::Null, None::<Disposition>),
            body,
            complex: !cargo.is_empty(),
            cargo,
            sender: Sender::Kernel,
            origin: None,
        };
        if let Err(unwanted) = self.enqueue(port, answer) {
            self.destroy_message(unwanted);
        }
    }
}
