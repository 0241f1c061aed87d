// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets that carry messages, descriptors and the kernel's word on who sent them.
//!
//! Only one kind is used: `AF_UNIX`, `SOCK_SEQPACKET`. A message arrives whole or not at all; the other end's
//! death is a hang-up that comes after its last message. The rules that make it safe against a hostile peer:
//!
//! - Whoever makes a socket asks for credentials on both ends before anything is sent ([`Socket::pair`],
//!   [`Socket::connect`] and [`Listener`] do), so no message is ever unstamped.
//! - No empty message is sent: it would read like a hang-up.
//! - Each call says for itself that it does not wait (`MSG_DONTWAIT`): `O_NONBLOCK` belongs to everyone who holds
//!   a copy of the end, and means nothing here.
//! - A received descriptor is owned at once, so no path leaks one.

mod admit;
mod bound;
mod caller;
mod connect;
mod credentials;
mod listener;
mod message;
mod option;
mod room;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType, socketpair, sockopt};

use crate::deadline::Deadline;
use crate::error::{Fault, SystemError, attempt};
use crate::fork::{SoleFd, undivided};
use crate::poll::{self, Readiness};
use crate::seam::Errno;

pub use admit::AdmitError;
pub use bound::{Bound, bound_in};
pub use caller::Caller;
pub use connect::ConnectError;
pub use credentials::Credentials;
pub use listener::{AcceptError, BindError, Claim, ListenOptions, Listener};
pub use message::{Arrival, MESSAGE_DESCRIPTORS_MAX};
pub use room::{Room, room_in};

/// One end of a connection that carries messages. It has one holder: a forked child gets no copy.
#[derive(Debug)]
pub struct Socket {
    fd: SoleFd,
}

/// What a bell message holds. Nobody looks at it: that it arrives is the news.
const BELL: [u8; 1] = [0];

impl Socket {
    /// Two ends joined to each other; both stamp what they receive with its sender's credentials.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// socketpair(2), unix(7).
    pub fn pair() -> Result<(Self, Self), SystemError> {
        undivided(|| {
            let (one, other) = attempt("socketpair", "two joined ends", || {
                socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            })?;
            Ok((Self::stamping(one)?, Self::stamping(other)?))
        })
    }

    /// Whether this process may use the socket: false in a forked child.
    #[inline]
    pub fn is_here(&self) -> bool {
        self.fd.is_here()
    }

    /// The end as a plain descriptor, to be given to another process. `None` in a forked child, where it is closed
    /// already.
    pub fn into_fd(self) -> Option<OwnedFd> {
        self.fd.into_fd()
    }

    /// Asks for credentials on every message that `fd` will receive.
    fn stamping(fd: OwnedFd) -> Result<Self, SystemError> {
        attempt("setsockopt", "SO_PASSCRED", || sockopt::set_socket_passcred(&fd, true))?;
        Self::sole(fd)
    }

    /// A socket that no forked child keeps.
    fn sole(fd: OwnedFd) -> Result<Self, SystemError> {
        Ok(Self { fd: SoleFd::new(fd)? })
    }

    /// Sends one message: all of `bytes` and copies of `descriptors`, or nothing. Waits for room at most until
    /// `deadline`.
    ///
    /// A descriptor in flight counts against this user until it is received: with as many as the soft limit of
    /// descriptors in flight, the next one is refused (`ETOOMANYREFS`).
    ///
    /// # Errors
    /// [`SendError`]; in every case nothing was sent.
    ///
    /// # Source
    /// unix(7), sendmsg(2).
    pub fn send(
        &self,
        bytes: &[u8],
        descriptors: &[BorrowedFd<'_>],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        if bytes.is_empty() {
            return Err(SendError::Empty);
        }
        if descriptors.len() > MESSAGE_DESCRIPTORS_MAX {
            return Err(SendError::TooManyDescriptors { given: descriptors.len() });
        }
        loop {
            match message::send(self.as_fd(), bytes, descriptors) {
                Ok(()) => return Ok(()),
                Err(Errno::AGAIN) if deadline.has_passed() => return Err(SendError::Full),
                Err(Errno::AGAIN) => self.wait(Readiness::OUT, deadline)?,
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => return Err(SendError::PeerGone),
                Err(Errno::MSGSIZE) => return Err(SendError::TooLarge { bytes: bytes.len() }),
                Err(Errno::PERM) if !descriptors.is_empty() => return Err(SendError::DescriptorsRefused),
                Err(errno) => {
                    let what = format_args!("a message of {} bytes", bytes.len());
                    return Err(SystemError::new("sendmsg", what, errno).into());
                }
            }
        }
    }

