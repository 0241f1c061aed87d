// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a client did not get in.

use cabotage_link::JoinError;
use cabotage_link::names::{self, NameError};
use cabotage_os::Fault;

use super::ChannelError;
use crate::status::Status;

/// Why a client is not connected. Nothing of the attempt is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It is no name.
    #[error(transparent)]
    Name(NameError),
    /// Nobody could be reached under the name.
    #[error(transparent)]
    Reach(names::ConnectError),
    /// The server refused.
    #[error("the server refused the connection, with {} bytes of data", .data.len())]
    Refused {
        /// What it said.
        data: Vec<u8>,
    },
    /// The server has as many clients as it takes.
    #[error("the server has as many clients as it takes: try again later")]
    Crowded,
    /// A limit is above what clients may have.
    #[error("{what} of {value} is above the limit of {max}")]
    Limit {
        /// Which limit.
        what: &'static str,
        /// What was asked for.
        value: usize,
        /// What may be.
        max: usize,
    },
    /// The data for the server are more than it takes.
    #[error("the server takes {bytes_max} bytes with a request to connect, and {bytes} were given")]
    DataTooLong {
        /// How many were given.
        bytes: usize,
        /// How many it takes.
        bytes_max: usize,
    },
    /// The server's data are more than the caller takes.
    #[error("the server accepted with {bytes} bytes of data, and {bytes_max} are taken: allow more")]
    BufferTooSmall {
        /// How many came.
        bytes: usize,
        /// How many were allowed.
        bytes_max: usize,
    },
    /// The server did not answer until the deadline.
    #[error("the server did not accept or refuse until the deadline")]
    TimedOut,
    /// The server is gone, or broke a rule.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl ConnectError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::Limit { .. } | Self::DataTooLong { .. } | Self::BufferTooSmall { .. } => {
                Fault::Caller
            }
            Self::Reach(error) => error.fault(),
            Self::Refused { .. } | Self::Crowded | Self::TimedOut => Fault::Peer,
            Self::Channel(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        use names::ConnectError as Reach;
        match self {
            Self::Name(_) => Status::OBJECT_NAME_INVALID,
            Self::Limit { .. } => Status::INVALID_PARAMETER,
            Self::Reach(Reach::Absent { .. } | Reach::Refused { .. } | Reach::NotPublished { .. }) => {
                Status::OBJECT_NAME_NOT_FOUND
            }
            Self::Reach(Reach::WrongServer { .. }) => Status::SERVER_SID_MISMATCH,
            Self::Reach(Reach::NoPermission { .. } | Reach::UnsafeDirectory(_)) => Status::ACCESS_DENIED,
            Self::Reach(Reach::Busy { .. }) | Self::TimedOut => Status::TIMEOUT,
            Self::Reach(_) => Status::UNSUCCESSFUL,
            Self::Refused { .. } => Status::PORT_CONNECTION_REFUSED,
            Self::Crowded => Status::INSUFFICIENT_RESOURCES,
            Self::DataTooLong { .. } => Status::PORT_MESSAGE_TOO_LONG,
            Self::BufferTooSmall { .. } => Status::BUFFER_TOO_SMALL,
            Self::Channel(error) => error.status(),
        }
    }
}

impl From<JoinError> for ConnectError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Name(error) => Self::Name(error),
            JoinError::Connect(error) => Self::Reach(error),
            JoinError::Link(error) => Self::Channel(error.into()),
            // A client publishes nothing.
            _ => Self::Channel(ChannelError::Died),
        }
    }
}
