// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a listener has room for one more client, asked without becoming that client.
//!
//! A connection from a socket that is connected already never comes about, and the kernel looks at the listener before
//! it says so: `ECONNREFUSED` where nobody listens, `EAGAIN` where as many clients wait as may, and `EISCONN` where
//! there is room. So whoever listens notices nothing. The pages do not promise that order: a test holds it.

use std::os::fd::{AsFd, AsRawFd};

use rustix::fs::{FileType, fstat};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socketpair};

use super::connect::{ConnectError, open_place};
use crate::directory::Name;
use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// Whether one more client would be taken, a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It would.
    Free,
    /// As many clients as may are waiting to be accepted.
    Full,
    /// Nobody listens there: the listener is gone, or [takes no more](super::Listener::refuse_more).
    NobodyListens,
}

/// Whether the listener that is named `name` in an open directory has room for one more client.
///
/// # Errors
/// [`ConnectError::Missing`], [`ConnectError::NotASocket`], [`ConnectError::NotMessages`], or the system's refusal:
/// `EACCES` where the socket's mode keeps this user out.
///
/// # Source
/// connect(2), unix(7).
pub fn room_in(directory: impl AsFd, name: &Name) -> Result<Room, ConnectError> {
    let path = name.as_path();
    let place = open_place(directory.as_fd(), path, path)?;
    let stat = attempt("fstat", path.display(), || fstat(&place))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
        return Err(ConnectError::NotASocket { path: path.into() });
    }
    let detour = format!("/proc/self/fd/{}", place.as_raw_fd());
    let address = attempt("connect", path.display(), || SocketAddrUnix::new(detour.as_str()))?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (asker, _other) = attempt("socketpair", path.display(), || {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
    })?;
    match seam::call_until_done("connect", || connect(&asker, &address)) {
        Err(Errno::ISCONN) => Ok(Room::Free),
        Err(Errno::AGAIN) => Ok(Room::Full),
        Err(Errno::CONNREFUSED) => Ok(Room::NobodyListens),
        Err(Errno::PROTOTYPE) => Err(ConnectError::NotMessages { path: path.into() }),
        Err(errno) => Err(SystemError::new("connect", path.display(), errno).into()),
        // No kernel lets a connected socket connect again.
        Ok(()) => Ok(Room::NobodyListens),
    }
}
