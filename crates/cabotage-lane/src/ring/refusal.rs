// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a record was not staged, and why an end could not go to sleep.

use cabotage_os::SystemError;

use crate::violation::Violation;

/// The ring has no room: the receiver has to consume first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer has not yet consumed enough to make room")]
pub struct Full;

/// The body is longer than the ring carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of {bytes} bytes is above this lane's limit of {bytes_max}")]
pub struct TooLong {
    /// What was asked for.
    pub bytes: usize,
    /// What the lane carries.
    pub bytes_max: u32,
}

/// Why a record was not staged; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Wait for room, or drop the record.
    #[error(transparent)]
    Full(#[from] Full),
    /// Send it another way.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The lane is over.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// Why an end could not go to sleep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArmError {
    /// The lane is over.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The kernel refused the barrier.
    #[error(transparent)]
    System(#[from] SystemError),
}
