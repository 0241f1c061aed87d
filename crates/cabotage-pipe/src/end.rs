// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both ends of a pipe can tell: how full it is, and how much it holds.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout};

use cabotage_os::SystemError;
use cabotage_os::pipe;

use crate::capacity::{self, Capacity};

/// Either end of a pipe. Both ends tell the same, since there is one buffer.
pub trait PipeEnd: AsFd {
    /// How many bytes are written and not yet read.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// pipe(7), `FIONREAD`.
    fn unread_bytes(&self) -> Result<usize, SystemError> {
        pipe::unread_bytes(self)
    }

    /// How many bytes fit, when they come in whole pages: room is counted in pages, so many small writes of
    /// several writers may fill a pipe earlier.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// fcntl(2), `F_GETPIPE_SZ`.
    fn capacity_bytes(&self) -> Result<usize, SystemError> {
        pipe::capacity_bytes(self)
    }

    /// Asks for room for `bytes` and takes what is granted: the answer tells how much that is, and why it is
    /// not the number asked for.
    ///
    /// # Errors
    /// The system's refusals other than those a [`Reason`](crate::Reason) stands for.
    ///
    /// # Source
    /// fcntl(2), `F_SETPIPE_SZ`; pipe(7), `/proc/sys/fs/pipe-max-size`.
    fn set_capacity(&self, bytes: usize) -> Result<Capacity, SystemError> {
        capacity::set(self.as_fd(), bytes)
    }

    /// A non-blocking description of this end that nobody else uses, for an end that has one at hand.
    #[doc(hidden)]
    fn nonblocking_twin(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl PipeEnd for PipeReader {}
impl PipeEnd for PipeWriter {}
impl PipeEnd for ChildStdin {}
impl PipeEnd for ChildStdout {}
impl PipeEnd for ChildStderr {}

impl<E: PipeEnd> PipeEnd for &E {
    fn nonblocking_twin(&self) -> Option<BorrowedFd<'_>> {
        E::nonblocking_twin(self)
    }
}
