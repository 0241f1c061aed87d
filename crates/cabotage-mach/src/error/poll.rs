// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a port or set can't be polled.

use cabotage_os::{Fault, SystemError};

use super::ReceiveError;

/// Why a port or set can't be polled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PollError {
    /// Nothing can be received from it.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The system refused a descriptor, or a call on it.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl PollError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Receive(error) => error.fault(),
            Self::System(_) => Fault::System,
        }
    }
}
