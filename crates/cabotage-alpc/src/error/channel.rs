// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a channel is over.

use cabotage_link::{LinkError, PeerFault, Refusal};
use cabotage_os::{Fault, SystemError};

use crate::status::Status;
use crate::wire::WireError;

/// Why a channel is over, or can't be used here. Every message that came before was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The other end was closed.
    #[error("the other end of the channel was closed")]
    Closed,
    /// The process at the other end died.
    #[error("the process at the other end of the channel has died")]
    Died,
    /// We ended it ourselves.
    #[error("this end has disconnected the channel")]
    Disconnected,
    /// The other end's process has no room for us.
    #[error("the other end wants no link: {0}")]
    Refused(Refusal),
    /// The other end broke a rule.
    #[error("the other end {0}; the channel is over")]
    Fault(#[source] ChannelFault),
    /// It left too many replies unread.
    #[error("the client left {bytes} bytes of replies unread, more than are kept for it")]
    Unread {
        /// How many bytes.
        bytes: usize,
    },
    /// It belongs to the parent process.
    #[error("this port stayed with the parent process when it forked: connect anew in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// The rule that the other end broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelFault {
    /// One of links.
    #[error("broke a rule of the link ({0})")]
    Link(#[source] PeerFault),
    /// One of messages.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// It said something that it may not say now.
    #[error("sent {0} out of turn")]
    OutOfTurn(&'static str),
    /// It named a request that never was, or used a number twice.
    #[error("sent {what} with the number {id}, which it may not use")]
    Forged {
        /// What it sent.
        what: &'static str,
        /// The number.
        id: u64,
    },
    /// It asked so much of one who waits for its answer that this waits no more.
    #[error("sent {messages} messages to an end that waits for an answer")]
    Flood {
        /// How many.
        messages: usize,
    },
    /// It never said what it wants.
    #[error("connected and did not ask to be let in")]
    Silent,
}

impl ChannelError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Closed | Self::Died | Self::Refused(_) | Self::Fault(_) | Self::Unread { .. } => {
                Fault::Peer
            }
            Self::Forked | Self::Disconnected => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Closed | Self::Died | Self::Disconnected | Self::Fault(_) => Status::PORT_DISCONNECTED,
            Self::Refused(_) | Self::Unread { .. } => Status::INSUFFICIENT_RESOURCES,
            Self::Forked => Status::INVALID_HANDLE,
            Self::System(_) => Status::UNSUCCESSFUL,
        }
    }
}

impl From<LinkError> for ChannelError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => Self::Closed,
            LinkError::Refused(why) => Self::Refused(why),
            LinkError::Fault(fault) => Self::Fault(ChannelFault::Link(fault)),
            LinkError::Forked => Self::Forked,
            LinkError::System(refusal) => Self::System(refusal),
            // Whom we refuse has never been let in, and what else a link may come to know ends it as death does.
            _ => Self::Died,
        }
    }
}

impl From<ChannelFault> for ChannelError {
    fn from(fault: ChannelFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<WireError> for ChannelError {
    fn from(error: WireError) -> Self {
        Self::Fault(error.into())
    }
}
