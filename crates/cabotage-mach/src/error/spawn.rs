// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a task was not started.

use cabotage_os::{Fault, SystemError, spawn};

use super::OutsideError;
use crate::code::KernError;

/// Why a task was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// A right has a label that is none, or another right's.
    #[error(
        "{label:?} is no label, or another right's: take 1 to 64 letters, digits, dots, dashes and underscores, \
         another word for each right, and neither \"bootstrap\" nor \"creator\""
    )]
    Label {
        /// The label.
        label: String,
    },
    /// There are too many rights.
    #[error("a task is given 64 rights at most: send it the others in a message")]
    TooManyRights,
    /// A right can't leave this process.
    #[error(transparent)]
    Right(#[from] OutsideError),
    /// What Mach says.
    #[error(transparent)]
    Kern(#[from] KernError),
    /// The program was not started.
    #[error(transparent)]
    Program(#[from] spawn::SpawnError),
    /// The system refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl SpawnError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Label { .. } | Self::TooManyRights => Fault::Caller,
            Self::Right(error) => error.fault(),
            Self::Kern(error) => error.fault(),
            Self::Program(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }
}