    /// Sends one message as a peer may that does not use this library: its descriptors in two control messages. For
    /// tests of receivers.
    ///
    /// # Errors
    /// [`SendError::PeerGone`], or the system's refusal; nothing was sent.
    ///
    /// # Source
    /// unix(7), sendmsg(2).
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn send_in_parts(&self, bytes: &[u8], parts: &[&[BorrowedFd<'_>]]) -> Result<(), SendError> {
        message::send_in_parts(self.as_fd(), bytes, parts).map_err(|errno| match errno {
            Errno::PIPE | Errno::CONNRESET => SendError::PeerGone,
            errno => SystemError::new("sendmsg", "a message in parts", errno).into(),
        })
    }

    /// Rings the peer's bell: a message of one byte, never waiting. With no room for it the bell counts as rung,
    /// since then the peer has messages to wake up for.
    ///
    /// # Errors
    /// [`SendError::PeerGone`], or the system's refusal.
    pub fn ring(&self) -> Result<(), SendError> {
        match self.send(&BELL, &[], Deadline::Now) {
            Err(SendError::Full) => Ok(()),
            answer => answer,
        }
    }

    /// Receives one message into `buffer`, with its descriptors and its sender's credentials. Waits at most until
    /// `deadline`. A message longer than the buffer is cut, and the [`Arrival`] says so.
    ///
    /// Keep 256 descriptors free: those for which the table has no room are lost, and the [`Arrival`] says only
    /// that some were.
    ///
    /// # Errors
    /// [`ReceiveError::HungUp`] after the last message of a peer that is gone.
    ///
    /// # Source
    /// unix(7), recvmsg(2).
    pub fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> Result<Arrival, ReceiveError> {
        loop {
            match message::receive(self.as_fd(), buffer) {
                Ok(Some(arrival)) => return Ok(arrival),
                Ok(None) | Err(Errno::NOTCONN) => return Err(ReceiveError::HungUp),
                // Told once, when the peer died with messages of ours unread, and before its own last messages.
                Err(Errno::CONNRESET) => {}
                Err(Errno::AGAIN) if deadline.has_passed() => return Err(ReceiveError::Nothing),
                Err(Errno::AGAIN) => self.wait(Readiness::IN, deadline)?,
                Err(errno) => return Err(SystemError::new("recvmsg", "a message", errno).into()),
            }
        }
    }

    /// As [`Socket::receive`], for one who knows that nothing is there yet: sleeps first, and in the kernel's own
    /// receive where the deadline allows, which is one call and not three.
    ///
    /// # Errors
    /// As [`Socket::receive`].
    pub fn sleep_and_receive(&self, buffer: &mut [u8], deadline: Deadline) -> Result<Arrival, ReceiveError> {
        if deadline != Deadline::Never {
            self.wait(Readiness::IN, deadline)?;
            return self.receive(buffer, deadline);
        }
        match message::receive_or_sleep(self.as_fd(), buffer) {
            Ok(Some(arrival)) => Ok(arrival),
            Ok(None) | Err(Errno::NOTCONN) => Err(ReceiveError::HungUp),
            // Nothing is wrong yet: somebody made the open file non-blocking, or the peer's death is told first.
            Err(Errno::AGAIN | Errno::CONNRESET) => self.receive(buffer, deadline),
            Err(errno) => Err(SystemError::new("recvmsg", "a message", errno).into()),
        }
    }

    /// Whether the other end is gone, for whatever reason. Its last messages may still be unread.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn has_hung_up(&self) -> Result<bool, SystemError> {
        let [found] = poll::wait([(self.as_fd(), Readiness::empty())], Deadline::Now)?;
        Ok(found.intersects(Readiness::HUP | Readiness::ERR))
    }

    /// Hangs up for both ends, and wakes whoever waits at either. What was sent before stays readable.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// shutdown(2).
    pub fn hang_up(&self) -> Result<(), SystemError> {
        attempt("shutdown", "a socket", || rustix::net::shutdown(&self.fd, Shutdown::Both))
    }

    /// How many bytes of messages the kernel holds for this end's peer before [`SendError::Full`], its own
    /// bookkeeping included; also the limit of a single message.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn send_buffer_bytes(&self) -> Result<usize, SystemError> {
        attempt("getsockopt", "SO_SNDBUF", || sockopt::socket_send_buffer_size(&self.fd))
    }

    fn wait(&self, interest: Readiness, deadline: Deadline) -> Result<(), SystemError> {
        poll::wait([(self.as_fd(), interest)], deadline).map(|_| ())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It had no byte.
    #[error("an empty message would read like a hang-up: send at least one byte")]
    Empty,
    /// It had more descriptors than one message can carry.
    #[error("{given} descriptors do not fit a message: send at most {MESSAGE_DESCRIPTORS_MAX} at a time")]
    TooManyDescriptors {
        /// How many were given.
        given: usize,
    },
    /// It is larger than the socket's buffer.
    #[error("a message of {bytes} bytes is larger than the socket's buffer: send it in parts or by memory")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// There was no room for it until the deadline: the peer does not read.
    #[error("the peer left no room for a message until the deadline")]
    Full,
    /// The peer does not take descriptors on this socket.
    #[error("the peer takes no descriptors here")]
    DescriptorsRefused,
    /// The peer is gone.
    #[error("the peer is gone")]
    PeerGone,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl SendError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Empty | Self::TooManyDescriptors { .. } | Self::TooLarge { .. } => Fault::Caller,
            Self::Full | Self::DescriptorsRefused | Self::PeerGone => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

/// Why no message was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// None came until the deadline.
    #[error("no message came until the deadline")]
    Nothing,
    /// The peer is gone and all of its messages were received.
    #[error("the peer is gone")]
    HungUp,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}
