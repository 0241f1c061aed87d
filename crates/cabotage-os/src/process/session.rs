// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which session a process belongs to.

use rustix::process::Pid;

use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// The session of process `pid`; `None` when there is no such process, when it is not ours to see, or when the
/// session began outside our pid namespace, so that it has no number here: how containers are often started.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// getsid(2); pid_namespaces(7).
pub fn session_of(pid: Pid) -> Result<Option<i32>, SystemError> {
    // Not by rustix, which takes for granted that a session has a number.
    // SAFETY: the call takes a number and gives one, and touches no memory of ours.
    if_seen(attempt("getsid", pid, || numbered(unsafe { libc::getsid(pid.as_raw_nonzero().get()) })))
}

/// What getsid and getpgid answer: a number, 0 for what began outside our pid namespace, or an error.
pub(super) fn numbered(answer: i32) -> Result<Option<i32>, Errno> {
    match answer {
        ..0 => Err(seam::last_errno()),
        0 => Ok(None),
        number => Ok(Some(number)),
    }
}

/// `None` for a process that is not there, or not ours to see.
pub(super) fn if_seen(asked: Result<Option<i32>, SystemError>) -> Result<Option<i32>, SystemError> {
    match asked {
        Err(refusal) if matches!(refusal.errno(), Errno::SRCH | Errno::PERM) => Ok(None),
        asked => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_of_our_session_and_one_that_is_gone_of_none() {
        let own = session_of(rustix::process::getpid()).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert_eq!(session_of(pid).unwrap(), own);
        child.wait().unwrap();
        assert_eq!(session_of(pid).unwrap(), None);
    }
}
