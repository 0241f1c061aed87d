// SPDX-License-Identifier: MIT OR Apache-2.0
//! The name of one process in the history of this machine, fit to be written down and compared later.
//!
//! "Is it still alive?" has to be answered although its pid may belong to another process by now. Where the kernel
//! numbers processes uniquely (Linux 6.9), that number decides. Before, the start time does, and the order makes
//! it exact: open a pidfd, read the start time behind the pid, then see that the pidfd's process has not ended.
//! It had the pid all along, so the start time was its own. Without pidfds the start time and the state are read
//! in one look at /proc, which is as exact.
//!
//! The start time counts hundredths of a second: two owners of one pid would have to start within one.

use rustix::fs::{CWD, readlinkat};
use rustix::process::{Pid, getpid, test_kill_process};

use crate::error::{SystemError, attempt};
use crate::process::pidfd::Pidfd;
use crate::process::stat::{Stat, boot_id};
use crate::seam::{self, Errno};

/// One process among all that this machine has run or will run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessIdentity {
    /// Its number, in the pid namespace of whoever took down this identity.
    pub pid: Pid,
    /// When it started, in clock ticks (1/100 s) since the machine did.
    pub start_time_ticks: u64,
    /// Which start of the machine that was.
    pub boot: u128,
    /// The kernel's own number for it, never given twice between two starts (Linux 6.9).
    pub unique_number: Option<u64>,
}

/// Why a process was not identified, or its identity not looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// No process has that pid.
    #[error("there is no process {0}")]
    Gone(Pid),
    /// Its /proc entry is hidden or makes no sense.
    #[error("/proc hides what process {0} is: mount it without hidepid, or let its user ask")]
    Hidden(Pid),
    /// /proc belongs to another pid namespace than this process.
    #[error("/proc shows another pid namespace than ours: mount a fresh one after unshare or clone")]
    ForeignProc,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ProcessIdentity {
    /// This process.
    ///
    /// # Errors
    /// [`IdentityError`]; [`IdentityError::Gone`] never.
    pub fn own() -> Result<Self, IdentityError> {
        Self::of_pid(own_pid()?)
    }

    /// The process that has this pid now.
    ///
    /// # Errors
    /// [`IdentityError::Gone`] when none has, or it has ended.
    pub fn of_pid(pid: Pid) -> Result<Self, IdentityError> {
        match Pidfd::open(pid) {
            Ok(Some(pidfd)) => Self::of(&pidfd),
            Ok(None) => Err(IdentityError::Gone(pid)),
            Err(refusal) if is_hidden(&refusal) => match look(pid)? {
                Seen::Running { start_time_ticks } => Self::complete(pid, start_time_ticks, None),
                Seen::Ended => Err(IdentityError::Gone(pid)),
                Seen::Nothing => Err(if pid_is_taken(pid)? {
                    IdentityError::Hidden(pid)
                } else {
                    IdentityError::Gone(pid)
                }),
            },
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The process behind a pidfd.
    ///
    /// # Errors
    /// [`IdentityError::Gone`] when it has ended.
    pub fn of(pidfd: &Pidfd) -> Result<Self, IdentityError> {
        let pid = pidfd.pid();
        let seen = look(pid)?;
        if pidfd.has_exited()? {
            return Err(IdentityError::Gone(pid));
        }
        match seen {
            Seen::Running { start_time_ticks } => {
                Self::complete(pid, start_time_ticks, pidfd.unique_number()?)
            }
            Seen::Ended => Err(IdentityError::Gone(pid)),
            Seen::Nothing => Err(IdentityError::Hidden(pid)),
        }
    }

    fn complete(pid: Pid, start_time_ticks: u64, unique_number: Option<u64>) -> Result<Self, IdentityError> {
        let boot = boot_id()?.ok_or(IdentityError::Hidden(pid))?;
        Ok(Self { pid, start_time_ticks, boot, unique_number })
    }

    /// Whether this very process still runs; an unreaped one that has ended does not. Ask in the pid namespace in
    /// which the identity was taken down.
    ///
    /// # Errors
    /// [`IdentityError`], when nothing can be said; [`IdentityError::Gone`] never.
    pub fn is_alive(&self) -> Result<bool, IdentityError> {
        if boot_id()? != Some(self.boot) {
            return Ok(false);
        }
        match Pidfd::open(self.pid) {
            Ok(Some(pidfd)) => self.is_behind(&pidfd),
            Ok(None) => Ok(false),
            Err(refusal) if is_hidden(&refusal) => match look(self.pid)? {
                Seen::Running { start_time_ticks } => Ok(start_time_ticks == self.start_time_ticks),
                Seen::Ended => Ok(false),
                Seen::Nothing if pid_is_taken(self.pid)? => Err(IdentityError::Hidden(self.pid)),
                Seen::Nothing => Ok(false),
            },
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Whether the process that now has our pid is the one meant, and running.
    fn is_behind(&self, pidfd: &Pidfd) -> Result<bool, IdentityError> {
        if let (Some(found), Some(meant)) = (pidfd.unique_number()?, self.unique_number) {
            return Ok(found == meant && !pidfd.has_exited()?);
        }
        let seen = look(self.pid)?;
        if pidfd.has_exited()? {
            return Ok(false);
        }
        match seen {
            Seen::Running { start_time_ticks } => Ok(start_time_ticks == self.start_time_ticks),
            Seen::Ended => Ok(false),
            Seen::Nothing => Err(IdentityError::Hidden(self.pid)),
        }
    }
}

/// What /proc shows where a process with some pid should be.
enum Seen {
    Running {
        start_time_ticks: u64,
    },
    Ended,
    /// No such process, or one that `hidepid` keeps from us.
    Nothing,
}

fn look(pid: Pid) -> Result<Seen, IdentityError> {
    own_pid()?;
    match Stat::read(pid) {
        Ok(Some(stat)) if stat.has_exited() => Ok(Seen::Ended),
        Ok(Some(stat)) => Ok(Seen::Running { start_time_ticks: stat.start_time_ticks }),
        Ok(None) => Err(IdentityError::Hidden(pid)),
        Err(refusal) if matches!(refusal.errno(), Errno::NOENT | Errno::SRCH) => Ok(Seen::Nothing),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Our pid, once /proc is known to be there and to number processes as we do: without that look a missing /proc
/// would make every process seem dead, and one of another pid namespace would show strangers.
fn own_pid() -> Result<Pid, IdentityError> {
    let pid = attempt("getpid", "this process", || Ok(getpid()))?;
    let shown = attempt("readlinkat", "/proc/self", || readlinkat(CWD, c"/proc/self", Vec::new()))?;
    if shown.to_str() == Ok(&pid.to_string()) { Ok(pid) } else { Err(IdentityError::ForeignProc) }
}

/// Whether some process has `pid`, running or unreaped.
fn pid_is_taken(pid: Pid) -> Result<bool, SystemError> {
    match seam::call("kill", || test_kill_process(pid)) {
        Ok(()) | Err(Errno::PERM) => Ok(true),
        Err(Errno::SRCH) => Ok(false),
        Err(errno) => Err(SystemError::new("kill", pid, errno)),
    }
}

/// Whether a sandbox hides pidfd_open. Anything else that is wrong with it is worth telling.
fn is_hidden(refusal: &SystemError) -> bool {
    matches!(refusal.errno(), Errno::NOSYS | Errno::PERM)
}
