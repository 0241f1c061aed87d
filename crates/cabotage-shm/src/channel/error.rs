// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with a channel, in three families: the caller's mistake, the peer's fault, the system's refusal.

use std::fmt;

use cabotage_lane::Violation;
use cabotage_lane::ring::ArmError;
use cabotage_link::names::{self, ConnectError, PublishError, RemoveError};
use cabotage_link::{LinkError, PeerFault};
use cabotage_os::map::MapError;
use cabotage_os::{Fault, SystemError};

use crate::error::ObjectError;
use crate::meeting::Presence;
use crate::meeting::refusal::refusals_in_words;
use crate::name::{Name, NameError};

/// One of the two ends of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one that sends.
    Producer,
    /// The one that receives.
    Consumer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        })
    }
}

/// Why a channel was not created, opened or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// What was given is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing has that name.
    #[error("no channel is named {name}; start its producer first, or wait for it (until_there)")]
    Missing {
        /// The name.
        name: Name,
    },
    /// The end has a living holder.
    #[error("the {role} of {name} is {holder}: there is one at a time; wait for it to end (until_there)")]
    Occupied {
        /// The name.
        name: Name,
        /// Which end.
        role: Role,
        /// Who holds it.
        holder: Presence,
    },
    /// No producer came until the deadline.
    #[error("no {role} of {name} came until the deadline")]
    NobodyCame {
        /// The name.
        name: Name,
        /// Whom we waited for.
        role: Role,
    },
    /// What has that name is no channel, or not whole any more.
    #[error("{name} is no channel: {why}; choose another name, or remove it")]
    NotAChannel {
        /// The name.
        name: Name,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is laid out in a way that this library does not know.
    #[error("{name} has layout version {version}, which another version of this library made")]
    Version {
        /// The name.
        name: Name,
        /// The version of its layout.
        version: u32,
    },
    /// Its ends use membarrier, which this process may not call.
    #[error(
        "{name} was created with membarrier, which this process may not call: create it without \
         (without_membarrier)"
    )]
    NoMembarrier {
        /// The name.
        name: Name,
    },
    /// Others keep creating and removing it.
    #[error("{name} was created and removed {tries} times while we looked; let its users agree first")]
    Unsettled {
        /// The name.
        name: Name,
        /// How often we tried.
        tries: u32,
    },
    /// An object of it could not be made, opened or removed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// An object of it was shrunk by another process.
    #[error("an object of {name} was shrunk by another process; remove it and begin anew")]
    Truncated {
        /// The name.
        name: Name,
    },
    /// A producer is there, and did not let us in until the deadline: it does that in its own calls.
    #[error(
        "the producer of {name} has not answered: it does so when it sends or waits; wait longer (until_there)"
    )]
    NoAnswer {
        /// The name.
        name: Name,
    },
    /// It is no name for the guarded form, whose rules are those of links.
    #[error(transparent)]
    LinkName(#[from] names::NameError),
    /// The name could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The name could not be connected to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What is left of the name could not be removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
    /// The link to the producer has ended before it answered.
    #[error(transparent)]
    Link(LinkError),
    /// The channel belongs to the parent process.
    #[error("this end of the channel stayed with the parent process when it forked: open one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ChannelError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::Missing { .. } | Self::NotAChannel { .. } | Self::Forked => Fault::Caller,
            Self::Occupied { .. }
            | Self::NobodyCame { .. }
            | Self::Version { .. }
            | Self::Unsettled { .. }
            | Self::Truncated { .. } => Fault::Peer,
            Self::NoMembarrier { .. } | Self::System(_) => Fault::System,
            Self::Object(error) => error.fault(),
            Self::NoAnswer { .. } => Fault::Peer,
            Self::LinkName(error) => error.fault(),
            Self::Publish(error) => error.fault(),
            Self::Connect(error) => error.fault(),
            Self::Remove(error) => error.fault(),
            Self::Link(error) => error.fault(),
        }
    }
}

