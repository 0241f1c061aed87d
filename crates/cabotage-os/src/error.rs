// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a refused system call tells: the call, the object it was about, and what to do next.
//!
//! Three families of errors exist in Cabotage and are never mixed: the caller's mistake, the peer's fault, the
//! system's refusal. [`Fault`] names them; [`SystemError`] is the third, and the higher crates wrap it.

use std::{fmt, io};

use crate::seam::{self, Errno};

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The calling program asked for something that cannot be: change the call.
    Caller,
    /// The process at the other end broke a rule: that link is over, nothing else is.
    Peer,
    /// The kernel refused: the message names what is short or forbidden.
    System,
}

/// The kernel refused a call.
#[derive(Clone, PartialEq, Eq)]
pub struct SystemError {
    call: &'static str,
    object: Box<str>,
    errno: Errno,
}

impl SystemError {
    /// A refusal of `call`, which was about `object`.
    pub fn new(call: &'static str, object: impl fmt::Display, errno: Errno) -> Self {
        Self { call, object: object.to_string().into(), errno }
    }

    /// The name of the refused system call.
    pub fn call(&self) -> &'static str {
        self.call
    }

    /// What the call was about, in words or as a path.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The kernel's error number.
    pub fn errno(&self) -> Errno {
        self.errno
    }

    /// The error as the standard library classifies it.
    pub fn kind(&self) -> io::ErrorKind {
        io::Error::from(self.errno).kind()
    }

    /// What the reader can do about it; empty when the kernel's own words say enough.
    pub fn advice(&self) -> &'static str {
        match self.errno {
            Errno::MFILE if self.call == "inotify_init1" => {
                "this user has too many watchers: raise the sysctl fs.inotify.max_user_instances, or ulimit -n"
            }
            Errno::MFILE => "this process is out of descriptors: close some, or raise its limit (ulimit -n)",
            Errno::NFILE => "the machine is out of open files: raise the sysctl fs.file-max",
            Errno::NOMEM if self.call == "mmap" => {
                "out of memory or of mappings: raise vm.max_map_count or free some"
            }
            Errno::NOSPC if self.call.starts_with("inotify") => {
                "raise the sysctl fs.inotify.max_user_watches"
            }
            Errno::NOSPC => "the file system is full: free some, or in a container give it more (--shm-size)",
            Errno::ACCESS | Errno::PERM => "check who owns it and its mode bits",
            Errno::NOSYS => "this kernel lacks the call, or a seccomp filter hides it",
            Errno::TOOMANYREFS => "too many descriptors are in flight for this user: raise ulimit -n",
            _ => "",
        }
    }
}

impl fmt::Debug for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemError({self})")
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = io::Error::from(self.errno);
        write!(f, "{} of {} was refused: {reason}", self.call, self.object)?;
        match self.advice() {
            "" => Ok(()),
            advice => write!(f, "; {advice}"),
        }
    }
}

impl std::error::Error for SystemError {}

impl From<SystemError> for io::Error {
    /// Keeps the kernel's error number (`raw_os_error`), so the words about call and object are lost: convert
    /// late.
    fn from(error: SystemError) -> Self {
        Self::from_raw_os_error(error.errno.raw_os_error())
    }
}

/// Runs a system call through the [seam](seam::call) and names `object` in the refusal.
#[inline]
pub(crate) fn attempt<T>(
    call: &'static str,
    object: impl fmt::Display,
    act: impl FnOnce() -> Result<T, Errno>,
) -> Result<T, SystemError> {
    seam::call(call, act).map_err(|errno| SystemError::new(call, object, errno))
}

/// Like [`attempt`], and asks again for as long as a signal interrupts the call.
#[inline]
pub(crate) fn attempt_until_done<T>(
    call: &'static str,
    object: impl fmt::Display,
    act: impl FnMut() -> Result<T, Errno>,
) -> Result<T, SystemError> {
    seam::call_until_done(call, act).map_err(|errno| SystemError::new(call, object, errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_call_the_object_and_the_next_step() {
        let error = SystemError::new("memfd_create", "an outbox", Errno::MFILE);
        let text = error.to_string();
        assert!(
            text.contains("memfd_create") && text.contains("an outbox") && text.contains("ulimit -n"),
            "{text}"
        );
    }

    #[test]
    fn the_error_number_survives_the_way_into_std() {
        let error = SystemError::new("open", "x", Errno::NOENT);
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(io::Error::from(error).raw_os_error(), Some(Errno::NOENT.raw_os_error()));
    }
}
