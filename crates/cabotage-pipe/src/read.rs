// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading from a pipe: at once, within a deadline, or exactly so much.
//!
//! The methods are inline down to the system call: after one, the processor predicts no return, so each function
//! left on the way back costs tens of nanoseconds (docs/decisions/0013).

use std::io::PipeReader;
use std::process::{ChildStderr, ChildStdout};

use cabotage_os::holders::{self, Holders};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError, pipe};

use crate::end::PipeEnd;
use crate::error::{ReadError, ReadExactError};

/// The end of a pipe that reads. No method changes the end's flags, so others may share it, blocking or not.
pub trait ReadEnd: PipeEnd {
    /// Reads what is there. Zero bytes are the end of file: nothing is left, and no writer.
    ///
    /// # Errors
    /// [`ReadError::Empty`] when a writer is there but no byte is.
    ///
    /// # Source
    /// readv(2), `RWF_NOWAIT`; splice(2), `SPLICE_F_NONBLOCK`.
    #[inline]
    fn try_read(&self, target: &mut [u8]) -> Result<usize, ReadError> {
        read_now(self, target)?.ok_or(ReadError::Empty)
    }

    /// Reads what is there, waiting for the first byte until the deadline. Zero bytes are the end of file.
    /// Without a deadline ([`Deadline::Never`]) this is one plain read.
    ///
    /// # Errors
    /// [`ReadError::TimedOut`].
    ///
    /// # Source
    /// read(2), poll(2).
    #[inline]
    fn read_within(&self, target: &mut [u8], deadline: impl Into<Deadline>) -> Result<usize, ReadError> {
        let deadline = deadline.into();
        loop {
            let answer = match deadline {
                Deadline::Never => pipe::read(self, target)?,
                _ => read_now(self, target)?,
            };
            if let Some(bytes) = answer {
                return Ok(bytes);
            }
            if deadline.has_passed() {
                return Err(ReadError::TimedOut);
            }
            poll::wait([(self.as_fd(), Readiness::IN)], deadline)?;
        }
    }

    /// Fills `target`.
    ///
    /// # Errors
    /// [`ReadExactError`], which tells how many bytes are in `target`: they are read and will not come again.
    #[inline]
    fn read_exact_within(
        &self,
        target: &mut [u8],
        deadline: impl Into<Deadline>,
    ) -> Result<(), ReadExactError> {
        let deadline = deadline.into();
        let (mut got_bytes, wanted_bytes) = (0, target.len());
        while got_bytes < wanted_bytes {
            match self.read_within(&mut target[got_bytes..], deadline) {
                Ok(0) => return Err(ReadExactError::End { got_bytes, wanted_bytes }),
                Ok(bytes) => got_bytes += bytes,
                Err(source) => return Err(ReadExactError::Interrupted { got_bytes, wanted_bytes, source }),
            }
        }
        Ok(())
    }

    /// Why the end of file does not come: who holds a write end of this pipe, this process included.
    ///
    /// # Errors
    /// The system's refusal: /proc is missing, or the process is out of descriptors.
    fn who_keeps_it_open(&self) -> Result<Holders, SystemError> {
        Ok(holders::of(self)?.only(|access| access.write))
    }
}

#[inline]
fn read_now<E: PipeEnd + ?Sized>(end: &E, target: &mut [u8]) -> Result<Option<usize>, SystemError> {
    match end.nonblocking_twin() {
        Some(twin) => pipe::read(twin, target),
        None => pipe::nowait::read_now(end, target),
    }
}

impl ReadEnd for PipeReader {}
impl ReadEnd for ChildStdout {}
impl ReadEnd for ChildStderr {}
impl<E: ReadEnd> ReadEnd for &E {}
