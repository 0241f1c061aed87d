// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handle that writes: everything goes in, or the error tells how much did.

use std::io::{self, PipeWriter, Write};
use std::os::fd::{OwnedFd, RawFd};

use cabotage_os::Deadline;
use cabotage_os::pipe::Direction;
use cabotage_os::spawn::Handle;

use super::end::{End, handle_of_a_pipe};
use super::error::{InheritError, WriteError};
use crate::WriteEnd;

/// The write end of a pipe.
#[derive(Debug)]
pub struct WriteHandle {
    end: End,
}

handle_of_a_pipe!(WriteHandle, PipeWriter);

impl WriteHandle {
    pub(super) fn made(fd: OwnedFd, size_bytes: usize) -> Self {
        Self { end: End { handle: Handle::new(fd), size_bytes } }
    }

    /// In a child: takes the write end that was inherited under `number`. The handle is not inheritable here until
    /// it is told to be.
    ///
    /// # Errors
    /// [`InheritError`]: nothing was inherited under that number, or no write end of a pipe.
    pub fn inherited(number: RawFd) -> Result<Self, InheritError> {
        Ok(Self { end: End::inherited(number, Direction::Write)? })
    }

    /// Writes everything, waiting for room until the deadline. Nothing is no write: it succeeds.
    ///
    /// # Errors
    /// [`WriteError`], which tells how many bytes went in: every read end is closed, or no room came in time.
    ///
    /// # Source
    /// `WriteFile` of the Windows API; write(2).
    pub fn write(&self, source: &[u8], deadline: impl Into<Deadline>) -> Result<(), WriteError> {
        Ok(self.end.write_all_within(source, deadline)?)
    }

    /// Writes what fits, and answers how many bytes that was: zero when the pipe is full.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn try_write(&self, source: &[u8]) -> Result<usize, WriteError> {
        match self.end.try_write(source) {
            Ok(bytes) => Ok(bytes),
            Err(crate::WriteError::Full) => Ok(0),
            Err(cause) => Err(WriteError::nothing_of(source.len(), cause)),
        }
    }
}

impl Write for WriteHandle {
    fn write(&mut self, source: &[u8]) -> io::Result<usize> {
        Ok(self.end.write_within(source, Deadline::Never)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
