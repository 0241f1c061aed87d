// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a holder has: its right, and the send-once rights by which it is to be answered.

use super::net::End;
use crate::carrier::moving::Follower;

/// What its user wants, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Send,
    /// Sends a message with a send-once right to answer by.
    Ask,
    /// Gives the third party a send right.
    Pass,
    Release,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    /// Its send-once right is a token of this link.
    Open(End),
    /// It is a link of its own.
    Link(End),
    Replied,
    /// The right was destroyed unused, or died.
    Notified,
}

/// What is kept of a record of which it is not sure where it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kept {
    Message {
        number: u8,
        asks: bool,
    },
    /// With the end for the third party.
    Fork(End),
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Right {
    pub(super) end: End,
    pub(super) follower: Follower<Kept>,
    /// The end to the new owner, while the port moves.
    pub(super) next: Option<End>,
    /// What was published, and not looked after.
    pub(super) published: Option<Kept>,
    /// RELEASE was published.
    pub(super) is_released: bool,
}

impl Right {
    pub(super) fn new(end: End) -> Self {
        Self { end, follower: Follower::default(), next: None, published: None, is_released: false }
    }
}
