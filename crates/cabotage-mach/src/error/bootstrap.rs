// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a service has no name, or is not found by one.

use cabotage_link::JoinError;
use cabotage_link::names::{ConnectError, NameError, PlaceError, PublishError};
use cabotage_os::{Fault, SystemError};

use super::{OutsideError, RequestError};
use crate::bootstrap::BootstrapCode;

/// Why a service has no name, or is not found by one. [`BootstrapError::code`] gives the number of Mach's bootstrap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// It is no name of a service.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is longer than a name of a service may be.
    #[error("a name of a service has at most 127 bytes, this one has {bytes}: choose a shorter one")]
    NameTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A link could not be made.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// The right does not come or go.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A server of names has refused.
    #[error(transparent)]
    Refused(#[from] BootstrapCode),
    /// A server of names has not answered.
    #[error("the server of names does not answer: {0}")]
    Request(#[from] RequestError),
    /// What answered is no server of names.
    #[error("what answered is no server of names: the bootstrap port leads to somebody else")]
    BadAnswer,
    /// The server of names has ended.
    #[error("the server of names has ended: find the next one, or start it (`cabotage bootstrap`)")]
    ServerGone,
    /// There can be no thread.
    #[error(transparent)]
    NoThread(SystemError),
}

impl BootstrapError {
    /// The number of Mach's bootstrap.
    ///
    /// # Source
    /// launchd, servers/bootstrap.h.
    pub fn code(&self) -> i32 {
        use BootstrapCode::{NoMemory, NotPrivileged, ServiceActive, UnknownService};
        let code = match self {
            Self::Name(_) | Self::NameTooLong { .. } => UnknownService,
            Self::Join(JoinError::Publish(PublishError::Taken { .. } | PublishError::Contended { .. })) => {
                ServiceActive
            }
            Self::Join(
                JoinError::Publish(
                    PublishError::Occupied { .. }
                    | PublishError::Place(PlaceError::NoPermission { .. } | PlaceError::NotMade { .. }),
                )
                | JoinError::Connect(ConnectError::NoPermission { .. } | ConnectError::WrongServer { .. }),
            ) => NotPrivileged,
            Self::Join(JoinError::Connect(_) | JoinError::Name(_)) => UnknownService,
            Self::Refused(code) => *code,
            Self::BadAnswer | Self::ServerGone | Self::Request(_) => NotPrivileged,
            Self::Join(_) | Self::Outside(_) | Self::NoThread(_) => NoMemory,
        };
        code as i32
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::NameTooLong { .. } => Fault::Caller,
            Self::Join(error) => error.fault(),
            Self::Outside(error) => error.fault(),
            Self::Refused(BootstrapCode::NoMemory) | Self::BadAnswer | Self::ServerGone => Fault::Peer,
            Self::Refused(_) => Fault::Caller,
            Self::Request(error) => error.fault(),
            Self::NoThread(_) => Fault::System,
        }
    }
}
