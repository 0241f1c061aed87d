// SPDX-License-Identifier: MIT OR Apache-2.0
//! What calls lead to outside the tables.

use super::ids::{PortId, Ticket};
use super::message::Message;

/// Something to be done by whoever runs the kernel.
#[derive(Debug)]
pub enum Step {
    /// The thread with this ticket looks again: it has sent, there may be a message, or what it waited on has changed.
    Wake(Ticket),
    /// No right of this process is left to a port that is [away](super::port::Home::Away); it is forgotten here.
    Release(u64),
    /// Carry this message to the port that is away by this route. The right that it was sent by is used up; all others
    /// go along.
    Carry(u64, Box<Message>),
    /// A message of the kernel with a receive right waits at this port, which is away: see that the right can go.
    Depart(PortId),
    /// A message that came on this link was taken out of the queue: its sender may have room again.
    Taken(u64),
    /// A port of this process queues more or fewer messages than before.
    Limit(PortId),
    /// A port of this process died that others may have rights to.
    Died(PortId),
}

impl Step {
    /// Whether it is for threads of this process alone.
    pub(crate) fn is_inside(&self) -> bool {
        matches!(self, Self::Wake(_))
    }

    /// Whose turn it is, if that is what it says.
    pub(crate) fn ticket(self) -> Option<Ticket> {
        match self {
            Self::Wake(ticket) => Some(ticket),
            _ => None,
        }
    }
}
