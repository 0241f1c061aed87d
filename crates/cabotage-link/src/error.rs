// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with a link, in three families: the caller's mistake, the peer's fault, the system's refusal.
//!
//! A peer's fault ends the link for ever and nothing else. Every later call answers the same.

use cabotage_lane::Violation;
use cabotage_os::memfd;
use cabotage_os::{Fault, SystemError};

use crate::refusal::Refusal;
use crate::wire::WireError;

/// Why a link is over, or can't be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer closed its end, and everything it had sent was received.
    #[error("the peer has closed the link")]
    Closed,
    /// The peer ended without closing, and everything it had sent was received.
    #[error("the peer has died without closing the link")]
    Died,
    /// The peer ended the link and destroyed what was unread in both directions.
    #[error("the peer has ended the link, and destroyed what was not read yet")]
    Discarded,
    /// The peer wants no link with us.
    #[error("the peer refuses the link: {0}")]
    Refused(Refusal),
    /// We want no link with the peer, and told it so.
    #[error("the link was refused to the peer: {0}")]
    Refusing(Refusal),
    /// The peer broke a rule.
    #[error("{0}; the link is over")]
    Fault(#[from] PeerFault),
    /// The link belongs to the parent process.
    #[error("this link stayed with the parent process when it forked: make a new one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl LinkError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Closed
            | Self::Died
            | Self::Discarded
            | Self::Refused(_)
            | Self::Refusing(_)
            | Self::Fault(_) => Fault::Peer,
            Self::Forked => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

/// The rule that a peer broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerFault {
    /// In its outbox.
    #[error(transparent)]
    Lane(#[from] Violation),
    /// In a message on the socket.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// With memory that it handed over.
    #[error(transparent)]
    Memory(memfd::AdmitError),
    /// With when it says what.
    #[error("the peer {0}")]
    Order(&'static str),
    /// With the number of descriptors in a message.
    #[error("the peer sent {found} descriptors in a message that has {announced}")]
    Descriptors {
        /// What came.
        found: usize,
        /// What the message says.
        announced: usize,
    },
    /// A record names something that was never announced on the socket.
    #[error("the peer names {what} {number}, which never came")]
    Unannounced {
        /// What.
        what: &'static str,
        /// Its number.
        number: u64,
    },
    /// It connected and did not say what it is.
    #[error("the peer did not say HELLO in time")]
    Silent,
}

/// Why nothing was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// No message came until the deadline.
    #[error("no message came until the deadline")]
    Nothing,
    /// The link is over.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl ReceiveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nothing => Fault::Peer,
            Self::Link(error) => error.fault(),
        }
    }
}

/// Why nothing was sent. Nothing of the message has left then, and it can be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The peer did not make room until the deadline.
    #[error("the peer left no room for the message until the deadline")]
    Full,
    /// The message is longer than the peer takes.
    #[error("a message of {bytes} bytes is above the limit of {bytes_max}: send it in parts, or as a block")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bytes_max: usize,
    },
    /// It has more descriptors than one message carries.
    #[error("{given} descriptors do not fit a message: send at most {max} at a time")]
    TooManyDescriptors {
        /// How many were given.
        given: usize,
        /// How many are allowed.
        max: usize,
    },
    /// It has more blocks than one message carries.
    #[error("{given} blocks do not fit a message: send at most {max} at a time")]
    TooManyBlocks {
        /// How many were given.
        given: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A block was loaned by another link.
    #[error("the block belongs to another link: take the loan from the link that sends it")]
    StrangeBlock,
    /// The link is over.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl SendError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Full => Fault::Peer,
            Self::TooLong { .. }
            | Self::TooManyDescriptors { .. }
            | Self::TooManyBlocks { .. }
            | Self::StrangeBlock => Fault::Caller,
            Self::Link(error) => error.fault(),
        }
    }
}

impl From<Violation> for LinkError {
    fn from(violation: Violation) -> Self {
        Self::Fault(violation.into())
    }
}

impl From<Violation> for ReceiveError {
    fn from(violation: Violation) -> Self {
        Self::Link(violation.into())
    }
}

impl From<Violation> for SendError {
    fn from(violation: Violation) -> Self {
        Self::Link(violation.into())
    }
}
