// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing: into an end, or into its writing half.

use cabotage_os::Deadline;

use super::Conduit;
use super::path::{Outbound, Path};
use crate::named::error::{Denial, PipeError, WriteError};
use crate::named::rules::{Flushing, WaitMode};

impl<P: Path<Link: Outbound>> Conduit<P> {
    /// Writes `bytes`, and waits until the other end has read enough. Answers how many: all, but from an end that does
    /// not wait.
    #[inline]
    pub(in crate::named) fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<usize, WriteError> {
        if self.handle.wait_mode == WaitMode::NoWait {
            return self.write_now(bytes);
        }
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        match link.write(bytes, deadline) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => Err(self.not_written(error, bytes)),
        }
    }

    /// Writes what is complete at once; answers how many bytes.
    pub(in crate::named) fn write_now(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        link.try_write(bytes).map_err(|error| self.not_written(error, bytes))
    }

    /// Waits until the other end has read everything.
    pub(in crate::named) fn flush(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        self.check_writable()?;
        self.observe()?;
        if self.state.flush()? == Flushing::Done {
            return Ok(());
        }
        self.flush_on(deadline)
    }

    /// Goes on with a flush that has begun: an end of the other end is an error of it.
    pub(in crate::named) fn flush_on(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        let Some(link) = self.path.link() else { return Err(self.unwritable()) };
        match link.wait_until_read(deadline) {
            Ok(true) => Ok(()),
            Ok(false) => Err(PipeError::TimedOut),
            Err(error) => Err(self.ended(error)),
        }
    }
}

impl<P: Path> Conduit<P> {
    #[cold]
    pub(super) fn unwritable(&self) -> PipeError {
        let refused = self.check_writable().err().or(self.state.write().err());
        refused.unwrap_or(PipeError::Closing)
    }

    pub(super) fn check_writable(&self) -> Result<(), PipeError> {
        if self.access.write { Ok(()) } else { Err(PipeError::AccessDenied(Denial::NotForWriting)) }
    }
}
