// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a reserve was of no use.

use cabotage_os::Fault;

use super::SendError;
use crate::rules::ReserveId;
use crate::status::Status;

/// Why a reserve was not made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The message that went by it last has no reply yet, or the server has not said that it took it.
    #[error("the reserve {:#x} is in use by the message before: wait for its reply", .0.number())]
    InUse(ReserveId),
    /// There is none of this name.
    #[error("there is no reserve {:#x}: it was deleted, or belongs to another client", .0.number())]
    Unknown(ReserveId),
    /// What became of the message as any other.
    #[error(transparent)]
    NotSent(#[from] SendError),
}

impl ReserveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::InUse(_) | Self::Unknown(_) => Fault::Caller,
            Self::NotSent(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::InUse(_) => Status::RESOURCE_IN_USE,
            Self::Unknown(_) => Status::OBJECTID_NOT_FOUND,
            Self::NotSent(error) => error.status(),
        }
    }
}
