// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why there is no connection port, and why a client was not let in.

use cabotage_link::names::{NameError, PublishError};
use cabotage_link::{JoinError, LinkError, SetError};
use cabotage_os::{Fault, SystemError};

use super::ChannelError;
use crate::status::Status;

/// Why a connection port was not created. Nothing of the attempt is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// It is no name.
    #[error(transparent)]
    Name(NameError),
    /// The name was not published.
    #[error(transparent)]
    Publish(PublishError),
    /// A limit is above what ports may have.
    #[error("{what} of {value} is above the limit of {max}")]
    Limit {
        /// Which limit.
        what: &'static str,
        /// What was asked for.
        value: usize,
        /// What may be.
        max: usize,
    },
    /// The process forked at this moment.
    #[error("the port belongs to the parent process: create it in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl CreateError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::Limit { .. } | Self::Forked => Fault::Caller,
            Self::Publish(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Name(_) => Status::OBJECT_NAME_INVALID,
            Self::Publish(PublishError::Taken { .. } | PublishError::Occupied { .. }) => {
                Status::OBJECT_NAME_COLLISION
            }
            Self::Publish(PublishError::Place(_)) => Status::ACCESS_DENIED,
            Self::Limit { .. } => Status::INVALID_PARAMETER,
            Self::Forked => Status::INVALID_HANDLE,
            Self::Publish(_) | Self::System(_) => Status::UNSUCCESSFUL,
        }
    }
}

impl From<JoinError> for CreateError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Name(error) => Self::Name(error),
            JoinError::Publish(error) => Self::Publish(error),
            JoinError::Link(error) => error.into(),
            // A port connects to nobody.
            _ => Self::Forked,
        }
    }
}

impl From<LinkError> for CreateError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::System(refusal) => Self::System(refusal),
            _ => Self::Forked,
        }
    }
}

impl From<SetError> for CreateError {
    fn from(error: SetError) -> Self {
        match error {
            SetError::System(refusal) => Self::System(refusal),
            _ => Self::Forked,
        }
    }
}

/// Why a client was neither accepted nor refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// The request to connect came to another port.
    #[error("the request to connect came to another port: answer it there")]
    Stranger,
    /// The data are more than the port's messages may have.
    #[error("data of {bytes} bytes are above the port's limit of {bytes_max}")]
    DataTooLong {
        /// How many.
        bytes: usize,
        /// How many may be.
        bytes_max: usize,
    },
    /// The client does not wait any more.
    #[error("the client does not wait any more: {0}")]
    Gone(#[source] ChannelError),
}

impl AdmitError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Stranger | Self::DataTooLong { .. } => Fault::Caller,
            Self::Gone(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Stranger => Status::REPLY_MESSAGE_MISMATCH,
            Self::DataTooLong { .. } => Status::PORT_MESSAGE_TOO_LONG,
            Self::Gone(error) => error.status(),
        }
    }
}
