// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a service has no name, or is not found by one.

use cabotage_link::JoinError;
use cabotage_link::names::{ConnectError, NameError, PlaceError, PublishError};
use cabotage_os::Fault;

use super::OutsideError;

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
}

impl BootstrapError {
    /// The number of Mach's bootstrap.
    ///
    /// # Source
    /// launchd, servers/bootstrap.h.
    pub fn code(&self) -> i32 {
        const NOT_PRIVILEGED: i32 = 1100;
        const UNKNOWN_SERVICE: i32 = 1102;
        const SERVICE_ACTIVE: i32 = 1103;
        const NO_MEMORY: i32 = 1105;
        match self {
            Self::Name(_) | Self::NameTooLong { .. } => UNKNOWN_SERVICE,
            Self::Join(JoinError::Publish(PublishError::Taken { .. } | PublishError::Contended { .. })) => {
                SERVICE_ACTIVE
            }
            Self::Join(
                JoinError::Publish(
                    PublishError::Occupied { .. }
                    | PublishError::Place(PlaceError::NoPermission { .. } | PlaceError::NotMade { .. }),
                )
                | JoinError::Connect(ConnectError::NoPermission { .. } | ConnectError::WrongServer { .. }),
            ) => NOT_PRIVILEGED,
            Self::Join(JoinError::Connect(_) | JoinError::Name(_)) => UNKNOWN_SERVICE,
            Self::Join(_) | Self::Outside(_) => NO_MEMORY,
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::NameTooLong { .. } => Fault::Caller,
            Self::Join(error) => error.fault(),
            Self::Outside(error) => error.fault(),
        }
    }
}
