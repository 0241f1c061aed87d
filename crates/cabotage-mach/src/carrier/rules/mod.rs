// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the two ends of a right's link owe each other, without system calls and without ports: which end may still
//! send, how many messages wait unread, which send-once rights are open and whose they are.
//!
//! A link has a holder, whose send right it is, and an owner, whose port it is. Both grant send-once rights to their
//! own ports as tokens, numbers that mean something on this link alone. Each token ends once: by a message, by the
//! news that it was destroyed, by being given a link of its own, or with the link. When the holder has no send right
//! any more it says so, and closes the link as soon as no token is open.

mod credit;
mod end;
#[cfg(test)]
mod model;
mod sealed;
mod tokens;

pub(crate) use credit::{Allowance, Ration};
pub(crate) use end::{Ending, Role};
pub(crate) use sealed::{Amount, Left, Sealed};
pub(crate) use tokens::{Granted, Held, TOKENS_MAX};

/// The rule that a peer broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// A send-once right was used that is not open.
    #[error("used a send-once right that it does not have")]
    NoToken,
    /// A send-once right was granted under a number that was used before, or there are too many.
    #[error("granted a send-once right under a number that was used before, or too many")]
    Grant,
    /// More messages came than the queue takes.
    #[error("sent more messages than the port queues")]
    Excess,
    /// More sealed memory came than may wait.
    #[error("sent more sealed memory than may wait at the port")]
    Sealed,
    /// More messages were taken than were sent.
    #[error("took more messages than were sent to it")]
    Taken,
    /// Something was said after the right was given back, or by the wrong end.
    #[error("said what is not its to say any more")]
    OutOfTurn,
}

impl Broken {
    /// In words, for whoever ends the link.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::NoToken => "used a send-once right that it does not have",
            Self::Grant => "granted a send-once right under a number that was used before, or too many",
            Self::Excess => "sent more messages than the port queues",
            Self::Sealed => "sent more sealed memory than may wait at the port",
            Self::Taken => "took more messages than were sent to it",
            Self::OutOfTurn => "said what is not its to say any more",
        }
    }
}
