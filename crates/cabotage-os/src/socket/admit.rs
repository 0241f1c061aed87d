// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checking a descriptor that a peer says is a link end.
//!
//! Anything with a number can be sent: a socket of the internet, a listening one, a FIFO that blocks. Nothing is
//! read from, written to or waited on before it passed here.

use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, getpeername, sockopt};

use crate::error::{SystemError, attempt};
use crate::seam::Errno;
use crate::socket::Socket;

/// Why a received descriptor was not taken as a socket of ours. The peer's fault, but for [`AdmitError::System`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// It is no socket, or only the name of one (`O_PATH`).
    #[error("the peer handed over a descriptor that is no socket")]
    NotASocket,
    /// It belongs to another address family.
    #[error("the peer's socket is not a unix socket")]
    NotUnix,
    /// It is a stream or datagram socket.
    #[error("the peer's socket does not keep message borders (SEQPACKET)")]
    NotMessages,
    /// It listens.
    #[error("the peer handed over a listening socket, not the end of a connection")]
    Listening,
    /// It is joined to nothing.
    #[error("the peer's socket is not connected")]
    NotConnected,
    /// The kernel refused a question.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Socket {
    /// Takes a descriptor that came from a peer, if it is the end of a SEQPACKET connection; closes it if not.
    /// From now on it stamps what it receives; a message that was already waiting may be unstamped, if who made
    /// the socket broke the rule.
    ///
    /// # Errors
    /// [`AdmitError`] says what it is instead.
    ///
    /// # Source
    /// unix(7), socket(7).
    pub fn admit(fd: OwnedFd) -> Result<Self, AdmitError> {
        const WHAT: &str = "a received descriptor";
        match attempt("getsockopt", WHAT, || sockopt::socket_domain(&fd)) {
            Ok(AddressFamily::UNIX) => {}
            Ok(_) => return Err(AdmitError::NotUnix),
            Err(refusal) if matches!(refusal.errno(), Errno::NOTSOCK | Errno::BADF) => {
                return Err(AdmitError::NotASocket);
            }
            Err(refusal) => return Err(refusal.into()),
        }
        if attempt("getsockopt", WHAT, || sockopt::socket_type(&fd))? != SocketType::SEQPACKET {
            return Err(AdmitError::NotMessages);
        }
        match attempt("getpeername", WHAT, || getpeername(&fd)) {
            Ok(_) => Ok(Self::stamping(fd)?),
            // One that listens is joined to nothing, either.
            Err(refusal) if refusal.errno() == Errno::NOTCONN => {
                match attempt("getsockopt", WHAT, || sockopt::socket_acceptconn(&fd))? {
                    true => Err(AdmitError::Listening),
                    false => Err(AdmitError::NotConnected),
                }
            }
            Err(refusal) => Err(refusal.into()),
        }
    }
}
