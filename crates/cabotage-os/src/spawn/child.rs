// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens in the child between fork and execve: the listed descriptors take their numbers, all others are
//! marked to be closed by execve.
//!
//! Another thread of the parent may have held any lock at the fork, so nothing here allocates, locks or drops;
//! the calls do not pass the seam, whose recordings allocate. Marked, never closed: std's pipe that reports a
//! failed execve must work until it succeeds.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use rustix::fs::{CWD, Mode, OFlags, RawDir};

use crate::probe::{self, Feature};
use crate::seam::Errno;

/// The child's answer when a number it is about to overwrite is not what the parent had looked at.
pub(super) const NUMBER_CHANGED_HANDS: Errno = Errno::STALE;

/// Which descriptor goes to which number; completed by the parent before each fork.
#[derive(Debug)]
pub(super) struct Plan {
    moves: Vec<Move>,
    may_use_close_range: bool,
}

#[derive(Debug)]
struct Move {
    target: RawFd,
    source: AtomicI32,
    /// The inode of whoever else has the target number; zero: nobody else has.
    occupant: AtomicU64,
}

impl Plan {
    pub(super) fn new(targets: Vec<RawFd>) -> Self {
        let moves = targets
            .into_iter()
            .map(|target| Move { target, source: AtomicI32::new(-1), occupant: AtomicU64::new(0) })
            .collect();
        Self { moves, may_use_close_range: probe::allows(Feature::CloseRange) }
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = RawFd> {
        self.moves.iter().map(|one| one.target)
    }

    pub(super) fn set(&self, index: usize, source: RawFd, occupant: u64) {
        self.moves[index].source.store(source, Ordering::Relaxed);
        self.moves[index].occupant.store(occupant, Ordering::Relaxed);
    }

    /// Runs in the child.
    pub(super) fn carry_out(&self) -> io::Result<()> {
        self.moves.iter().try_for_each(Move::check)?;
        self.mark_all()?;
        self.moves.iter().try_for_each(Move::carry_out)
    }

    /// Marks every descriptor from 3 up; those that stay are unmarked, or made anew, afterwards.
    fn mark_all(&self) -> io::Result<()> {
        if self.may_use_close_range && mark_by_range() {
            return Ok(());
        }
        mark_by_listing().or_else(|_| mark_by_counting())
    }
}

impl Move {
    fn check(&self) -> io::Result<()> {
        let occupant = self.occupant.load(Ordering::Relaxed);
        // Nothing there is no danger: the fork hook has closed what was ours alone.
        if occupant != 0 && inode_at(self.target).is_some_and(|found| found != occupant) {
            return Err(NUMBER_CHANGED_HANDS.into());
        }
        Ok(())
    }

    fn carry_out(&self) -> io::Result<()> {
        let source = self.source.load(Ordering::Relaxed);
        let answer = if source == self.target {
            // SAFETY: sets a flag of a descriptor of this child's own table.
            unsafe { libc::fcntl(self.target, libc::F_SETFD, 0) }
        } else {
            // SAFETY: overwrites a number that the parent reserved or that the caller gave away.
            unsafe { libc::dup2(source, self.target) }
        };
        if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// The inode of whatever has this number, if anything has. Also called by the parent.
pub(crate) fn inode_at(number: RawFd) -> Option<u64> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: asks about a number, whatever it stands for; the answer goes to a place of the right type.
    if unsafe { libc::fstat(number, status.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it has filled the structure.
    Some(unsafe { status.assume_init() }.st_ino)
}

fn mark_by_range() -> bool {
    // SAFETY: sets a flag of this child's own descriptors.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) == 0 }
}

/// The list is read here, not before the fork: a thread of the parent may have opened more until then.
fn mark_by_listing() -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(CWD, c"/proc/self/fd", flags, Mode::empty())?;
    let mut buffer = [MaybeUninit::uninit(); 2048];
    let mut entries = RawDir::new(&directory, &mut buffer);
    while let Some(entry) = entries.next() {
        if let Some(number) = parse(entry?.file_name()).filter(|number| *number != directory.as_raw_fd()) {
            mark(number);
        }
    }
    Ok(())
}

/// The last resort, without /proc: every number up to the limit.
fn mark_by_counting() -> io::Result<()> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the answer goes to a place of the right type.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it has filled the structure.
    let limit = unsafe { limit.assume_init() }.rlim_cur;
    (3..RawFd::try_from(limit).unwrap_or(RawFd::MAX)).for_each(mark);
    Ok(())
}

fn mark(number: RawFd) {
    if number > 2 {
        // SAFETY: sets a flag of this child's own descriptor, if there is one.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Without std's parser, whose error type is not promised to stay free of allocation.
fn parse(name: &CStr) -> Option<RawFd> {
    name.to_bytes().iter().try_fold(0, |number: RawFd, digit| {
        let digit = digit.is_ascii_digit().then(|| RawFd::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
