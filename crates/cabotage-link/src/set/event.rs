// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a set tells, and why it may tell nothing.

use cabotage_os::{Fault, SystemError};

use super::key::Key;
use crate::error::LinkError;
use crate::message::Message;

/// What has happened to a member of a set.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'set> {
    /// A message came on this link.
    Message(Key, Message<'set>),
    /// A client of a listener was accepted and is in the set now.
    Accepted {
        /// The new link.
        link: Key,
        /// The listener that it came to.
        listener: Key,
    },
    /// This link is over. Everything that came before was received; the link is no longer in the set and is closed.
    Ended(Key, LinkError),
    /// A client could not be accepted. It may wait still, and the listener stays in the set and tries again a moment
    /// later: close descriptors meanwhile, if those are what is short.
    ListenerFailed(Key, SystemError),
}

impl Event<'_> {
    /// The member that it happened to; the new one, if one was accepted.
    pub fn key(&self) -> Key {
        match self {
            Self::Message(key, _) | Self::Ended(key, _) | Self::ListenerFailed(key, _) => *key,
            Self::Accepted { link, .. } => *link,
        }
    }
}

/// Why a set told nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// Nothing happened until the deadline.
    #[error("nothing happened to any link of the set until the deadline")]
    Nothing,
    /// The set has no member to which anything could happen.
    #[error("the set is empty, so nothing can ever come: insert a link or a listener first")]
    Empty,
    /// The set, or what was to go into it, belongs to the parent process.
    #[error("this set stayed with the parent process when it forked: make a new one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl SetError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nothing => Fault::Peer,
            Self::Empty | Self::Forked => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

/// A link or listener that did not get into a set, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotInserted<T> {
    /// The reason.
    #[source]
    pub error: SetError,
    /// What was to go in, as it was.
    pub member: Box<T>,
}
