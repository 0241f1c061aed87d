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
mod special;

#[cfg(test)]
mod tests;

pub use call::{BadAnswer, REPLY_ID_OFFSET, TaskAnswer, TaskCall};
pub(crate) use special::SpecialPorts;

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::{AuditToken, Capability, Message, Sender};
use super::step::Step;
use crate::code::KernError;
use crate::name::Name;
use crate::right::Disposition;

/// What a task has a self by. Each port is made when it is first asked for.
#[derive(Debug)]
pub(crate) struct TaskSelf {
    pub(crate) port: Option<PortId>,
    /// Who has a right to it can only ask who the task is.
    pub(crate) name_port: Option<PortId>,
    /// What is answered to who asks for the task's identity.
    pub(crate) token: AuditToken,
}

impl TaskSelf {
    fn of(token: AuditToken) -> Self {
        Self { port: None, name_port: None, token }
    }
}

impl Kernel {
    /// Another send right to the port that answers for a task; the first time, the port is made. `token` is its identity
    /// from then on.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`].
    pub fn task_self(&mut self, space: SpaceId, token: AuditToken) -> Result<Name, KernError> {
        self.space(space)?;
        let right = self.make_send_to(space, token, |own| &mut own.port);
        self.copy_out(space, right).map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })
    }

    /// Does what a message asks of a task, and answers.
    pub(crate) fn answer_for(&mut self, space: SpaceId, message: Message) {
        let Message { id, destination, reply: (reply, _), body, cargo, origin, .. } = message;
        self.steps.extend(origin.map(Step::Taken));
        let own = self.spaces.get(space).and_then(|space| space.task_self.as_ref());
        let may_act = own.is_some_and(|own| own.name_port != destination.port());
        let (body, cargo) = self.do_for(space, id, &body, cargo, may_act);
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
