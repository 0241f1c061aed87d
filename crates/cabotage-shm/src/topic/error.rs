// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a topic was not created or subscribed to. What goes wrong later are a channel's
//! [`SendError`](crate::SendError) and [`ReceiveError`](crate::ReceiveError).

use cabotage_os::{Fault, SystemError};

use crate::error::ObjectError;
use crate::meeting::Presence;
use crate::meeting::refusal::refusals_in_words;
use crate::name::{Name, NameError};

/// Why a topic was not created, subscribed to or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// What was given is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing has that name.
    #[error("no topic is named {name}; start its publisher first, or wait for it (until_there)")]
    Missing {
        /// The name.
        name: Name,
    },
    /// It has a living publisher.
    #[error("the publisher of {name} is {holder}: there is one at a time; wait for it to end (until_there)")]
    Occupied {
        /// The name.
        name: Name,
        /// Who publishes.
        holder: Presence,
    },
    /// All places are taken by living subscribers.
    #[error("all {places} places of {name} are taken: create it with more (subscribers_max)")]
    Crowded {
        /// The name.
        name: Name,
        /// How many there are.
        places: u32,
    },
    /// No publisher came until the deadline.
    #[error("no publisher of {name} came until the deadline")]
    NobodyCame {
        /// The name.
        name: Name,
    },
    /// What has that name is no topic, or not whole any more.
    #[error("{name} is no topic: {why}; choose another name, or remove it")]
    NotATopic {
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
    /// Those who sleep use membarrier, which this process may not call.
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
    /// This end belongs to the parent process.
    #[error("this end of the topic stayed with the parent process when it forked: open one in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl TopicError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::Missing { .. } | Self::NotATopic { .. } | Self::Forked => Fault::Caller,
            Self::Occupied { .. }
            | Self::Crowded { .. }
            | Self::NobodyCame { .. }
            | Self::Version { .. }
            | Self::Unsettled { .. }
            | Self::Truncated { .. } => Fault::Peer,
            Self::NoMembarrier { .. } | Self::System(_) => Fault::System,
            Self::Object(error) => error.fault(),
        }
    }
}

refusals_in_words!(TopicError, NotATopic);
