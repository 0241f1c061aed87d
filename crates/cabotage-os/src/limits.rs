// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many descriptors this process may have, and how many it has.
//!
//! A received descriptor for which the table has no room is lost without an error, and the count of descriptors
//! in flight is held against the soft limit too: programs that hold many links call [`raise_descriptors`] first.

use std::os::fd::AsFd;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{SystemError, attempt, attempt_until_done};
use crate::listing;

/// How many descriptors a process may have; `u64::MAX` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// What holds now (`ulimit -Sn`).
    pub soft: u64,
    /// How far the process itself may raise it (`ulimit -Hn`).
    pub hard: u64,
}

/// The limit of this process.
///
/// # Errors
/// The system's refusal (`EPERM` under a strange seccomp filter).
///
/// # Source
/// getrlimit(2), `RLIMIT_NOFILE`.
pub fn descriptors() -> Result<DescriptorLimit, SystemError> {
    let limit = attempt("getrlimit", "RLIMIT_NOFILE", || Ok(getrlimit(Resource::Nofile)))?;
    let or_none = |value: Option<u64>| value.unwrap_or(u64::MAX);
    Ok(DescriptorLimit { soft: or_none(limit.current), hard: or_none(limit.maximum) })
}

/// Raises the soft limit to the hard one, and answers what holds afterwards.
///
/// The soft limit is low for the sake of programs that call select(2), which writes beyond its bit sets when a
/// descriptor is 1,024 or more: raise it in a program that does not, and lower it again before you execute one
/// that might.
///
/// # Errors
/// The system's refusal; the limit then stays as it was.
///
/// # Source
/// getrlimit(2).
pub fn raise_descriptors() -> Result<DescriptorLimit, SystemError> {
    let limit = descriptors()?;
    if limit.soft == limit.hard {
        return Ok(limit);
    }
    let maximum = (limit.hard != u64::MAX).then_some(limit.hard);
    let raised = Rlimit { current: maximum, maximum };
    attempt("setrlimit", "RLIMIT_NOFILE", || setrlimit(Resource::Nofile, raised))?;
    Ok(DescriptorLimit { soft: limit.hard, ..limit })
}

/// How many descriptors this process has open, as of /proc/self/fd. Other threads may open and close meanwhile.
///
/// # Errors
/// The system's refusal: `ENOENT` where /proc is not mounted, `EMFILE` when there is not one descriptor left to
/// look with.
///
/// # Source
/// proc_pid_fd(5).
pub fn descriptors_in_use() -> Result<usize, SystemError> {
    const PLACE: &str = "/proc/self/fd";
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let table = attempt_until_done("openat", PLACE, || openat(CWD, PLACE, flags, Mode::empty()))?;
    let mut count: usize = 0;
    listing::for_each(table.as_fd(), |_, _| count += 1)
        .map_err(|errno| SystemError::new("getdents64", PLACE, errno))?;
    Ok(count.saturating_sub(1)) // without the one we look through
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_never_above_the_hard_one() {
        let limit = descriptors().unwrap();
        assert!(limit.soft <= limit.hard && limit.soft > 0);
    }

    #[test]
    fn raising_twice_is_as_good_as_once() {
        let raised = raise_descriptors().unwrap();
        assert_eq!(raised.soft, raised.hard);
        assert_eq!(raise_descriptors().unwrap(), raised);
        assert_eq!(descriptors().unwrap(), raised);
    }

    #[test]
    fn the_count_covers_what_this_test_opened() {
        let opened: Vec<_> = (0..200).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        assert!(descriptors_in_use().unwrap() >= opened.len());
    }
}
