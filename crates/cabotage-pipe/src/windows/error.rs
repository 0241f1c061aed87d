// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a handle of an anonymous pipe did not do what it was told, with the code that Windows gives for it.

use std::io;
use std::os::fd::RawFd;

use cabotage_os::inherited::InheritedError;
use cabotage_os::pipe::Direction;
use cabotage_os::{Fault, SystemError};

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Everything was read, and every write end is closed.
    #[error("the pipe is broken: everything was read and every write end is closed")]
    Broken,
    /// There is nothing yet.
    #[error("there is nothing to read yet, though a writer is there: try later, or wait with read")]
    Empty,
    /// Nothing came in time.
    #[error("nothing was written before the deadline, though a writer is there")]
    TimedOut,
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why not everything was written.
#[derive(Debug, thiserror::Error)]
#[error("{written_bytes} of {wanted_bytes} bytes were written: {cause}")]
pub struct WriteError {
    /// How many bytes went in, from the start.
    pub written_bytes: usize,
    /// How many there were.
    pub wanted_bytes: usize,
    /// Why no more: [`Broken`](crate::WriteError::Broken), [`TimedOut`](crate::WriteError::TimedOut), or the
    /// system's refusal.
    pub cause: crate::WriteError,
}

/// Why an inherited handle cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// Nothing was inherited under that number, or it has been taken.
    #[error(transparent)]
    NotInherited(#[from] InheritedError),
    /// What was inherited is no pipe.
    #[error("descriptor {number} was inherited and is no end of a pipe: was another number meant?")]
    NoPipe {
        /// The number.
        number: RawFd,
    },
    /// It is the other end.
    #[error("descriptor {number} is an end of a pipe, and not one to {wanted}: was the other end meant?")]
    OtherEnd {
        /// The number.
        number: RawFd,
        /// What it should do.
        wanted: Direction,
    },
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ReadError {
    /// The code that Windows gives: `ERROR_BROKEN_PIPE` (109), `ERROR_NO_DATA` (232), `ERROR_SEM_TIMEOUT` (121).
    pub fn windows_code(&self) -> Option<u32> {
        match self {
            Self::Broken => Some(109),
            Self::Empty => Some(232),
            Self::TimedOut => Some(121),
            Self::System(_) => None,
        }
    }

    /// Whose fault it is: a writer that is silent or gone is a peer.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Broken | Self::Empty | Self::TimedOut => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

impl WriteError {
    pub(super) fn nothing_of(wanted_bytes: usize, cause: crate::WriteError) -> Self {
        Self { written_bytes: 0, wanted_bytes, cause }
    }

    /// The code that Windows gives: `ERROR_NO_DATA` (232) when nobody reads, `ERROR_SEM_TIMEOUT` (121).
    pub fn windows_code(&self) -> Option<u32> {
        match self.cause {
            crate::WriteError::Broken => Some(232),
            crate::WriteError::TimedOut => Some(121),
            crate::WriteError::Full | crate::WriteError::System(_) => None,
        }
    }

    /// Whose fault it is: a reader that is slow or gone is a peer.
    pub fn fault(&self) -> Fault {
        self.cause.fault()
    }
}

impl InheritError {
    /// Whose fault it is: the caller's, who takes for granted what the parent has not given.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotInherited(InheritedError::System(_)) | Self::System(_) => Fault::System,
            Self::NotInherited(_) | Self::NoPipe { .. } | Self::OtherEnd { .. } => Fault::Caller,
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Broken => io::ErrorKind::BrokenPipe,
            ReadError::Empty => io::ErrorKind::WouldBlock,
            ReadError::TimedOut => io::ErrorKind::TimedOut,
            ReadError::System(refusal) => refusal.kind(),
        };
        Self::new(kind, error)
    }
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        Self::new(error.cause.io_kind(), error)
    }
}

impl From<crate::ReadError> for ReadError {
    fn from(error: crate::ReadError) -> Self {
        match error {
            crate::ReadError::Empty => Self::Empty,
            crate::ReadError::TimedOut => Self::TimedOut,
            crate::ReadError::System(refusal) => Self::System(refusal),
        }
    }
}

impl From<crate::WriteAllError> for WriteError {
    fn from(error: crate::WriteAllError) -> Self {
        let crate::WriteAllError { written_bytes, wanted_bytes, source } = error;
        Self { written_bytes, wanted_bytes, cause: source }
    }
}
