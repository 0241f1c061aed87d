// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why nothing was read, and what became of a write.

use cabotage_os::Fault;

use crate::error::LinkError;

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing came until the deadline.
    #[error("nothing came until the deadline")]
    Nothing,
    /// The link is over, and everything that the peer had completed was read; or, after [`LinkError::Discarded`], was
    /// destroyed.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl ReadError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nothing => Fault::Peer,
            Self::Link(error) => error.fault(),
        }
    }
}

/// What became of a write that did not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The peer did not read enough until the deadline. What it had not taken by then is withdrawn: it will never read
    /// it.
    #[error(
        "the peer read too little until the deadline: {taken_bytes} bytes are with it, the rest is withdrawn"
    )]
    TimedOut {
        /// How many bytes from the start stay with the peer.
        taken_bytes: usize,
    },
    /// The link ended while the write waited to be read.
    #[error("the link ended while the write waited for its reader: {error}")]
    Broken {
        /// How many bytes from the start the peer had taken, by its last word.
        taken_bytes: usize,
        /// How the link ended.
        error: LinkError,
    },
    /// The link was over before the write began; nothing of it was written.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl WriteError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TimedOut { .. } => Fault::Peer,
            Self::Broken { error, .. } | Self::Link(error) => error.fault(),
        }
    }
}
