// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, in the kernel's words.
//!
//! Two questions with two answers. *Who made the other end?* is what [`Socket::peer`] and its sisters tell: the
//! process that called `socketpair`, `connect` or `listen`; the answer stays the same however often the end is
//! passed on since. *Who sent this message?* is the stamp on each message ([`crate::socket::Arrival`]), and the
//! only one to build on after an end has changed hands.

use std::mem::size_of;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use crate::error::SystemError;
use crate::probe::{self, Feature};
use crate::seam::Errno;
use crate::socket::Socket;
use crate::socket::option;

/// A process and its user, as the kernel stamped them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The process, numbered as in our pid namespace; 0 when it has no number here or was not stamped.
    pub pid: i32,
    /// Its user, numbered as in our user namespace; the overflow user (65534 by default) when it has none here.
    pub uid: u32,
    /// Its group, likewise.
    pub gid: u32,
}

impl Credentials {
    /// The bytes of a kernel's `struct ucred`.
    pub(super) const BYTES: usize = 12;

    pub(super) fn from_kernel(raw: [u8; Self::BYTES]) -> Self {
        let word = |at: usize| [raw[at], raw[at + 1], raw[at + 2], raw[at + 3]];
        Self {
            pid: i32::from_ne_bytes(word(0)),
            uid: u32::from_ne_bytes(word(4)),
            gid: u32::from_ne_bytes(word(8)),
        }
    }

    /// Whether the kernel named a process that we can see. A message sent before this end asked for stamps, or
    /// from outside our pid namespace, has none.
    pub fn names_a_process(&self) -> bool {
        self.pid > 0
    }
}

impl Socket {
    /// Who made the other end, at the time it did.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unix(7), `SO_PEERCRED`.
    pub fn peer(&self) -> Result<Credentials, SystemError> {
        let mut raw = [0; Credentials::BYTES];
        option::get(self.as_fd(), libc::SO_PEERCRED, &mut raw)?;
        Ok(Credentials::from_kernel(raw))
    }

    /// The supplementary groups of the process that made the other end.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unix(7), `SO_PEERGROUPS`.
    pub fn peer_groups(&self) -> Result<Vec<u32>, SystemError> {
        let mut raw = vec![0; 32 * size_of::<u32>()];
        loop {
            match option::get(self.as_fd(), libc::SO_PEERGROUPS, &mut raw) {
                Ok(bytes) => {
                    raw.truncate(bytes);
                    return Ok(raw.as_chunks().0.iter().map(|group| u32::from_ne_bytes(*group)).collect());
                }
                // 65,536 groups are the kernel's own limit (NGROUPS_MAX).
                Err(refusal) if refusal.errno() == Errno::RANGE && raw.len() < 65_536 * size_of::<u32>() => {
                    raw.resize(raw.len() * 8, 0);
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// A pidfd of the process that made the other end; `None` when the kernel gives none: before Linux 6.5, and
    /// before 6.16 also when that process is gone.
    ///
    /// # Errors
    /// The system's refusal, `EMFILE` among them.
    ///
    /// # Source
    /// unix(7), `SO_PEERPIDFD`.
    pub fn peer_pidfd(&self) -> Result<Option<OwnedFd>, SystemError> {
        if !probe::allows(Feature::PeerPidfd) {
            return Ok(None);
        }
        let mut raw = [0; size_of::<i32>()];
        match option::get(self.as_fd(), libc::SO_PEERPIDFD, &mut raw) {
            Ok(_) => {}
            Err(refusal) if refusal.errno() == Errno::NOPROTOOPT => {
                probe::learn(Feature::PeerPidfd, false);
                return Ok(None);
            }
            Err(refusal) if matches!(refusal.errno(), Errno::SRCH | Errno::INVAL | Errno::NODATA) => {
                return Ok(None);
            }
            Err(refusal) => return Err(refusal),
        }
        // SAFETY: getsockopt succeeded, so the kernel installed this descriptor for us and nobody else owns it.
        // Pidfds are close-on-exec from birth.
        Ok(Some(unsafe { OwnedFd::from_raw_fd(i32::from_ne_bytes(raw)) }))
    }

    /// Whether messages received from now on carry a pidfd of their sender; answers what holds now. It costs a
    /// descriptor a message, so ask for the first message of a peer only. Without the kernel's help (before Linux
    /// 6.5) this is always false.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unix(7), `SO_PASSPIDFD`.
    pub fn ask_for_pidfds(&self, wanted: bool) -> Result<bool, SystemError> {
        let granted = option::set_if_known(self.as_fd(), Feature::ScmPidfd, libc::SO_PASSPIDFD, wanted)?;
        Ok(granted && wanted)
    }

    /// Whether the peer may send descriptors: once refused, *its* call fails with
    /// [`DescriptorsRefused`](crate::socket::SendError::DescriptorsRefused). Answers whether the kernel does that
    /// (Linux 6.16); without it, receive and drop them.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unix(7), `SO_PASSRIGHTS`.
    pub fn accept_descriptors(&self, wanted: bool) -> Result<bool, SystemError> {
        option::set_if_known(self.as_fd(), Feature::PassRights, option::PASS_RIGHTS, wanted)
    }
}
