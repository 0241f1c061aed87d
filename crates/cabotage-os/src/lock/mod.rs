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

mod extent;

use std::os::fd::AsFd;

use rustix::process::Pid;

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt};
use crate::fork::Origin;
use crate::lock::extent::Extent;

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

/// A lock on an open file, held until it is dropped. Lock a borrowed file (`F` is `&File`) to keep the file.
#[derive(Debug)]
pub struct Lock<F: AsFd> {
    file: F,
    extent: Extent,
    origin: Origin,
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
            Ok(true) => Ok(Self { file, extent, origin }),
            Ok(false) => Err(LockError::Held { file }),
            Err(source) => Err(LockError::System { file, source }),
        }
    }

    /// The locked file.
    pub fn file(&self) -> &F {
        &self.file
    }
}

impl<F: AsFd> Drop for Lock<F> {
    fn drop(&mut self) {
        if self.origin.is_here() {
            // It cannot fail on a descriptor that was locked before.
            let _ = self.extent.unlock(self.file.as_fd());
        }
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
    let found =
        attempt("fcntl", "a lock on a file", || extent::first_conflict(file.as_fd(), sharing, range))?;
    let sharing = match libc::c_int::from(found.l_type) {
        libc::F_UNLCK => return Ok(None),
        libc::F_RDLCK => Sharing::Shared,
        _ => Sharing::Exclusive,
    };
    let range = Range { start: found.l_start.unsigned_abs(), bytes: found.l_len.unsigned_abs() };
    let holder = if found.l_pid > 0 { Pid::from_raw(found.l_pid) } else { None };
    Ok(Some(Conflict { range, sharing, holder }))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;
    use crate::seam::{self, Errno};

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
            let held = Lock::range(&one, Sharing::Exclusive, Range::ALL, Deadline::Now).unwrap();
            std::thread::scope(|scope| {
                let waiting =
                    scope.spawn(|| Lock::range(two, Sharing::Exclusive, Range::ALL, patience).is_ok());
                drop(held);
                assert!(waiting.join().unwrap());
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
