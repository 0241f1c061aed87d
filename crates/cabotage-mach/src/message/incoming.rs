// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that has come.

use std::str::Utf8Error;

use super::{Carried, Notification, Outgoing};
use crate::error::Unsent;
use crate::kernel::message::{AuditToken, Sender};
use crate::name::Name;
use crate::rights::AnyRight;
use crate::spare::Body;
use crate::task::Names;

/// A message that has come. The rights in it are the receiver's now, and go when it is dropped; whoever waits for a
/// reply is then told that none will come.
#[derive(Debug)]
pub struct Message {
    pub(crate) names: Names,
    pub(crate) id: i32,
    pub(crate) body: Body,
    pub(crate) cargo: Vec<Carried>,
    pub(crate) reply: AnyRight,
    pub(crate) port: Name,
    pub(crate) sequence: u32,
    pub(crate) sender: Sender,
}

/// Why a message was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// It named no port to answer to, or the answer was given.
    #[error("the message named no right to answer by, or was answered already")]
    NoReplyRight,
    /// Its sender waits no more.
    #[error("whoever asked waits no more: the reply port is dead")]
    Dead,
    /// The answer was not sent.
    #[error(transparent)]
    NotSent(#[from] Unsent),
}

impl Message {
    /// Its number: `msgh_id`.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Its inline data.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its inline data, to keep.
    pub fn into_body(self) -> Vec<u8> {
        self.body.into_vec()
    }

    /// Its inline data as text.
    ///
    /// # Errors
    /// It is no UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.body)
    }

    /// What it brought beside that, in the sender's order.
    pub fn carried(&self) -> &[Carried] {
        &self.cargo
    }

    /// Takes out what it brought, to keep.
    pub fn take_carried(&mut self) -> Vec<Carried> {
        std::mem::take(&mut self.cargo)
    }

    /// The right to answer by; [`AnyRight::Null`] if none came.
    pub fn reply_right(&self) -> &AnyRight {
        &self.reply
    }

    /// Takes out the right to answer by, to answer later or by another hand.
    pub fn take_reply_right(&mut self) -> AnyRight {
        std::mem::replace(&mut self.reply, AnyRight::Null)
    }

    /// Answers. A send-once right is used up by that; it never waits, since a reply finds room always.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub fn reply(&mut self, answer: impl Into<Outgoing>) -> Result<(), Unanswered> {
        match self.take_reply_right() {
            AnyRight::SendOnce(right) => Ok(right.send(answer)?),
            AnyRight::Send(right) => {
                let sent = right.send(answer);
                self.reply = AnyRight::Send(right);
                Ok(sent?)
            }
            AnyRight::Dead => Err(Unanswered::Dead),
            AnyRight::Null | AnyRight::Receive(_) => Err(Unanswered::NoReplyRight),
        }
    }

    /// Who sent it, as the kernel knows, not as the message says.
    pub fn sender(&self) -> Sender {
        self.sender
    }

    /// The process that sent it; `None` if it is the kernel's own.
    pub fn audit_token(&self) -> Option<AuditToken> {
        match self.sender {
            Sender::Kernel => None,
            Sender::Task(token) => Some(token),
        }
    }

    /// The name of the port that it came by, if the task still has it.
    pub fn port(&self) -> Name {
        self.port
    }

    /// How many messages this port gave before it, since its receive right came to this task.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// What the kernel tells by it; the message comes back if it is somebody else's, whatever its number.
    ///
    /// # Errors
    /// The message, which is no notification.
    pub fn into_notification(self) -> Result<Notification, Box<Self>> {
        Notification::from_message(self)
    }
}
