// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client that calls at one listener after another until one has room: one socket for all attempts, and none of them
//! waits.
//!
//! An attempt that is refused leaves the socket as it was. Each listener's name is opened as a mere place first
//! (`O_PATH`), so no symbolic link is followed.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::net::{SocketAddrUnix, connect};

use super::Socket;
use super::connect::{ConnectError, new_socket, open_place};
use crate::directory::Name;
use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// One socket that calls at one listener after another until one has room. An attempt that is refused leaves it as it
/// was, and none waits.
#[derive(Debug)]
pub struct Caller {
    socket: OwnedFd,
}

impl Caller {
    /// One who has not called anywhere yet.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn new() -> Result<Self, SystemError> {
        Ok(Self { socket: new_socket("a caller")? })
    }

    /// Connects to the socket that is named `name` in an open directory, if it has room for one more client now.
    ///
    /// # Errors
    /// [`ConnectError`]: after all of them it may call elsewhere. What is no socket counts as one at which nobody
    /// listens.
    ///
    /// # Source
    /// connect(2), unix(7).
    pub fn call(&self, directory: impl AsFd, name: &Name) -> Result<(), ConnectError> {
        let path = name.as_path();
        let place = open_place(directory.as_fd(), path, path)?;
        let detour = format!("/proc/self/fd/{}", place.as_raw_fd());
        let address = attempt("connect", path.display(), || SocketAddrUnix::new(detour.as_str()))?;
        match seam::call_until_done("connect", || connect(&self.socket, &address)) {
            Ok(()) => Ok(()),
            Err(Errno::AGAIN) => Err(ConnectError::Busy { path: path.into() }),
            Err(Errno::CONNREFUSED) => Err(ConnectError::NobodyListens { path: path.into() }),
            Err(Errno::PROTOTYPE) => Err(ConnectError::NotMessages { path: path.into() }),
            Err(errno) => Err(SystemError::new("connect", path.display(), errno).into()),
        }
    }

    /// The connection, after a call that was taken.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn into_socket(self) -> Result<Socket, SystemError> {
        Socket::sole(self.socket)
    }
}
