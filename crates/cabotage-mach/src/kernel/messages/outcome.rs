// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of a message that is sent, and what a receiver gets.

use super::options::WhenFull;
use crate::error::{ReceiveError, SendError};
use crate::kernel::ids::{SpaceId, Ticket};
use crate::kernel::message::{Item, Letter, Message, Sender};
use crate::name::Name;
use crate::right::Disposition;
use crate::spare;

/// A message has left its sender's space.
#[derive(Debug)]
pub enum Sent {
    /// It is in the queue; or it was destroyed, since its port has died meanwhile or would have gone into itself.
    Queued,
    /// It is in the queue beyond the limit: the notification comes when it is taken.
    WillNotify,
    /// The queue is full and the sender waits: a [`Step::Wake`](crate::kernel::Step::Wake) tells that the message has
    /// gone, unless the sender [gives up](crate::kernel::Kernel::give_up) before.
    Waits(Ticket),
    /// Its port is away: carry it there, or say that [there is no room](crate::kernel::Kernel::no_room); what leaves
    /// [departs](crate::kernel::Kernel::depart).
    Away(u64, Outgoing),
}

/// A message for a port that is away, and what its sender asked for in case that it cannot go now.
#[derive(Debug)]
pub struct Outgoing {
    pub(super) message: Message,
    pub(crate) from: From,
}

impl Outgoing {
    /// The message, to see whether it can go now.
    pub fn message(&self) -> &Message {
        &self.message
    }
}

/// Where a message came from, and what is to be done when there is no room for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From {
    pub(crate) space: SpaceId,
    /// The name that it was sent to.
    pub(crate) name: Name,
    pub(crate) wait: bool,
    pub(crate) when_full: WhenFull,
}

/// A message was not sent.
#[derive(Debug)]
pub struct SendFailed {
    /// Why.
    pub error: SendError,
    /// The message: as it was if an error was found before anything was taken out of the space; else as if its sender
    /// had received it, but that destination and reply port are where they were. A right for which there was no name
    /// any more is destroyed, and [`Name::NULL`] stands for it.
    pub letter: Option<Letter>,
    /// Without a letter: what was not looked at, beginning with what is wrong. The rights that the header and what came
    /// before had are gone.
    pub rest: Vec<Item>,
    /// Whether a right was destroyed for which there was no name any more:
    /// [`NO_NAME_LEFT`](crate::NO_NAME_LEFT).
    pub right_lost: bool,
}

impl SendFailed {
    pub(crate) fn untouched(error: SendError, letter: Letter) -> Box<Self> {
        Box::new(Self { error, letter: Some(letter), rest: Vec::new(), right_lost: false })
    }
}

/// What a receiver gets. Nearly all are messages, and a box for each would cost more than moving it.
#[derive(Debug)]
pub enum Receipt {
    /// A message.
    Letter(Received),
    /// The next message is too large, and stays where it is.
    TooLarge {
        /// How large it is, without trailer.
        bytes: usize,
        /// The port in whose queue it is.
        port: Name,
    },
    /// The next message was destroyed: too large, or no name was left for its reply right.
    Destroyed(ReceiveError, BareHeader),
    /// There is no message.
    Nothing,
}

/// A message as its receiver sees it.
#[derive(Debug)]
pub struct Received {
    /// What the kernel says about it.
    pub header: BareHeader,
    /// Where to answer, and what right that is.
    pub reply: (Name, Option<Disposition>),
    /// Inline data.
    pub body: Vec<u8>,
    /// What came along. Of a right for which no name was left, and which is destroyed, the name is [`Name::NULL`].
    pub items: Vec<Item>,
    /// Whether it was sent as a complex one.
    pub complex: bool,
    /// Whether all rights of the body got names.
    pub fault: Option<ReceiveError>,
}

impl Received {
    /// Lets go of the memory of a body that was read: the thread's next message uses it.
    pub fn let_go(body: Vec<u8>) {
        spare::give(body);
    }
}

/// What is known of a message even when it was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BareHeader {
    /// The user's number: `msgh_id`.
    pub id: i32,
    /// The port that it was sent to, by the receiver's name.
    pub port: Name,
    /// By which right it was sent.
    pub sent_by: Disposition,
    /// How large it was, without trailer.
    pub bytes: usize,
    /// The how-manieth of its port it was, from 0 since the receive right came to this task.
    pub sequence: u32,
    /// Who sent it.
    pub sender: Sender,
    /// The context of the port.
    pub context: u64,
}
