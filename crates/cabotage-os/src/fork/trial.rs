// SPDX-License-Identifier: MIT OR Apache-2.0
//! A forked child on trial: how tests of any crate see what is left of an object there.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Pid, Signal};

use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::process::{Exit, Pidfd};
use crate::seam::{self, Errno};

/// Forks; the child runs `check` and ends, and what it answered comes back. A check that panics, or that is not
/// over at the deadline, answered no.
///
/// For tests: the child has this thread alone, so a lock that another thread held at the fork stays locked there.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fork(2).
pub fn child_answers(check: impl FnOnce() -> bool, deadline: Deadline) -> Result<bool, SystemError> {
    let child = child_that(check)?;
    if !child.wait(deadline)? {
        child.send_signal(Signal::KILL)?;
        child.wait(Deadline::Never)?;
    }
    Ok(child.reap()? == Some(Exit::Code(0)))
}

/// Forks; the child runs `act` and ends, with the exit code 0 if it answered yes and did not panic. Whoever asked
/// for it reaps it.
///
/// For tests, as [`child_answers`].
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fork(2).
pub fn child_that(act: impl FnOnce() -> bool) -> Result<Pidfd, SystemError> {
    // SAFETY: the child runs only `act`, of which the caller knows that it waits for no other thread, and leaves
    // by `_exit`, so nothing of the parent's is run or dropped twice.
    let pid = seam::call("fork", || match unsafe { libc::fork() } {
        -1 => Err(seam::last_errno()),
        pid => Ok(pid),
    })
    .map_err(|errno| SystemError::new("fork", "a child on trial", errno))?;
    let Some(pid) = Pid::from_raw(pid) else {
        let agrees = catch_unwind(AssertUnwindSafe(act)).unwrap_or(false);
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(i32::from(!agrees)) }
    };
    Pidfd::open(pid)?.ok_or_else(|| SystemError::new("pidfd_open", pid, Errno::SRCH))
}
