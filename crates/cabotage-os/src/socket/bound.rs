// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether anybody still has the socket behind a name, asked without becoming a client.
//!
//! A connection from a socket of another type never comes about, and the refusal differs: `EPROTOTYPE` where some
//! process has the socket, listening already or not yet, and `ECONNREFUSED` where none has. So whoever listens
//! notices nothing.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{FileType, fstat};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::connect::{ConnectError, open_place};
use crate::directory::Name;
use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// Who has a named socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No process: whoever made it has ended.
    Nobody,
    /// Some process, as a socket for messages (SEQPACKET), as a [`Listener`](super::Listener) is one.
    ForMessages,
    /// Some process, as a socket of another type.
    ForOther,
}

/// Who has the socket that is named `name` in an open directory.
///
/// # Errors
/// [`ConnectError::Missing`], [`ConnectError::NotASocket`], or the system's refusal: `EACCES` where the socket's
/// mode keeps this user out.
///
/// # Source
/// connect(2), unix(7).
pub fn bound_in(directory: impl AsFd, name: &Name) -> Result<Bound, ConnectError> {
    let path = name.as_path();
    let place = open_place(directory.as_fd(), path, path)?;
    let stat = attempt("fstat", path.display(), || fstat(&place))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
        return Err(ConnectError::NotASocket { path: path.into() });
    }
    match ask(place.as_fd(), SocketType::DGRAM, path)? {
        Answer::NobodyIsThere => Ok(Bound::Nobody),
        Answer::SameType => Ok(Bound::ForOther),
        // Not a socket for datagrams. One for a stream would take a client here, ours would not.
        Answer::OtherType => match ask(place.as_fd(), SocketType::STREAM, path)? {
            Answer::OtherType => Ok(Bound::ForMessages),
            _ => Ok(Bound::ForOther),
        },
    }
}

/// What an attempt to connect shows.
enum Answer {
    NobodyIsThere,
    SameType,
    OtherType,
}

/// Tries to connect with a socket of this type.
fn ask(place: BorrowedFd<'_>, of_type: SocketType, path: &Path) -> Result<Answer, SystemError> {
    let detour = format!("/proc/self/fd/{}", place.as_raw_fd());
    let address = attempt("connect", path.display(), || SocketAddrUnix::new(detour.as_str()))?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        attempt("socket", path.display(), || socket_with(AddressFamily::UNIX, of_type, flags, None))?;
    match seam::call_until_done("connect", || connect(&socket, &address)) {
        Err(Errno::CONNREFUSED) => Ok(Answer::NobodyIsThere),
        Err(Errno::PROTOTYPE) => Ok(Answer::OtherType),
        Ok(()) | Err(Errno::AGAIN | Errno::PERM) => Ok(Answer::SameType),
        Err(errno) => Err(SystemError::new("connect", path.display(), errno)),
    }
}
