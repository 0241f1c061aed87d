// SPDX-License-Identifier: MIT OR Apache-2.0
//! Locks on files that die with their holder, however it dies.
//!
//! Two kinds that do not see each other: a byte range ([`Lock::range`], the open-file-description locks of
//! fcntl) and a whole file or directory ([`Lock::whole`], flock). Both belong to the open file, not to the
//! process: each opening of a file is a holder of its own, also within one process, and every copy of the
//! descriptor shares the lock, which ends when it is released or the last copy is closed. They bind only those
//! who ask.
//!
//! A forked child holds a copy. So a lock is released by its own call, never by closing alone; and a [`Lock`]
//! that was inherited by a fork releases nothing, for it is its parent's.

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::Pid;
use rustix::thread::{NanosleepRelativeResult, nanosleep};
use rustix::time::Timespec;

use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::fork::Origin;
use crate::seam::{self, Errno};

/// Who else may hold a lock at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// Others that share too. A byte range needs a descriptor open for reading.
    Shared,
    /// Nobody. A byte range needs a descriptor open for writing.
    Exclusive,
}

/// Which bytes of a file; they need not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// How many; 0 means all that follow, however far the file grows.
    pub bytes: u64,
}

impl Range {
    /// Every byte that there is or will be.
    pub const ALL: Self = Self { start: 0, bytes: 0 };
}

/// A lock on an open file, held until it is dropped.
#[derive(Debug)]
pub struct Lock<F: AsFd> {
    file: ManuallyDrop<F>,
    extent: Extent,
    origin: Origin,
}

#[derive(Debug, Clone, Copy)]
enum Extent {
    Range(Range),
    Whole,
}

/// Why a file was not locked; the file comes back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError<F> {
    /// Others held it until the deadline.
    #[error("others held the lock until the deadline")]
    Held {
        /// The file, to try again.
        file: F,
    },
    /// The kernel refused.
    #[error("{source}")]
    System {
        /// The file.
        file: F,
        /// What the kernel refused.
        source: SystemError,
    },
}

impl<F: AsFd> Lock<F> {
    /// Locks a range of bytes, waiting for others at most until `deadline`.
    ///
    /// Without a deadline the kernel queues us. With one it cannot (it offers neither a time-out nor anything to
    /// poll), so we ask again at growing intervals, up to 10 ms: the lock may be free that long before we have
    /// it, and others who ask meanwhile come first.
    ///
    /// # Errors
    /// [`LockError`], with the file. `EBADF` means that the file is not open for what [`Sharing`] needs.
    ///
    /// # Source
    /// fcntl(2), `F_OFD_SETLK`.
    pub fn range(file: F, sharing: Sharing, range: Range, deadline: Deadline) -> Result<Self, LockError<F>> {
        Self::acquire(file, Extent::Range(range), sharing, deadline)
    }

    /// Locks a whole file or directory, waiting for others at most until `deadline`, as [`Lock::range`] does.
    ///
    /// # Errors
    /// [`LockError`], with the file.
    ///
    /// # Source
    /// flock(2).
    pub fn whole(file: F, sharing: Sharing, deadline: Deadline) -> Result<Self, LockError<F>> {
        Self::acquire(file, Extent::Whole, sharing, deadline)
    }

    fn acquire(file: F, extent: Extent, sharing: Sharing, deadline: Deadline) -> Result<Self, LockError<F>> {
        let origin = match Origin::here() {
            Ok(origin) => origin,
            Err(source) => return Err(LockError::System { file, source }),
        };
        match extent.lock_by(file.as_fd(), sharing, deadline) {
            Ok(true) => Ok(Self { file: ManuallyDrop::new(file), extent, origin }),
            Ok(false) => Err(LockError::Held { file }),
            Err(source) => Err(LockError::System { file, source }),
        }
    }

    /// The locked file.
    pub fn file(&self) -> &F {
        &self.file
    }

    /// Releases the lock and gives the file back.
    pub fn release(self) -> F {
        let mut this = ManuallyDrop::new(self);
        this.unlock();
        // SAFETY: `this` is neither used nor dropped again, so the file is taken out once.
        unsafe { ManuallyDrop::take(&mut this.file) }
    }

    fn unlock(&self) {
        if self.origin.is_here() {
            // It cannot fail on a descriptor that was locked before.
            let _ = self.extent.unlock(self.file.as_fd());
        }
    }
}

impl<F: AsFd> Drop for Lock<F> {
    fn drop(&mut self) {
        self.unlock();
        // SAFETY: nothing uses the file after this, the last look at it.
        unsafe { ManuallyDrop::drop(&mut self.file) };
    }
}

impl Extent {
    fn call(self) -> &'static str {
        match self {
            Self::Range(_) => "fcntl",
            Self::Whole => "flock",
        }
    }

    /// Whether the lock was had before the deadline.
    fn lock_by(
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

    fn unlock(self, file: BorrowedFd<'_>) -> Result<(), Errno> {
        seam::call_until_done(self.call(), || match self {
            Self::Range(range) => fcntl_lock(file, libc::F_OFD_SETLK, range, libc::F_UNLCK).map(drop),
            Self::Whole => flock(file, FlockOperation::Unlock),
        })
    }
}

/// A lock of somebody else's that is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// Which bytes it covers.
    pub range: Range,
    /// How it is held.
    pub sharing: Sharing,
    /// Who holds it, for the older, per-process locks only. A lock like ours belongs to an open file that several
    /// processes may share, and the kernel names none of them: [`crate::process`] identities written into the
    /// locked file are the way to know.
    pub holder: Option<Pid>,
}

