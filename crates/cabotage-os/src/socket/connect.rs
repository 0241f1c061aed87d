// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connecting to a socket that has a name, however long its path is.
//!
//! A socket address holds 107 bytes of path. So the name is first opened as a mere place (`O_PATH`, no symbolic
//! link followed), looked at, and then reached through /proc/self/fd: that takes paths of any length, names
//! relative to a directory, and sockets whose name is gone, and what was looked at is what is connected to.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::net::sockopt::{Timeout, set_socket_passcred, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::deadline::Deadline;
use crate::directory::Name;
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::seam::{self, Errno};
use crate::socket::Socket;

/// Why a connection did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing has that name.
    #[error("nothing is named {path:?}: start the server first")]
    Missing {
        /// The name.
        path: PathBuf,
    },
    /// Something else than a socket has that name (a symbolic link is never followed).
    #[error("{path:?} is no socket")]
    NotASocket {
        /// The name.
        path: PathBuf,
    },
    /// A socket of another type has that name.
    #[error("{path:?} is a socket, but not one for messages (SEQPACKET)")]
    NotMessages {
        /// The name.
        path: PathBuf,
    },
    /// The socket is there, but whoever made it does not listen any more.
    #[error("nobody listens at {path:?}: its server has ended; start it again")]
    NobodyListens {
        /// The name.
        path: PathBuf,
    },
    /// As many clients as the server wants are waiting, until the deadline.
    #[error("the server at {path:?} left no room for one more client until the deadline")]
    Busy {
        /// The name.
        path: PathBuf,
    },
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Socket {
    /// Connects to the socket at `path`. Waits for room among the clients that wait there, at most until
    /// `deadline`; not for the server to accept: the connection holds, and takes messages, before it does.
    ///
    /// # Errors
    /// [`ConnectError`]. `ENOENT` from the call named `connect` means that /proc is not mounted.
    ///
    /// # Source
    /// connect(2), unix(7).
    pub fn connect(path: &Path, deadline: Deadline) -> Result<Self, ConnectError> {
        let place = open_place(CWD, path, path)?;
        connect_to(place.as_fd(), path, deadline)
    }

    /// Connects to the socket that is named `name` in an open directory, as [`Socket::connect`] does.
    ///
    /// # Errors
    /// As [`Socket::connect`].
    pub fn connect_in(directory: impl AsFd, name: &Name, deadline: Deadline) -> Result<Self, ConnectError> {
        let path = name.as_path();
        let place = open_place(directory.as_fd(), path, path)?;
        connect_to(place.as_fd(), path, deadline)
    }

    /// Connects to the listening socket that `place` was opened on with `O_PATH`, even when its name is gone.
    ///
    /// # Errors
    /// As [`Socket::connect`].
    pub fn connect_to(place: impl AsFd, deadline: Deadline) -> Result<Self, ConnectError> {
        connect_to(place.as_fd(), Path::new("(an open place)"), deadline)
    }
}

pub(super) fn open_place(
    directory: BorrowedFd<'_>,
    name: &Path,
    path: &Path,
) -> Result<OwnedFd, ConnectError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    attempt_until_done("openat", path.display(), || openat(directory, name, flags, Mode::empty())).map_err(
        |refusal| match refusal.errno() {
            Errno::NOENT => ConnectError::Missing { path: path.into() },
            _ => refusal.into(),
        },
    )
}

fn connect_to(place: BorrowedFd<'_>, path: &Path, deadline: Deadline) -> Result<Socket, ConnectError> {
    let stat = attempt("fstat", path.display(), || fstat(place))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
        return Err(ConnectError::NotASocket { path: path.into() });
    }
    let detour = format!("/proc/self/fd/{}", place.as_raw_fd());
    let address = attempt("connect", path.display(), || SocketAddrUnix::new(detour.as_str()))?;
    let socket = new_socket(path.display())?;
    let answer = match seam::call("connect", || connect(&socket, &address)) {
        Err(Errno::AGAIN | Errno::INTR) if !deadline.has_passed() => {
            wait_for_room(&socket, &address, deadline)?
        }
        answer => answer,
    };
    match answer {
        Ok(()) => {
            // From here on it sleeps in the kernel's own receive, which takes one call where others take three.
            block(&socket)?;
            Ok(Socket::sole(socket)?)
        }
        Err(Errno::AGAIN) => Err(ConnectError::Busy { path: path.into() }),
        Err(Errno::CONNREFUSED) => Err(ConnectError::NobodyListens { path: path.into() }),
        Err(Errno::PROTOTYPE) => Err(ConnectError::NotMessages { path: path.into() }),
        Err(errno) => Err(SystemError::new("connect", path.display(), errno).into()),
    }
}

/// A socket that stamps what it receives from the first message on, and whose first attempt does not wait.
pub(super) fn new_socket(what: impl fmt::Display) -> Result<OwnedFd, SystemError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        attempt("socket", what, || socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None))?;
    attempt("setsockopt", "SO_PASSCRED", || set_socket_passcred(&socket, true))?;
    Ok(socket)
}

/// Lets calls on the socket wait that don't say otherwise.
fn block(socket: &OwnedFd) -> Result<(), SystemError> {
    attempt("ioctl", "FIONBIO", || rustix::io::ioctl_fionbio(socket, false))
}

/// Waits in the kernel's own queue. Nothing can be polled for room at a listener, so the deadline goes into the
/// socket's send time-out, which no one else shares yet.
fn wait_for_room(
    socket: &OwnedFd,
    address: &SocketAddrUnix,
    deadline: Deadline,
) -> Result<Result<(), Errno>, SystemError> {
    block(socket)?;
    loop {
        let patience = deadline.remaining().filter(|left| !left.is_zero());
        if patience.is_none() && deadline.has_passed() {
            return Ok(Err(Errno::AGAIN));
        }
        attempt("setsockopt", "SO_SNDTIMEO", || set_socket_timeout(socket, Timeout::Send, patience))?;
        match seam::call("connect", || connect(socket, address)) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            answer => return Ok(answer),
        }
    }
}
