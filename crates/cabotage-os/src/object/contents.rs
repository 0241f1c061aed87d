// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls on an open file: allocate, read and write at a position, rights, lock.
//!
//! None of them can end in a signal. A page that is missing or cannot be had is an error or a short count here,
//! where a touch through a map would be SIGBUS; and the file size limit, which the kernel enforces with SIGXFSZ, is
//! minded before every call that it could strike.

use std::fmt;
use std::os::fd::AsFd;
use std::sync::OnceLock;

use rustix::fs::{FallocateFlags, FlockOperation, Mode, fallocate, fchmod, fdatasync, flock, fstatfs};
use rustix::io::{pread, pwrite};
use rustix::process::{Resource, getrlimit};

use crate::error::{SystemError, attempt, attempt_until_done};
use crate::seam::{self, Errno};

/// Makes sure that memory stands behind the `bytes` bytes from `at`, and that the file is at least that long. It
/// never shrinks the file, and it keeps what the file already holds. Refused, it leaves everything as it was.
///
/// # Errors
/// `ENOSPC` when the file system is full; `EFBIG` beyond what the file system or the process' file size limit
/// allows.
///
/// # Source
/// fallocate(2).
pub fn allocate(
    fd: impl AsFd,
    at: usize,
    bytes: usize,
    object: impl fmt::Display,
) -> Result<(), SystemError> {
    if at.checked_add(bytes).is_none_or(|end| end as u64 > file_bytes_max(end)) {
        return Err(SystemError::new("fallocate", object, Errno::FBIG));
    }
    attempt_until_done("fallocate", object, || {
        fallocate(&fd, FallocateFlags::empty(), at as u64, bytes as u64)
    })
}

/// How many bytes the file system under `fd` has left for this user; `None` if it sets itself no limit.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fstatfs(2), tmpfs(5).
pub fn free_bytes(fd: impl AsFd, object: impl fmt::Display) -> Result<Option<u64>, SystemError> {
    let shape = attempt_until_done("fstatfs", object, || fstatfs(&fd))?;
    // A tmpfs mounted with `size=0` is limited by nothing, and reports 0 blocks of which 0 are free.
    let limited = shape.f_blocks != 0;
    Ok(limited.then(|| shape.f_bavail.saturating_mul(u64::try_from(shape.f_bsize).unwrap_or(0))))
}

/// Reads from position `at` into `target`, in one call; answers how many bytes came, 0 at and beyond the end.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// pread(2).
pub fn read_at(
    fd: impl AsFd,
    at: usize,
    target: &mut [u8],
    object: impl fmt::Display,
) -> Result<usize, SystemError> {
    attempt_until_done("pread", object, || pread(&fd, &mut *target, at as u64))
}

/// Writes `source` at position `at`, in one call; answers how many bytes were taken. It makes the file longer when
/// it must: ask for the size first.
///
/// # Errors
/// The system's refusal; `EFBIG` beyond the process' file size limit.
///
/// # Source
/// pwrite(2).
pub fn write_at(
    fd: impl AsFd,
    at: usize,
    source: &[u8],
    object: impl fmt::Display,
) -> Result<usize, SystemError> {
    if at as u64 >= file_bytes_max(at) {
        return Err(SystemError::new("pwrite", object, Errno::FBIG));
    }
    attempt_until_done("pwrite", object, || pwrite(&fd, source, at as u64))
}

/// Sets the permission bits, whatever the umask.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fchmod(2).
pub fn set_mode(fd: impl AsFd, mode: u32, object: impl fmt::Display) -> Result<(), SystemError> {
    attempt("fchmod", object, || fchmod(fd, Mode::from_raw_mode(mode & 0o777)))
}

/// Brings the contents to the disk that holds the file; nothing for memory.
///
/// # Errors
/// The system's refusal, `EIO` among them: what was written may be lost then.
///
/// # Source
/// fdatasync(2).
pub fn sync(fd: impl AsFd, object: impl fmt::Display) -> Result<(), SystemError> {
    attempt_until_done("fdatasync", object, || fdatasync(&fd))
}

/// Takes the file's lock for this open descriptor and its copies; `false` if somebody else has it. The kernel
/// gives it back when the last copy is closed, by death too.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// flock(2).
pub fn try_lock(fd: impl AsFd, object: impl fmt::Display) -> Result<bool, SystemError> {
    match seam::call_until_done("flock", || flock(&fd, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(SystemError::new("flock", object, errno)),
    }
}

/// Gives back the lock of [`try_lock`].
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// flock(2).
pub fn unlock(fd: impl AsFd, object: impl fmt::Display) -> Result<(), SystemError> {
    attempt_until_done("flock", object, || flock(&fd, FlockOperation::Unlock))
}

/// How long a file of this process may become: beyond it the kernel sends SIGXFSZ (setrlimit(2)). For a short file
/// the question would cost as much as a part of the answer, so what was true at the first one counts: a process that
/// lowers its own limit to almost nothing later gets the signal it asked for.
fn file_bytes_max(wanted: usize) -> u64 {
    static AT_FIRST: OnceLock<u64> = OnceLock::new();
    if wanted > SHORT_BYTES { ask_file_bytes_max() } else { *AT_FIRST.get_or_init(ask_file_bytes_max) }
}

const SHORT_BYTES: usize = 64 << 10;

fn ask_file_bytes_max() -> u64 {
    let limit = seam::call("prlimit64", || Ok(getrlimit(Resource::Fsize).current));
    limit.ok().flatten().unwrap_or(BYTES_MAX).min(BYTES_MAX)
}

/// No file is longer.
const BYTES_MAX: u64 = isize::MAX as u64;
