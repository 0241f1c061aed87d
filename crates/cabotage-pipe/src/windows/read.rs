// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handle that reads: data outlives the writer's close, then the pipe is broken.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd, RawFd};

use cabotage_os::pipe::Direction;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::spawn::Handle;
use cabotage_os::{Deadline, SystemError};

use super::end::{End, handle_of_a_pipe};
use super::error::{InheritError, ReadError};
use crate::{PipeEnd, ReadEnd};

/// The read end of a pipe.
#[derive(Debug)]
pub struct ReadHandle {
    end: End,
}

handle_of_a_pipe!(ReadHandle, PipeReader);

impl ReadHandle {
    pub(super) fn made(fd: OwnedFd, size_bytes: usize) -> Self {
        Self { end: End { handle: Handle::new(fd), size_bytes } }
    }

    /// In a child: takes the read end that was inherited under `number`. The handle is not inheritable here until it
    /// is told to be.
    ///
    /// # Errors
    /// [`InheritError`]: nothing was inherited under that number, or no read end of a pipe.
    pub fn inherited(number: RawFd) -> Result<Self, InheritError> {
        Ok(Self { end: End::inherited(number, Direction::Read)? })
    }

    /// Reads what is there, waiting for the first byte until the deadline. A buffer without room waits for data too,
    /// and takes none.
    ///
    /// # Errors
    /// [`ReadError::Broken`] when everything was read and every write end is closed; [`ReadError::TimedOut`].
    ///
    /// # Source
    /// `ReadFile` of the Windows API; read(2).
    pub fn read(&self, target: &mut [u8], deadline: impl Into<Deadline>) -> Result<usize, ReadError> {
        let deadline = deadline.into();
        if target.is_empty() {
            return self.wait_for_data(deadline).map(|()| 0);
        }
        match self.end.read_within(target, deadline)? {
            0 => Err(ReadError::Broken),
            bytes => Ok(bytes),
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`ReadError::Empty`] when there is nothing yet.
    pub fn try_read(&self, target: &mut [u8]) -> Result<usize, ReadError> {
        match self.read(target, Deadline::Now) {
            Err(ReadError::TimedOut) => Err(ReadError::Empty),
            answer => answer,
        }
    }

    /// How many bytes could be read now.
    ///
    /// # Errors
    /// [`ReadError::Broken`] when there are none and every write end is closed.
    ///
    /// # Source
    /// `PeekNamedPipe` of the Windows API, its total; pipe(7), `FIONREAD`.
    pub fn available_bytes(&self) -> Result<usize, ReadError> {
        // Looked at first: what was written before the last writer closed is counted afterwards.
        let is_over = self.poll(Deadline::Now)?.contains(Readiness::HUP);
        match self.end.unread_bytes()? {
            0 if is_over => Err(ReadError::Broken),
            bytes => Ok(bytes),
        }
    }

    fn wait_for_data(&self, deadline: Deadline) -> Result<(), ReadError> {
        let ready = self.poll(deadline)?;
        if ready.contains(Readiness::IN) {
            Ok(())
        } else if ready.contains(Readiness::HUP) {
            Err(ReadError::Broken)
        } else {
            Err(ReadError::TimedOut)
        }
    }

    fn poll(&self, deadline: Deadline) -> Result<Readiness, SystemError> {
        poll::wait([(self.as_fd(), Readiness::IN)], deadline).map(|[ready]| ready)
    }
}

/// As std has it on Windows: a broken pipe is the end of the file.
impl Read for ReadHandle {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        Ok(self.end.read_within(target, Deadline::Never)?)
    }
}
