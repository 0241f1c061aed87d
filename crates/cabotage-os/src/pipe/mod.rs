// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's pipes: making one, reading, writing, its capacity and fill.
//!
//! Every function takes anything that has a descriptor, since a pipe's end may be std's, a child's or a FIFO's.
//! A call that may not wait has its own module, [`nowait`].

pub mod nowait;
pub mod splice;

use std::fmt;
use std::io::{PipeReader, PipeWriter};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, OFlags};
use rustix::io::ReadWriteFlags;
use rustix::pipe::PipeFlags;

use crate::error::{SystemError, attempt};
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};
use crate::sigpipe::{self, Quiet};

/// The most bytes that one write moves whole or not at all, among any number of writers.
pub const ATOMIC_BYTES: usize = 4096;

/// A new pipe, close-on-exec, as the standard library's two ends.
///
/// # Errors
/// The system's refusal: `EMFILE`, `ENFILE`.
///
/// # Source
/// pipe(2).
pub fn create() -> Result<(PipeReader, PipeWriter), SystemError> {
    create_with(PipeFlags::CLOEXEC)
}

/// A new pipe in packet mode: what one write of up to [`ATOMIC_BYTES`] puts in, one read takes out.
///
/// # Errors
/// As [`create`].
///
/// # Source
/// pipe(2), `O_DIRECT`.
pub fn create_packets() -> Result<(PipeReader, PipeWriter), SystemError> {
    create_with(PipeFlags::CLOEXEC | PipeFlags::DIRECT)
}

fn create_with(flags: PipeFlags) -> Result<(PipeReader, PipeWriter), SystemError> {
    let (reader, writer) = attempt("pipe2", "a new pipe", || rustix::pipe::pipe_with(flags))?;
    Ok((reader.into(), writer.into()))
}

/// Reads as the description says: waits for the first byte unless it is non-blocking. `None`: it is, and there
/// is nothing yet. `Some(0)`: no writer is left.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// read(2), pipe(7).
#[inline]
pub fn read(end: impl AsFd, target: &mut [u8]) -> Result<Option<usize>, SystemError> {
    let end = end.as_fd();
    let answer = seam::call_until_done("read", || rustix::io::read(end, &mut *target));
    unless_blocked("read", end, answer)
}

/// Writes as the description says: waits for room unless it is non-blocking. `None`: it is, and there is none.
/// Up to [`ATOMIC_BYTES`] go whole. A pipe without readers is the error `EPIPE`, and never a signal.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// write(2), pipe(7).
#[inline]
pub fn write(end: impl AsFd, source: &[u8]) -> Result<Option<usize>, SystemError> {
    let end = end.as_fd();
    let mut plain = || rustix::io::write(end, source);
    let answer = match sigpipe::quiet() {
        Quiet::Already => seam::call_until_done("write", plain),
        Quiet::ByFlag => sigpipe::write_flagged(end, source, ReadWriteFlags::empty()),
        Quiet::ByMask => sigpipe::blocked("write", &mut plain),
    };
    unless_blocked("write", end, answer)
}

#[inline]
fn unless_blocked(
    call: &'static str,
    end: BorrowedFd<'_>,
    answer: Result<usize, Errno>,
) -> Result<Option<usize>, SystemError> {
    match answer {
        Ok(bytes) => Ok(Some(bytes)),
        Err(errno) => refused(call, end, errno),
    }
}

#[cold]
fn refused(call: &'static str, end: BorrowedFd<'_>, errno: Errno) -> Result<Option<usize>, SystemError> {
    if errno == Errno::AGAIN { Ok(None) } else { Err(SystemError::new(call, End(end), errno)) }
}

