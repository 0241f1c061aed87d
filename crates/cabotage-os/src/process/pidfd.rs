// SPDX-License-Identifier: MIT OR Apache-2.0
//! A descriptor of one process: it never comes to mean another one.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::process::Child;

use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, WaitId, WaitIdOptions, pidfd_getfd, pidfd_open,
    pidfd_send_signal, waitid,
};

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::poll::{self, Readiness};
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};

/// A descriptor of a process. It becomes readable when the process ends, also while its parent has not reaped it.
#[derive(Debug)]
pub struct Pidfd {
    fd: OwnedFd,
    pid: Pid,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It returned or exited with this code.
    Code(i32),
    /// A signal with this number ended it.
    Signal(i32),
}

impl Pidfd {
    /// The process that has this pid now; `None` when no process has. Whether it is the one you mean is for you
    /// to know: see [`super::ProcessIdentity`], or open it while it cannot have been reaped.
    ///
    /// # Errors
    /// The system's refusal; `ENOSYS` or `EPERM` where a seccomp filter hides the call.
    ///
    /// # Source
    /// pidfd_open(2).
    pub fn open(pid: Pid) -> Result<Option<Self>, SystemError> {
        let answer = if probe::allows(Feature::PidfdOpen) {
            seam::call("pidfd_open", || pidfd_open(pid, PidfdFlags::empty()))
        } else {
            Err(Errno::NOSYS)
        };
        match answer {
            Ok(fd) => Ok(Some(Self { fd, pid })),
            Err(Errno::SRCH) => Ok(None),
            Err(errno) => Err(SystemError::new("pidfd_open", pid, errno)),
        }
    }

    /// A child of ours, which keeps its pid until we reap it.
    ///
    /// # Errors
    /// As [`Pidfd::open`]; `ESRCH` if it was reaped already.
    pub fn of_child(child: &Child) -> Result<Self, SystemError> {
        let pid = Pid::from_child(child);
        Self::open(pid)?.ok_or_else(|| SystemError::new("pidfd_open", pid, Errno::SRCH))
    }

    /// The sender of a message, from what the kernel stamped on it: `fd` from
    /// [`sender_pidfd`](crate::socket::Arrival::sender_pidfd), `pid` from the credentials beside it.
    pub fn from_stamp(fd: OwnedFd, pid: Pid) -> Self {
        Self { fd, pid }
    }

    /// Another descriptor of the same process.
    ///
    /// # Errors
    /// The system's refusal (`EMFILE`).
    pub fn try_clone(&self) -> Result<Self, SystemError> {
        let fd = attempt("fcntl", self.pid, || rustix::io::fcntl_dupfd_cloexec(&self.fd, 0))?;
        Ok(Self { fd, pid: self.pid })
    }

    /// The process's number, which may be another's once this one has been reaped.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether the process has ended, reaped or not.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn has_exited(&self) -> Result<bool, SystemError> {
        self.wait(Deadline::Now)
    }

    /// Waits for the end of the process, at most until `deadline`; answers whether it has come.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn wait(&self, deadline: Deadline) -> Result<bool, SystemError> {
        let [found] = poll::wait([(self.fd.as_fd(), Readiness::IN)], deadline)?;
        Ok(!found.is_empty())
    }

    /// Sends a signal; answers whether the process was still there to get it. An unreaped one that has ended
    /// counts as there.
    ///
    /// # Errors
    /// The system's refusal (`EPERM`: not ours to signal).
    ///
    /// # Source
    /// pidfd_send_signal(2).
    pub fn send_signal(&self, signal: Signal) -> Result<bool, SystemError> {
        match seam::call("pidfd_send_signal", || pidfd_send_signal(&self.fd, signal)) {
            Ok(()) => Ok(true),
            Err(Errno::SRCH) => Ok(false),
            Err(errno) => Err(SystemError::new("pidfd_send_signal", self.pid, errno)),
        }
    }

    /// A copy of one of the process' descriptors, which stands for the same open file; nothing is opened, so
    /// nobody who waits for an opening is woken. While the copy lives, the process' closing of its own closes
    /// nothing: drop it soon.
    ///
    /// # Errors
    /// The system's refusal: `EPERM` where this process may not trace that one, `EBADF` when the number stands for
    /// nothing, `ESRCH` when the process has ended.
    ///
    /// # Source
    /// pidfd_getfd(2).
    pub fn copy_descriptor(&self, number: RawFd) -> Result<OwnedFd, SystemError> {
        let object = format_args!("descriptor {number} of process {}", self.pid);
        attempt("pidfd_getfd", object, || pidfd_getfd(&self.fd, number, PidfdGetfdFlags::empty()))
    }

    /// Reaps the process, if it is a child of ours: how it ended, or `None` while it runs.
    ///
    /// # Errors
    /// `ECHILD` if it is no child of ours, or was reaped already.
    ///
    /// # Source
    /// waitid(2), `P_PIDFD`.
    pub fn reap(&self) -> Result<Option<Exit>, SystemError> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let status =
            attempt_until_done("waitid", self.pid, || waitid(WaitId::PidFd(self.fd.as_fd()), options))?;
        Ok(status.and_then(|status| match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(Exit::Code(code)),
            (None, signal) => signal.map(Exit::Signal),
        }))
    }

    /// A number that no other process has until the machine restarts: the inode number of the descriptor, where
    /// the kernel gives each process one of its own (Linux 6.9).
    ///
    /// # Errors
    /// The system's refusal.
    pub fn unique_number(&self) -> Result<Option<u64>, SystemError> {
        /// Older kernels give all pidfds one inode of their anonymous file system.
        const PIDFS_MAGIC: i64 = 0x5049_4446;
        let system = attempt_until_done("fstatfs", self.pid, || rustix::fs::fstatfs(&self.fd))?;
        if system.f_type != PIDFS_MAGIC || !probe::allows(Feature::PidfdNumber) {
            return Ok(None);
        }
        let stat = attempt("fstat", self.pid, || rustix::fs::fstat(&self.fd))?;
        Ok(Some(stat.st_ino))
    }
}

impl AsFd for Pidfd {
    /// Readable when the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