/// Why nothing was sent. Nothing of the record has left then, and it can be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The ring has no room, and none was made until the deadline.
    #[error("the consumer left no room for the record until the deadline")]
    Full,
    /// The record is longer than the ring carries.
    #[error(
        "a record of {bytes} bytes is above this channel's limit of {bytes_max}: create it larger, or send parts"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bytes_max: usize,
    },
    /// The ring has no room, and the consumer has closed its end: wait for another, and send again.
    #[error("the consumer has closed its end and left no room for the record")]
    Closed,
    /// The ring has no room, and the consumer has died: wait for another, and send again.
    #[error("the consumer has died and left no room for the record")]
    Died,
    /// An object of the channel was shrunk by another process; the channel is over.
    #[error("the channel's memory was shrunk by another process; the channel is over")]
    Truncated,
    /// The consumer broke a rule; the channel is over.
    #[error("{0}; the channel is over")]
    Fault(#[from] PeerFault),
    /// The channel belongs to the parent process.
    #[error("this producer stayed with the parent process when it forked: create one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl SendError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Full | Self::Closed | Self::Died | Self::Truncated | Self::Fault(_) => Fault::Peer,
            Self::TooLong { .. } | Self::Forked => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

/// Why a batch was sent in part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sent} records were sent, and then: {source}")]
pub struct BatchError {
    /// How many of the batch's first records were sent.
    pub sent: usize,
    /// Why not the next.
    pub source: SendError,
}

/// Why nothing was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// No record came until the deadline.
    #[error("no record came until the deadline")]
    Nothing,
    /// The end of the stream: the producer has closed its end, and all it had sent was received.
    #[error("the producer has closed its end")]
    Closed,
    /// The producer has died without closing its end, and all it had sent was received.
    #[error("the producer has died without closing its end")]
    Died,
    /// Another consumer is with the new producer, by that one's word.
    #[error("the new producer has another consumer, {holder}: there is one at a time")]
    Occupied {
        /// Who.
        holder: Presence,
    },
    /// The new producer could not be connected to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The next record is no value of that type; it was not consumed.
    #[error("the next record has {bytes} bytes, and the type {expected}: receive it as bytes")]
    OtherSize {
        /// How many bytes it has.
        bytes: usize,
        /// How many the type has.
        expected: usize,
    },
    /// An object of the channel was shrunk by another process; the channel is over.
    #[error("the channel's memory was shrunk by another process; the channel is over")]
    Truncated,
    /// The producer broke a rule; the channel is over.
    #[error("{0}; the channel is over")]
    Fault(#[from] PeerFault),
    /// The channel belongs to the parent process.
    #[error("this consumer stayed with the parent process when it forked: open one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ReceiveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nothing | Self::Closed | Self::Died | Self::Truncated | Self::Fault(_) => Fault::Peer,
            Self::Occupied { .. } => Fault::Peer,
            Self::Connect(error) => error.fault(),
            Self::OtherSize { .. } | Self::Forked => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

refusals_in_words!(ChannelError, NotAChannel);

impl From<LinkError> for ChannelError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Forked => Self::Forked,
            LinkError::System(refusal) => refusal.into(),
            error => Self::Link(error),
        }
    }
}

/// The families of refusals that both directions know.
macro_rules! from_below {
    ($error:ident) => {
        impl From<Violation> for $error {
            fn from(violation: Violation) -> Self {
                Self::Fault(violation.into())
            }
        }

        impl From<LinkError> for $error {
            fn from(error: LinkError) -> Self {
                match error {
                    LinkError::Closed => Self::Closed,
                    LinkError::Forked => Self::Forked,
                    LinkError::Fault(fault) => fault.into(),
                    LinkError::System(refusal) => refusal.into(),
                    // A link that was refused ends like one whose peer has died.
                    _ => Self::Died,
                }
            }
        }

        impl From<ArmError> for $error {
            fn from(error: ArmError) -> Self {
                match error {
                    ArmError::Violation(violation) => violation.into(),
                    ArmError::System(refusal) => refusal.into(),
                }
            }
        }

        impl From<MapError> for $error {
            fn from(error: MapError) -> Self {
                match error {
                    MapError::Forked => Self::Forked,
                    MapError::System(refusal) => refusal.into(),
                    _ => Self::Truncated,
                }
            }
        }
    };
}

from_below!(SendError);
from_below!(ReceiveError);
