// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach, with the victim as sender or as receiver, alone or with rights in every message.
//!
//! The survivor checks in; each victim tells it where its own port is and gets a right to a port of its own. Once a
//! victim is dead that port has no sender, in one notification behind everything that was sent; each send-once right
//! that went to it has come to one message exactly, an answer or the news that there is none; and each right that it
//! gave is dead.

mod owner;
mod tally;
mod victim;

use cabotage_mach::{Message, Outgoing, ReceiveRight, SendError, Unsent};

use super::Answer;
use crate::Wrong;
use crate::kill::session::{Life, Side, Survivor, Transport};
use crate::rights::{NAME, check_in, prepare};
use crate::scratch::Scratch;
use owner::Owner;

/// How many messages wait at a port.
const QUEUE_LIMIT: u32 = 64;
/// Numbers of messages: the small ones are the kernel's.
const HELLO: i32 = 1_000;
const RECORD: i32 = 1_001;
const ANSWER: i32 = 1_002;

/// What goes beside each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mach {
    /// Nothing.
    Plain,
    /// A send right and a right to answer once, both to its sender's own port.
    Rights,
    /// Nothing; but the port was its sender's, and the receive right was passed on.
    Moved,
}

impl Transport for Mach {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "mach-plain",
            Self::Rights => "mach-rights",
            Self::Moved => "mach-moved",
        }
    }

    fn prepare(&self) -> Result<(), Wrong> {
        prepare()
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Owner::new(*self, victims, check_in(place, NAME)?)))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        victim::live(*self, life)
    }
}

impl Mach {
    /// A message with this record, and what goes beside it.
    fn message(self, record: &[u8], own: &ReceiveRight) -> Result<Outgoing, Wrong> {
        let message = Outgoing::new(RECORD).body(record);
        Ok(match self {
            Self::Plain | Self::Moved => message,
            Self::Rights => message.with(own.make_send()?).reply_to(own.make_send_once()?),
        })
    }
}

fn roomy_port() -> Result<ReceiveRight, Wrong> {
    let port = ReceiveRight::new()?;
    port.set_queue_limit(QUEUE_LIMIT)?;
    Ok(port)
}

fn sent(sent: Result<(), Unsent>) -> Result<Answer, Wrong> {
    match sent.map_err(|unsent| unsent.error()) {
        Ok(()) => Ok(Answer::Done),
        Err(SendError::TimedOut) => Ok(Answer::NotYet),
        Err(SendError::InvalidDestination) => Ok(Answer::Over),
        Err(error) => Err(error.into()),
    }
}

/// Answers every second message that may be answered; of the others the right is given back.
fn answer_some(message: &mut Message) {
    if message.sequence().is_multiple_of(2) {
        // One who is gone misses nothing.
        let _ = message.reply(Outgoing::new(ANSWER));
    }
}
