// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a right does not leave this process, or come to it.

use cabotage_os::{Fault, SystemError};

use crate::carrier::RightError;
use crate::code::KernError;

/// Why a right does not leave this process, or come to it, by another way than a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutsideError {
    /// What Mach says.
    #[error(transparent)]
    Kern(#[from] KernError),
    /// The process that has the port does not read what it is told.
    #[error("the process that has the port does not read what it is told: try again later")]
    Crowded,
    /// What came is no end of a link that nobody has used.
    #[error("what came is no end of a link that nobody has used")]
    NoEnd,
    /// The system refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl OutsideError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Kern(error) => error.fault(),
            Self::Crowded | Self::NoEnd => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

impl From<RightError> for OutsideError {
    fn from(error: RightError) -> Self {
        match error {
            RightError::Dead => Self::Kern(KernError::InvalidCapability),
            RightError::Crowded => Self::Crowded,
            RightError::System(refusal) => Self::System(refusal),
        }
    }
}
