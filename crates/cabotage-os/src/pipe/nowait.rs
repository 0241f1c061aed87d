// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading and writing a shared, blocking end once without waiting, and without touching its flags.
//!
//! `O_NONBLOCK` belongs to the open description, so setting it on an inherited end changes the end for everybody
//! else. `RWF_NOWAIT` asks for one call only; anonymous pipes know it since Linux 6.4, FIFOs and ends reopened
//! through /proc do not (6.18). Those are reopened for the one call, as a description of our own. Where even that
//! is refused (no /proc, a pipe of another user), bytes pass through a scratch pipe by splice(2), which can refuse
//! to wait on every kernel; packets, whose borders would not survive that, are an error for the writer, and a
//! reader, who cannot tell them from bytes, may there get several as one.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::OFlags;
use rustix::io::ReadWriteFlags;

use super::{ATOMIC_BYTES, End, create, flags, read, reopen_nonblocking, splice, unless_blocked, write};
use crate::error::SystemError;
use crate::probe::{self, Feature};
use crate::procfs::is_absence;
use crate::seam::{self, Errno};
use crate::sigpipe::{self, Quiet, STREAM};

/// Reads what is there. `None`: nothing, though a writer is. `Some(0)`: nothing, and no writer is left.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// readv(2), `RWF_NOWAIT`; splice(2), `SPLICE_F_NONBLOCK`.
#[inline]
pub fn read_now(end: impl AsFd, target: &mut [u8]) -> Result<Option<usize>, SystemError> {
    let end = end.as_fd();
    if probe::allows(Feature::PipeNowait) {
        let answer = seam::call_until_done("preadv2", || {
            rustix::io::preadv2(end, &mut [IoSliceMut::new(target)], STREAM, ReadWriteFlags::NOWAIT)
        });
        if answer != Err(Errno::OPNOTSUPP) {
            return unless_blocked("preadv2", end, answer);
        }
    }
    read_by_detour(end, target)
}

#[cold]
fn read_by_detour(end: BorrowedFd<'_>, target: &mut [u8]) -> Result<Option<usize>, SystemError> {
    match detour(end)? {
        Detour::None => read(end, target),
        Detour::Reopened(twin) => read(twin, target),
        Detour::Splice => read_by_splice(end, target),
    }
}

/// Writes what fits. `None`: there is no room. Up to [`ATOMIC_BYTES`] go whole or not at all.
///
/// # Errors
/// The system's refusal; `EPIPE` without readers, and never a signal.
///
/// # Source
/// writev(2), `RWF_NOWAIT`; splice(2), `SPLICE_F_NONBLOCK`.
#[inline]
pub fn write_now(end: impl AsFd, source: &[u8]) -> Result<Option<usize>, SystemError> {
    let end = end.as_fd();
    if probe::allows(Feature::PipeNowait) {
        let answer = write_by_flag(end, source);
        if answer != Err(Errno::OPNOTSUPP) {
            return unless_blocked("pwritev2", end, answer);
        }
    }
    write_by_detour(end, source)
}

#[cold]
fn write_by_detour(end: BorrowedFd<'_>, source: &[u8]) -> Result<Option<usize>, SystemError> {
    match detour(end) {
        Ok(Detour::None) => write(end, source),
        Ok(Detour::Reopened(twin)) => write(twin, source),
        Ok(Detour::Splice) => write_by_splice(end, source),
        // Opened anew, it found no reader.
        Err(error) if error.errno() == Errno::NXIO => Err(SystemError::new("write", End(end), Errno::PIPE)),
        Err(error) => Err(error),
    }
}

#[inline]
fn write_by_flag(end: BorrowedFd<'_>, source: &[u8]) -> Result<usize, Errno> {
    let mut plain = || rustix::io::pwritev2(end, &[IoSlice::new(source)], STREAM, ReadWriteFlags::NOWAIT);
    match sigpipe::quiet() {
        Quiet::Already => seam::call_until_done("pwritev2", plain),
        Quiet::ByFlag => sigpipe::write_flagged(end, source, ReadWriteFlags::NOWAIT),
        Quiet::ByMask => sigpipe::blocked("pwritev2", &mut plain),
    }
}

/// What to do about an end that does not know `RWF_NOWAIT`.
enum Detour {
    /// Its description is non-blocking already.
    None,
    /// This other description is.
    Reopened(OwnedFd),
    /// There is none to be had.
    Splice,
}

fn detour(end: BorrowedFd<'_>) -> Result<Detour, SystemError> {
    let flags = flags(end)?;
    if flags.contains(OFlags::NONBLOCK) {
        return Ok(Detour::None);
    }
    match reopen_nonblocking(end) {
        Ok(twin) => Ok(Detour::Reopened(twin)),
        Err(error) if is_absence(error.errno()) && !flags.contains(OFlags::DIRECT) => Ok(Detour::Splice),
        Err(error) => Err(error),
    }
}

fn read_by_splice(end: BorrowedFd<'_>, target: &mut [u8]) -> Result<Option<usize>, SystemError> {
    let (scratch_out, scratch_in) = create()?;
    match splice::splice(end, &scratch_in, target.len(), splice::Wait::No)? {
        Some(moved) if moved > 0 => read(scratch_out, &mut target[..moved]),
        nothing => Ok(nothing),
    }
}

fn write_by_splice(end: BorrowedFd<'_>, source: &[u8]) -> Result<Option<usize>, SystemError> {
    if source.is_empty() {
        return Ok(Some(0));
    }
    let (scratch_out, scratch_in) = create()?;
    // A page at a time: what a splice moves is never less than a page or the rest, so small writes stay whole.
    let mut written = 0;
    for page in source.chunks(ATOMIC_BYTES) {
        write(&scratch_in, page)?;
        match splice::splice(&scratch_out, end, page.len(), splice::Wait::No) {
            Ok(Some(moved)) => written += moved,
            Ok(None) => break,
            // What has gone has gone: the next call meets the same refusal with nothing written.
            Err(_) if written > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok((written > 0).then_some(written))
}
