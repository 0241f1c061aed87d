// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which process group a process belongs to.

use rustix::process::Pid;

use crate::error::{SystemError, attempt};
use crate::process::session::{if_seen, numbered};

/// The process group of process `pid`; `None` when there is no such process, when it is not ours to see, or when the
/// group began outside our pid namespace, so that it has no number here.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// getpgid(2); pid_namespaces(7).
pub fn group_of(pid: Pid) -> Result<Option<i32>, SystemError> {
    // Not by rustix, which takes for granted that a group has a number.
    // SAFETY: the call takes a number and gives one, and touches no memory of ours.
    if_seen(attempt("getpgid", pid, || numbered(unsafe { libc::getpgid(pid.as_raw_nonzero().get()) })))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;

    #[test]
    fn a_child_that_leads_a_group_is_of_that_and_one_that_is_gone_of_none() {
        let mut child = std::process::Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert_eq!(group_of(pid).unwrap(), Some(pid.as_raw_nonzero().get()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(group_of(pid).unwrap(), None);
    }
}
