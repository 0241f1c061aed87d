// SPDX-License-Identifier: MIT OR Apache-2.0
//! Moving bytes between descriptors inside the kernel, where one of them is a pipe.

use std::os::fd::AsFd;

use rustix::pipe::SpliceFlags;

use super::unless_blocked;
use crate::error::SystemError;
use crate::sigpipe;

/// Whether a call may wait for bytes or room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It may, unless a description is non-blocking.
    Yes,
    /// It may not, whatever the descriptions say.
    No,
}

impl Wait {
    fn flags(self) -> SpliceFlags {
        match self {
            Self::Yes => SpliceFlags::empty(),
            Self::No => SpliceFlags::NONBLOCK,
        }
    }
}

/// Moves up to `bytes` from `source` to `target`. `None`: it would have to wait. `Some(0)`: `source` is at its
/// end.
///
/// # Errors
/// The system's refusal: `EINVAL` when neither is a pipe, `EPIPE` (never a signal) when nobody reads `target`.
///
/// # Source
/// splice(2).
pub fn splice(
    source: impl AsFd,
    target: impl AsFd,
    bytes: usize,
    wait: Wait,
) -> Result<Option<usize>, SystemError> {
    let (source, target) = (source.as_fd(), target.as_fd());
    let answer =
        sigpipe::blocked("splice", || rustix::pipe::splice(source, None, target, None, bytes, wait.flags()));
    unless_blocked("splice", source, answer)
}

/// Copies up to `bytes` from one pipe to another without taking them out. Answers as [`splice()`].
///
/// # Errors
/// As [`splice()`].
///
/// # Source
/// tee(2).
pub fn tee(
    source: impl AsFd,
    target: impl AsFd,
    bytes: usize,
    wait: Wait,
) -> Result<Option<usize>, SystemError> {
    let (source, target) = (source.as_fd(), target.as_fd());
    let answer = sigpipe::blocked("tee", || rustix::pipe::tee(source, target, bytes, wait.flags()));
    unless_blocked("tee", source, answer)
}

/// Whether a read would answer end of file: no bytes and no writer. Takes nothing out.
///
/// # Errors
/// The system's refusal; two descriptors are needed for a moment.
pub fn is_at_end(reader: impl AsFd) -> Result<bool, SystemError> {
    let (_scratch_out, scratch_in) = super::create()?;
    Ok(tee(reader, scratch_in, 1, Wait::No)? == Some(0))
}