/// How many bytes are in the pipe, from either end.
///
/// # Errors
/// The system's refusal: the descriptor is no pipe.
///
/// # Source
/// pipe(7), `FIONREAD`.
pub fn unread_bytes(end: impl AsFd) -> Result<usize, SystemError> {
    let end = end.as_fd();
    let bytes = attempt("ioctl(FIONREAD)", End(end), || rustix::io::ioctl_fionread(end))?;
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// The capacity of the pipe in bytes.
///
/// # Errors
/// The system's refusal: `EBADF` when the descriptor is no pipe.
///
/// # Source
/// fcntl(2), `F_GETPIPE_SZ`.
pub fn capacity_bytes(end: impl AsFd) -> Result<usize, SystemError> {
    let end = end.as_fd();
    attempt("fcntl(F_GETPIPE_SZ)", End(end), || rustix::pipe::fcntl_getpipe_size(end))
}

/// Asks for a capacity; answers the one granted, which may be more.
///
/// # Errors
/// The system's refusal: `EPERM` above the machine's or the user's limit, `EBUSY` below the unread bytes.
///
/// # Source
/// fcntl(2), `F_SETPIPE_SZ`.
pub fn set_capacity_bytes(end: impl AsFd, bytes: usize) -> Result<usize, SystemError> {
    let end = end.as_fd();
    attempt("fcntl(F_SETPIPE_SZ)", End(end), || rustix::pipe::fcntl_setpipe_size(end, bytes))
}

/// What an end of a pipe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// What this end of a pipe is for; `None` for what is no pipe, or is open for both.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fstat(2), `S_IFIFO`; fcntl(2), `F_GETFL`.
pub fn direction(end: impl AsFd) -> Result<Option<Direction>, SystemError> {
    let end = end.as_fd();
    let status = attempt("fstat", End(end), || rustix::fs::fstat(end))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::Fifo {
        return Ok(None);
    }
    let access = flags(end)? & OFlags::ACCMODE;
    Ok(match access {
        OFlags::RDONLY => Some(Direction::Read),
        OFlags::WRONLY => Some(Direction::Write),
        _ => None,
    })
}

/// The largest capacity that a process without privilege may ask for, and how many pages of pipes one user may
/// have before new ones shrink; each is `None` where /proc does not tell.
///
/// # Errors
/// The process is out of descriptors.
///
/// # Source
/// pipe(7), `/proc/sys/fs/pipe-max-size` and `pipe-user-pages-soft`.
pub fn limits() -> Result<Limits, SystemError> {
    Ok(Limits {
        bytes_max: crate::procfs::number(c"/proc/sys/fs/pipe-max-size")?,
        user_pages: crate::procfs::number(c"/proc/sys/fs/pipe-user-pages-soft")?,
    })
}

/// What [`limits`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `fs.pipe-max-size`, in bytes.
    pub bytes_max: Option<usize>,
    /// `fs.pipe-user-pages-soft`, in pages; zero means no limit.
    pub user_pages: Option<usize>,
}

/// A second, non-blocking description of the same pipe, opened through /proc: for the one who needs both ways of
/// reading or writing without touching a flag that others share.
///
/// # Errors
/// The system's refusal: `ENOENT` without /proc, `EACCES` when the pipe belongs to another user, `ENXIO` for a
/// write end that nobody reads.
///
/// # Source
/// proc(5), `/proc/pid/fd`.
pub fn reopen_nonblocking(end: impl AsFd) -> Result<OwnedFd, SystemError> {
    let end = end.as_fd();
    if !probe::allows(Feature::PipeReopen) {
        return Err(SystemError::new("open", End(end), Errno::NOENT));
    }
    let present = flags(end)?;
    let access = present & OFlags::ACCMODE;
    let twin = crate::procfs::reopen(end, access | OFlags::NONBLOCK | OFlags::CLOEXEC)?;
    if present.contains(OFlags::DIRECT) {
        // open(2) knows packet mode for files only; it can be set afterwards.
        let flags = OFlags::NONBLOCK | OFlags::DIRECT;
        attempt("fcntl(F_SETFL)", End(end), || rustix::fs::fcntl_setfl(&twin, flags))?;
    }
    Ok(twin)
}

/// The flags of the description.
fn flags(end: BorrowedFd<'_>) -> Result<OFlags, SystemError> {
    attempt("fcntl(F_GETFL)", End(end), || rustix::fs::fcntl_getfl(end))
}

/// A descriptor as the subject of a refusal.
pub(crate) struct End<'fd>(pub(crate) BorrowedFd<'fd>);

impl fmt::Display for End<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pipe at descriptor {}", self.0.as_raw_fd())
    }
}
