// SPDX-License-Identifier: MIT OR Apache-2.0
//! Between being killed and having ended: a process that exits lets go of what it holds one thing after the other.
//!
//! Its peers may see the end of a socket while the kernel still holds its locks. Whoever takes its place waits for
//! the rest of it, which takes microseconds, or as long as a busy machine keeps it from running.

use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::process::stat::Stat;
use crate::process::{Pid, Pidfd};
use crate::seam::Errno;

/// Waits until the process that has `pid` now has let go of everything, at most until `deadline`, if it is on its
/// way out; answers whether nothing is left of it. A process that goes on is not waited for.
///
/// A main thread that has left its process to its other threads is waited for in vain: bound the deadline.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// proc_pid_stat(5), the flags; pidfd_open(2).
pub fn see_off(pid: Pid, deadline: Deadline) -> Result<bool, SystemError> {
    // Opened before the look, so that what was looked at is what is waited for, or has ended.
    let Some(pidfd) = Pidfd::open(pid)? else { return Ok(true) };
    match Stat::read(pid) {
        Ok(Some(stat)) if stat.is_exiting => pidfd.wait(deadline),
        Err(refusal) if !matches!(refusal.errno(), Errno::NOENT | Errno::SRCH) => Err(refusal),
        _ => pidfd.has_exited(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_lives_is_not_waited_for_and_who_ends_is_seen_off() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert!(!see_off(pid, Deadline::Never).unwrap());
        child.kill().unwrap();
        // It may not have begun to end, but then it is not waited for: only what is on its way out is.
        let patience = Deadline::within(Duration::from_secs(20));
        while !see_off(pid, patience).unwrap() && !patience.has_passed() {}
        assert!(see_off(pid, Deadline::Now).unwrap(), "ended, and not reaped");
        child.wait().unwrap();
        assert!(see_off(pid, Deadline::Now).unwrap(), "reaped");
    }
}
