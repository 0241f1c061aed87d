// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a read or a write did not happen.

use std::io;

use cabotage_os::{Fault, SystemError};

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is nothing to read yet.
    #[error("there is nothing to read yet, though a writer is there: try later, or wait with read_within")]
    Empty,
    /// Nothing came in time.
    #[error("nothing was written before the deadline, though a writer is there")]
    TimedOut,
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why a buffer was not filled.
#[derive(Debug, thiserror::Error)]
pub enum ReadExactError {
    /// The last writer left before the buffer was full.
    #[error("the last writer left after {got_bytes} of {wanted_bytes} bytes")]
    End {
        /// How many bytes stand at the start of the buffer.
        got_bytes: usize,
        /// How long the buffer is.
        wanted_bytes: usize,
    },
    /// The rest did not come.
    #[error("{got_bytes} of {wanted_bytes} bytes came: {source}")]
    Interrupted {
        /// How many bytes stand at the start of the buffer.
        got_bytes: usize,
        /// How long the buffer is.
        wanted_bytes: usize,
        /// Why no more.
        source: ReadError,
    },
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The pipe has no room for it now.
    #[error("the pipe is full: try later, wait with write_all_within, or give it more capacity")]
    Full,
    /// No room came in time.
    #[error("the pipe stayed full until the deadline: its reader is slow or stopped")]
    TimedOut,
    /// Nobody reads: every read end is closed.
    #[error("the pipe is broken: every read end is closed, so nobody would read this")]
    Broken,
    /// The system's refusal.
    #[error(transparent)]
    System(SystemError),
}

/// Why not everything was written.
#[derive(Debug, thiserror::Error)]
#[error("{written_bytes} of {wanted_bytes} bytes were written: {source}")]
pub struct WriteAllError {
    /// How many bytes went in, from the start.
    pub written_bytes: usize,
    /// How many there were.
    pub wanted_bytes: usize,
    /// Why no more.
    pub source: WriteError,
}

impl ReadError {
    /// Whose fault it is: a silent writer is a peer.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Empty | Self::TimedOut => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

impl ReadExactError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::End { .. } => Fault::Peer,
            Self::Interrupted { source, .. } => source.fault(),
        }
    }
}

impl WriteError {
    /// Whose fault it is: a reader that is slow or gone is a peer.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Full | Self::TimedOut | Self::Broken => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

impl WriteAllError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.source.fault()
    }
}

impl From<SystemError> for WriteError {
    fn from(error: SystemError) -> Self {
        if error.errno() == cabotage_os::Errno::PIPE { Self::Broken } else { Self::System(error) }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Empty => io::ErrorKind::WouldBlock,
            ReadError::TimedOut => io::ErrorKind::TimedOut,
            ReadError::System(refusal) => refusal.kind(),
        };
        Self::new(kind, error)
    }
}

impl From<ReadExactError> for io::Error {
    fn from(error: ReadExactError) -> Self {
        let kind = match &error {
            ReadExactError::End { .. } => io::ErrorKind::UnexpectedEof,
            ReadExactError::Interrupted { source: ReadError::Empty, .. } => io::ErrorKind::WouldBlock,
            ReadExactError::Interrupted { source: ReadError::TimedOut, .. } => io::ErrorKind::TimedOut,
            ReadExactError::Interrupted { source: ReadError::System(refusal), .. } => refusal.kind(),
        };
        Self::new(kind, error)
    }
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl From<WriteAllError> for io::Error {
    fn from(error: WriteAllError) -> Self {
        Self::new(error.source.io_kind(), error)
    }
}

impl WriteError {
    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::Full => io::ErrorKind::WouldBlock,
            Self::TimedOut => io::ErrorKind::TimedOut,
            Self::Broken => io::ErrorKind::BrokenPipe,
            Self::System(refusal) => refusal.kind(),
        }
    }
}
