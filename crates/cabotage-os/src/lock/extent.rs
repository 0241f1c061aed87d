// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two kinds of lock calls behind one face, and waiting for them until a deadline.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::thread::{NanosleepRelativeResult, nanosleep};
use rustix::time::Timespec;

use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::lock::{Range, Sharing};
use crate::seam::{self, Errno};

/// What of a file is locked, and by which kind of lock.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    Range(Range),
    Whole,
}

impl Extent {
    fn call(self) -> &'static str {
        match self {
            Self::Range(_) => "fcntl",
            Self::Whole => "flock",
        }
    }

    /// Whether the lock was had before the deadline.
    pub(super) fn lock_by(
        self,
        file: BorrowedFd<'_>,
        sharing: Sharing,
        deadline: Deadline,
    ) -> Result<bool, SystemError> {
        const PAUSE_MAX: Duration = Duration::from_millis(10);
        let mut pause = Duration::from_micros(50);
        loop {
            match self.ask(file, sharing, deadline == Deadline::Never) {
                Ok(()) => return Ok(true),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::ACCESS) if deadline.has_passed() => return Ok(false),
                Err(Errno::AGAIN | Errno::ACCESS) => {
                    sleep(deadline.remaining().unwrap_or(pause).min(pause));
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(errno) => return Err(SystemError::new(self.call(), "a lock on a file", errno)),
            }
        }
    }

    fn ask(self, file: BorrowedFd<'_>, sharing: Sharing, wait: bool) -> Result<(), Errno> {
        seam::call(self.call(), || match (self, sharing, wait) {
            (Self::Range(range), _, false) => {
                fcntl_lock(file, libc::F_OFD_SETLK, range, kind_of(sharing)).map(drop)
            }
            (Self::Range(range), _, true) => {
                fcntl_lock(file, libc::F_OFD_SETLKW, range, kind_of(sharing)).map(drop)
            }
            (Self::Whole, Sharing::Shared, false) => flock(file, FlockOperation::NonBlockingLockShared),
            (Self::Whole, Sharing::Shared, true) => flock(file, FlockOperation::LockShared),
            (Self::Whole, Sharing::Exclusive, false) => flock(file, FlockOperation::NonBlockingLockExclusive),
            (Self::Whole, Sharing::Exclusive, true) => flock(file, FlockOperation::LockExclusive),
        })
    }

    pub(super) fn unlock(self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        seam::call_until_done(self.call(), || match self {
            Self::Range(range) => fcntl_lock(file, libc::F_OFD_SETLK, range, libc::F_UNLCK).map(drop),
            Self::Whole => flock(file, FlockOperation::Unlock),
        })
    }
}

/// The first lock in the way, as the kernel describes it; of kind `F_UNLCK` when there is none.
pub(super) fn first_conflict(
    file: BorrowedFd<'_>,
    sharing: Sharing,
    range: Range,
) -> Result<libc::flock, Errno> {
    fcntl_lock(file, libc::F_OFD_GETLK, range, kind_of(sharing))
}

fn kind_of(sharing: Sharing) -> libc::c_int {
    match sharing {
        Sharing::Shared => libc::F_RDLCK,
        Sharing::Exclusive => libc::F_WRLCK,
    }
}

/// The lock calls that rustix lacks; answers what the kernel made of the request.
fn fcntl_lock(
    file: BorrowedFd<'_>,
    command: libc::c_int,
    range: Range,
    kind: libc::c_int,
) -> Result<libc::flock, Errno> {
    let mut request = libc::flock {
        l_type: i16::try_from(kind).map_err(|_| Errno::INVAL)?,
        l_whence: i16::try_from(libc::SEEK_SET).map_err(|_| Errno::INVAL)?,
        l_start: i64::try_from(range.start).map_err(|_| Errno::OVERFLOW)?,
        l_len: i64::try_from(range.bytes).map_err(|_| Errno::OVERFLOW)?,
        l_pid: 0, // demanded by all commands of this family
    };
    // SAFETY: these commands read and write one `struct flock`, which is ours and lives until the call returns.
    let status = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut request) };
    match status {
        0.. => Ok(request),
        _ => Err(seam::last_errno()),
    }
}

/// Interrupted or not: whoever sleeps here looks again anyway.
fn sleep(pause: Duration) {
    let pause = Timespec { tv_sec: pause.as_secs().cast_signed(), tv_nsec: pause.subsec_nanos().into() };
    let _ = seam::call("nanosleep", || match nanosleep(&pause) {
        NanosleepRelativeResult::Err(errno) => Err(errno),
        _ => Ok(()),
    });
}
