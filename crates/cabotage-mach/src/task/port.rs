// SPDX-License-Identifier: MIT OR Apache-2.0
//! A task as those see it who have a right to it: each call is a message to its task-self port, and an answer.

use std::time::Duration;

use cabotage_os::Deadline;

use crate::code::KernError;
use crate::error::TaskError;
use crate::kernel::calls::PortStatus;
use crate::kernel::message::AuditToken;
use crate::kernel::task_self::{TaskAnswer, TaskCall};
use crate::message::{Carried, Message, Outgoing};
use crate::name::Name;
use crate::right::{Disposition, Right, RightTypes, SpecialPort};
use crate::rights::{AnyRight, SendRight};

/// A task that the holder may ask about, give rights and take rights from: a send right to its task-self port. Whoever
/// gets it can do with the task's rights what the task can, so give it to whom you would give them all.
///
/// The kernel answers for a task of this process at once. A right that came from elsewhere may lead to anybody, so
/// [within](TaskPort::within) bounds how long each call waits.
#[derive(Debug, PartialEq, Eq)]
pub struct TaskPort {
    right: SendRight,
    patience: Duration,
}

impl TaskPort {
    /// The task that this right is to.
    pub fn new(right: SendRight) -> Self {
        Self { right, patience: Duration::MAX }
    }

    /// Lets each call wait for its answer so long at most.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The right, to pass it on.
    pub fn right(&self) -> &SendRight {
        &self.right
    }

    /// The right, to keep.
    pub fn into_right(self) -> SendRight {
        self.right
    }

    /// Who the task is, as it began: its process, and as whom that ran then.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn identity(&self) -> Result<AuditToken, TaskError> {
        let answer = self.ask(TaskCall::Identity, None)?;
        Ok(told(&answer)?.identity()?)
    }

    /// Every name of the task, and what it stands for.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn names(&self) -> Result<Vec<(Name, RightTypes)>, TaskError> {
        let answer = self.ask(TaskCall::Names, None)?;
        Ok(told(&answer)?.names()?)
    }

    /// What a name of the task stands for.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn type_of(&self, name: Name) -> Result<RightTypes, TaskError> {
        let answer = self.ask(TaskCall::Type(name), None)?;
        Ok(told(&answer)?.types()?)
    }

    /// The state of a port that the task receives from.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn status(&self, name: Name) -> Result<PortStatus, TaskError> {
        let answer = self.ask(TaskCall::Status(name), None)?;
        Ok(told(&answer)?.status()?)
    }

    /// A new port, set or dead name for the task.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn allocate(&self, right: Right) -> Result<Name, TaskError> {
        let answer = self.ask(TaskCall::Allocate(right), None)?;
        Ok(told(&answer)?.name()?)
    }

    /// Takes one reference of a name from the task.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn deallocate(&self, name: Name) -> Result<(), TaskError> {
        let answer = self.ask(TaskCall::Deallocate(name), None)?;
        Ok(told(&answer)?.nothing()?)
    }

    /// Gives the task user references of a name, or takes them.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn modify_references(&self, name: Name, right: Right, delta: i32) -> Result<(), TaskError> {
        let answer = self.ask(TaskCall::ModifyReferences(name, right, delta), None)?;
        Ok(told(&answer)?.nothing()?)
    }

    /// Gives the task a right, under this name, or under whichever it gets if that is [`Name::NULL`]. Answers the name.
    /// A right that the task does not take is destroyed.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn insert_right(&self, name: Name, right: impl Into<AnyRight>) -> Result<Name, TaskError> {
        let answer = self.ask(TaskCall::InsertRight(name), Some(right.into()))?;
        Ok(told(&answer)?.name()?)
    }

    /// Takes, copies or makes a right of the task for its caller.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn extract_right(&self, name: Name, disposition: Disposition) -> Result<AnyRight, TaskError> {
        self.brought(TaskCall::ExtractRight(name, disposition))
    }

    /// The right that the answer to a call brings.
    fn brought(&self, call: TaskCall) -> Result<AnyRight, TaskError> {
        let mut answer = self.ask(call, None)?;
        told(&answer)?.nothing()?;
        match answer.take_carried().pop() {
            Some(Carried::Right(right)) => Ok(right),
            _ => Err(TaskError::BadAnswer),
        }
    }

    /// A right to a special port of the task; [`AnyRight::Null`] if it has none.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn special_port(&self, which: SpecialPort) -> Result<AnyRight, TaskError> {
        self.brought(TaskCall::SpecialPort(which))
    }

    /// Gives the task another special port.
    ///
    /// # Errors
    /// [`TaskError`]
    pub fn set_special_port(&self, which: SpecialPort, right: SendRight) -> Result<(), TaskError> {
        let answer = self.ask(TaskCall::SetSpecialPort(which), Some(right.into()))?;
        Ok(told(&answer)?.nothing()?)
    }

    fn ask(&self, call: TaskCall, right: Option<AnyRight>) -> Result<Message, TaskError> {
        let question = Outgoing::new(call.id()).body(call.body());
        let question = match right {
            Some(right) => question.with(right),
            None => question,
        };
        Ok(self.right.request_within(question, Deadline::within(self.patience))?)
    }
}

/// What the task has answered.
fn told(answer: &Message) -> Result<TaskAnswer<'_>, TaskError> {
    TaskAnswer::parse(answer.body())?.map_err(|error: KernError| TaskError::Refused(error))
}