/// The first lock that would keep `file` from locking `range`; `None` when nothing does. By the time you read the
/// answer it may be another: only locking tells for sure.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fcntl(2), `F_OFD_GETLK`.
pub fn conflict(file: impl AsFd, sharing: Sharing, range: Range) -> Result<Option<Conflict>, SystemError> {
    let found = seam::call("fcntl", || fcntl_lock(file.as_fd(), libc::F_OFD_GETLK, range, kind_of(sharing)))
        .map_err(|errno| SystemError::new("fcntl", "a lock on a file", errno))?;
    let sharing = match libc::c_int::from(found.l_type) {
        libc::F_UNLCK => return Ok(None),
        libc::F_RDLCK => Sharing::Shared,
        _ => Sharing::Exclusive,
    };
    let range = Range { start: found.l_start.unsigned_abs(), bytes: found.l_len.unsigned_abs() };
    let holder = if found.l_pid > 0 { Pid::from_raw(found.l_pid) } else { None };
    Ok(Some(Conflict { range, sharing, holder }))
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
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
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

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn twice() -> (File, File, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = || File::options().read(true).write(true).open(file.path()).unwrap();
        (open(), open(), file)
    }

    fn is_held<F>(answer: Result<Lock<F>, LockError<F>>) -> bool
    where
        F: AsFd + std::fmt::Debug,
    {
        match answer {
            Ok(_) => false,
            Err(LockError::Held { .. }) => true,
            Err(other) => panic!("{other}"),
        }
    }

    const FIRST: Range = Range { start: 0, bytes: 10 };
    const SECOND: Range = Range { start: 10, bytes: 10 };

    #[test]
    fn a_range_has_one_holder_and_its_neighbour_another() {
        let (one, two, _file) = twice();
        let held = Lock::range(&one, Sharing::Exclusive, FIRST, Deadline::Now).unwrap();
        assert!(is_held(Lock::range(&two, Sharing::Shared, FIRST, Deadline::Now)));
        assert!(!is_held(Lock::range(&two, Sharing::Exclusive, SECOND, Deadline::Now)));
        assert!(is_held(Lock::range(&two, Sharing::Exclusive, Range::ALL, Deadline::Now)));
        drop(held);
        assert!(!is_held(Lock::range(&two, Sharing::Exclusive, Range::ALL, Deadline::Now)));
    }

    #[test]
    fn those_who_share_do_not_wait_for_each_other() {
        let (one, two, _file) = twice();
        for lock in [
            |file| Lock::range(file, Sharing::Shared, FIRST, Deadline::Now),
            |file| Lock::whole(file, Sharing::Shared, Deadline::Now),
        ] {
            let _first = lock(&one).unwrap();
            let _second = lock(&two).unwrap();
        }
    }

    #[test]
    fn a_deadline_ends_the_wait_and_the_file_comes_back() {
        let (one, two, _file) = twice();
        let _held = Lock::whole(&one, Sharing::Exclusive, Deadline::Now).unwrap();
        let short = Deadline::within(Duration::from_millis(2));
        match Lock::whole(two, Sharing::Exclusive, short) {
            Err(LockError::Held { file }) => drop(file),
            other => panic!("{other:?}"),
        }
        assert!(short.has_passed());
    }

    #[test]
    fn whoever_waits_gets_the_lock_when_it_is_released() {
        for patience in [Deadline::Never, Deadline::within(Duration::from_secs(60))] {
            let (one, two, _file) = twice();
            let held = Lock::range(one, Sharing::Exclusive, Range::ALL, Deadline::Now).unwrap();
            std::thread::scope(|scope| {
                let waiting =
                    scope.spawn(|| Lock::range(two, Sharing::Exclusive, Range::ALL, patience).is_ok());
                let file = held.release();
                assert!(waiting.join().unwrap());
                drop(file);
            });
        }
    }

    #[test]
    fn a_release_frees_the_lock_although_a_copy_of_the_descriptor_stays() {
        let (one, two, _file) = twice();
        let copy = one.try_clone().unwrap();
        drop(Lock::whole(one, Sharing::Exclusive, Deadline::Now).unwrap());
        assert!(!is_held(Lock::whole(&two, Sharing::Exclusive, Deadline::Now)));
        drop(copy);
    }

    #[test]
    fn what_is_in_the_way_is_told_but_not_who_holds_it() {
        let (one, two, _file) = twice();
        assert_eq!(conflict(&two, Sharing::Exclusive, Range::ALL).unwrap(), None);
        let _held = Lock::range(&one, Sharing::Shared, SECOND, Deadline::Now).unwrap();
        let expected = Conflict { range: SECOND, sharing: Sharing::Shared, holder: None };
        assert_eq!(conflict(&two, Sharing::Exclusive, Range::ALL).unwrap(), Some(expected));
        assert_eq!(conflict(&two, Sharing::Shared, Range::ALL).unwrap(), None);
    }

    #[test]
    fn a_range_beyond_the_largest_file_is_refused() {
        let (one, ..) = twice();
        let range = Range { start: u64::MAX, bytes: 1 };
        match Lock::range(&one, Sharing::Exclusive, range, Deadline::Now) {
            Err(LockError::System { source, .. }) => assert_eq!(source.errno(), Errno::OVERFLOW),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_interrupted_wait_goes_on() {
        let (one, ..) = twice();
        Origin::here().unwrap();
        let _plan = seam::fail_nth(0, Errno::INTR);
        Lock::whole(&one, Sharing::Exclusive, Deadline::Never).unwrap();
    }
}
