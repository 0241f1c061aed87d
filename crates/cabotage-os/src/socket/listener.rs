// SPDX-License-Identifier: MIT OR Apache-2.0
//! A named socket that clients connect to.
//!
//! It gets its name only once it listens: it is bound under a hidden name, set up, and then moved to the name
//! without ever replacing another. So a name that refuses connections belongs to a server that has ended, never
//! to one that is starting; and names longer than a socket address are no different from short ones.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, chmodat, unlinkat};
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with,
};

use crate::deadline::Deadline;
use crate::directory::{self, Inode, Name};
use crate::error::{SystemError, attempt};
use crate::poll::{self, Readiness};
use crate::seam::{self, Errno};
use crate::socket::Socket;

/// How a [`Listener`] treats its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    backlog: i32,
    mode: u32,
}

impl Default for ListenOptions {
    /// Up to 4,096 clients may wait (or the sysctl net.core.somaxconn, if that is less); only our user may
    /// connect.
    fn default() -> Self {
        Self { backlog: 4095, mode: 0o600 }
    }
}

impl ListenOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many clients may be connected and not yet accepted; at least one, since a listener always takes one.
    pub fn waiting_max(mut self, clients: u32) -> Self {
        // The kernel compares with "more than", so its backlog of 0 has room for one.
        self.backlog = i32::try_from(clients.saturating_sub(1)).unwrap_or(i32::MAX);
        self
    }

    /// Who may connect: the permission bits of the name, exactly, whatever the umask. Write permission is what a
    /// client needs.
    pub fn mode(mut self, bits: u32) -> Self {
        self.mode = bits & 0o777;
        self
    }
}

/// Why a name was not given to a listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The name is taken, by whatever it may be.
    #[error("the name {0} is taken: choose another, or remove it if nobody listens there")]
    Taken(Name),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why no client was accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// None came until the deadline.
    #[error("no client came until the deadline")]
    Nobody,
    /// The kernel refused. With `EMFILE` the client stays in the queue and the listener stays readable: close
    /// descriptors before you wait for it again.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// A socket that clients connect to by name. Dropping it leaves the name behind, where nobody listens any more:
/// remove it first with [`directory::Directory::remove_if_same`] and [`Listener::inode`].
#[derive(Debug)]
pub struct Listener {
    fd: OwnedFd,
    inode: Inode,
}

impl Listener {
    /// Listens under `name` in an open directory, which must lie on a file system that can hold sockets.
    ///
    /// # Errors
    /// [`BindError`]; nothing is left behind. `ENOENT` from the call named `bind` means that /proc is not
    /// mounted.
    ///
    /// # Source
    /// unix(7), listen(2).
    pub fn bind(directory: impl AsFd, name: &Name, options: ListenOptions) -> Result<Self, BindError> {
        let directory = directory.as_fd();
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd =
            attempt("socket", name, || socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None))?;
        attempt("setsockopt", "SO_PASSCRED", || set_socket_passcred(&fd, true))?;
        let hidden = directory::hidden_name()?;
        let detour = format!("/proc/self/fd/{}/{hidden}", directory.as_raw_fd());
        let address = attempt("bind", name, || SocketAddrUnix::new(detour.as_str()))?;
        attempt("bind", name, || bind(&fd, &address))?;
        match open_for_clients(&fd, directory, &hidden, name, options) {
            Ok(inode) => Ok(Self { fd, inode }),
            Err(error) => {
                // Best effort: the name is hidden, and the first error is the one to tell.
                let _ = seam::call("unlinkat", || unlinkat(directory, hidden.as_c_str(), AtFlags::empty()));
                Err(error)
            }
        }
    }

    /// The next client that waits, or the first to come until `deadline`. Its end stamps what it receives, also
    /// what the client sent before it was accepted.
    ///
    /// # Errors
    /// [`AcceptError`].
    ///
    /// # Source
    /// accept(2).
    pub fn accept(&self, deadline: Deadline) -> Result<Socket, AcceptError> {
        loop {
            match seam::call_until_done("accept4", || accept_with(&self.fd, SocketFlags::CLOEXEC)) {
                Ok(fd) => return Ok(Socket::sole(fd)?),
                Err(Errno::AGAIN) if deadline.has_passed() => return Err(AcceptError::Nobody),
                Err(Errno::AGAIN) => {
                    poll::wait([(self.as_fd(), Readiness::IN)], deadline)?;
                }
                Err(errno) => return Err(SystemError::new("accept4", "a listener", errno).into()),
            }
        }
    }

    /// The file behind the name, to remove the name only while it is still ours.
    pub fn inode(&self) -> Inode {
        self.inode
    }
}

impl AsFd for Listener {
    /// Readable when a client waits.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// From a hidden name to one that answers. Permission first, then clients, then the name.
fn open_for_clients(
    fd: &OwnedFd,
    directory: BorrowedFd<'_>,
    hidden: &Name,
    name: &Name,
    options: ListenOptions,
) -> Result<Inode, BindError> {
    let mode = Mode::from_raw_mode(options.mode);
    attempt("fchmodat", name, || chmodat(directory, hidden.as_c_str(), mode, AtFlags::empty()))?;
    let inode = Inode::of_name(directory, hidden)?;
    attempt("listen", name, || listen(fd, options.backlog))?;
    match directory::move_without_replacing(directory, hidden, name) {
        Ok(()) => Ok(inode),
        Err(refusal) if refusal.errno() == Errno::EXIST => Err(BindError::Taken(name.clone())),
        Err(refusal) => Err(refusal.into()),
    }
}
