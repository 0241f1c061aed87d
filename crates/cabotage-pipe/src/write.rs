// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing to a pipe: at once, within a deadline, or whole. Inline down to the system call, as [`ReadEnd`](crate::ReadEnd).

use std::io::PipeWriter;
use std::process::ChildStdin;

use cabotage_os::holders::{self, Holders};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError, pipe};

use crate::atomic::Atomic;
use crate::end::PipeEnd;
use crate::error::{WriteAllError, WriteError};

/// The end of a pipe that writes. No method changes the end's flags, so others may share it, blocking or not,
/// and none raises a signal: a pipe that nobody reads is [`WriteError::Broken`].
pub trait WriteEnd: PipeEnd {
    /// Writes what fits. Up to [`Atomic::BYTES_MAX`] bytes go whole or not at all; of more, a part may.
    ///
    /// # Errors
    /// [`WriteError::Full`], [`WriteError::Broken`].
    ///
    /// # Source
    /// writev(2), `RWF_NOWAIT`; pipe(7), `PIPE_BUF`.
    #[inline]
    fn try_write(&self, source: &[u8]) -> Result<usize, WriteError> {
        write_now(self, source)?.ok_or(WriteError::Full)
    }

    /// Writes something, waiting for room until the deadline; answers how much. Without a deadline
    /// ([`Deadline::Never`]) this is one plain write, which writes everything.
    ///
    /// # Errors
    /// [`WriteError::TimedOut`], [`WriteError::Broken`].
    ///
    /// # Source
    /// write(2), poll(2).
    #[inline]
    fn write_within(&self, source: &[u8], deadline: impl Into<Deadline>) -> Result<usize, WriteError> {
        let deadline = deadline.into();
        loop {
            let answer = match deadline {
                Deadline::Never => pipe::write(self, source)?,
                _ => write_now(self, source)?,
            };
            if let Some(bytes) = answer {
                return Ok(bytes);
            }
            if deadline.has_passed() {
                return Err(WriteError::TimedOut);
            }
            poll::wait([(self.as_fd(), Readiness::OUT)], deadline)?;
        }
    }

    /// Writes everything. More than [`Atomic::BYTES_MAX`] bytes may be mixed with what others write.
    ///
    /// # Errors
    /// [`WriteAllError`], which tells how many bytes went in.
    #[inline]
    fn write_all_within(&self, source: &[u8], deadline: impl Into<Deadline>) -> Result<(), WriteAllError> {
        let deadline = deadline.into();
        let (mut written_bytes, wanted_bytes) = (0, source.len());
        while written_bytes < wanted_bytes {
            match self.write_within(&source[written_bytes..], deadline) {
                Ok(bytes) => written_bytes += bytes,
                Err(source) => return Err(WriteAllError { written_bytes, wanted_bytes, source }),
            }
        }
        Ok(())
    }

    /// Writes all of `source` or nothing, unmixed with what others write.
    ///
    /// # Errors
    /// [`WriteError`]; nothing was written then.
    ///
    /// # Source
    /// pipe(7), `PIPE_BUF`.
    fn write_atomic(&self, source: Atomic<'_>, deadline: impl Into<Deadline>) -> Result<(), WriteError> {
        self.write_within(source.as_bytes(), deadline).map(|_all| ())
    }

    /// Who holds a read end of this pipe, this process included.
    ///
    /// # Errors
    /// The system's refusal: /proc is missing, or the process is out of descriptors.
    fn who_reads(&self) -> Result<Holders, SystemError> {
        Ok(holders::of(self)?.only(|access| access.read))
    }
}

#[inline]
fn write_now<E: PipeEnd + ?Sized>(end: &E, source: &[u8]) -> Result<Option<usize>, SystemError> {
    match end.nonblocking_twin() {
        Some(twin) => pipe::write(twin, source),
        None => pipe::nowait::write_now(end, source),
    }
}

impl WriteEnd for PipeWriter {}
impl WriteEnd for ChildStdin {}
impl<E: WriteEnd> WriteEnd for &E {}
