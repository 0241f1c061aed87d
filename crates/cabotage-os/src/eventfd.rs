// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bell within one process: one thread rings it, and who waits on its descriptor is told.
//!
//! Never give it to another process: both would share one count, and a peer could make the ring of the other block or
//! be lost. Processes ring each other by their sockets.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::EventfdFlags;

use crate::error::{SystemError, attempt};
use crate::fork::SoleFd;
use crate::seam::{self, Errno};

/// A bell. Its descriptor is readable from a ring until it is [silenced](EventFd::silence).
///
/// A forked child has no part in it: there ringing and silencing do nothing.
#[derive(Debug)]
pub struct EventFd {
    fd: SoleFd,
}

impl EventFd {
    /// One that was not rung.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// eventfd2(2).
    pub fn new() -> Result<Self, SystemError> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let make = || attempt("eventfd2", "a bell", || rustix::event::eventfd(0, flags));
        Ok(Self { fd: SoleFd::made_by(make)? })
    }

    /// Rings; one that rings already goes on.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// eventfd2(2): a count at its end answers `EAGAIN`, and is rung.
    pub fn ring(&self) -> Result<(), SystemError> {
        if !self.fd.is_here() {
            return Ok(());
        }
        let one = 1_u64.to_ne_bytes();
        unless_blocked("write", seam::call_until_done("write", || rustix::io::write(&self.fd, &one)))
    }

    /// Ends the ringing, if there is any.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn silence(&self) -> Result<(), SystemError> {
        if !self.fd.is_here() {
            return Ok(());
        }
        let mut count = [0; 8];
        unless_blocked("read", seam::call_until_done("read", || rustix::io::read(&self.fd, &mut count)))
    }
}

fn unless_blocked(call: &'static str, answer: Result<usize, Errno>) -> Result<(), SystemError> {
    match answer {
        Ok(_) | Err(Errno::AGAIN) => Ok(()),
        Err(errno) => Err(SystemError::new(call, "a bell", errno)),
    }
}

impl AsFd for EventFd {
    /// In a forked child the number is stale.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::Deadline;
    use crate::poll::{self, Readiness};

    fn rings(bell: &EventFd) -> bool {
        let [seen] = poll::wait([(bell.as_fd(), Readiness::IN)], Deadline::Now).unwrap();
        seen.contains(Readiness::IN)
    }

    #[test]
    fn a_bell_rings_until_it_is_silenced_however_often_it_was_rung() {
        let bell = EventFd::new().unwrap();
        assert!(!rings(&bell));
        bell.silence().unwrap();
        bell.ring().unwrap();
        bell.ring().unwrap();
        assert!(rings(&bell));
        bell.silence().unwrap();
        assert!(!rings(&bell));
    }

    #[test]
    fn an_interrupted_ring_is_rung_and_a_refused_one_told() {
        let bell = EventFd::new().unwrap();
        {
            let _plan = seam::fail_nth(0, Errno::INTR);
            bell.ring().unwrap();
        }
        assert!(rings(&bell));
        let _plan = seam::fail_nth(0, Errno::IO);
        assert_eq!(bell.silence().unwrap_err().call(), "read");
    }
}
