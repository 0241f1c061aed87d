// SPDX-License-Identifier: MIT OR Apache-2.0
//! A named socket that clients connect to.
//!
//! It gets its name only once it listens: it is bound under a hidden name, set up, and then moved to the name
//! without ever replacing another. So a name that refuses connections belongs to a server that has ended, never
//! to one that is starting; and names longer than a socket address are no different from short ones.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{AtFlags, Mode, chmodat, chownat, unlinkat};
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{
    AddressFamily, Shutdown, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with,
};
use rustix::process::Gid;

use crate::deadline::Deadline;
use crate::directory::{self, Inode, Name};
use crate::error::{Fault, SystemError, attempt};
use crate::fork::SoleFd;
use crate::poll::{self, Readiness};
use crate::seam::{self, Errno};
use crate::socket::Socket;

/// How a [`Listener`] treats its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    backlog: i32,
    mode: u32,
    group: Option<u32>,
}

impl Default for ListenOptions {
    /// Up to 4,096 clients may wait (or the sysctl net.core.somaxconn, if that is less); only our user may
    /// connect.
    fn default() -> Self {
        Self { backlog: 4095, mode: 0o600, group: None }
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

    /// The group that the name belongs to, and that the middle digit of the mode is about; without one it is the
    /// group of this process. Only root may name a group that this process is not in.
    pub fn group(mut self, gid: u32) -> Self {
        self.group = Some(gid);
        self
    }
}

/// What happens to a name that is taken when a [`Listener`] wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It stays with whoever has it.
    IfFree,
    /// It goes to the listener in one step: at no time does it name nothing. For those who know that it was left
    /// behind.
    Replacing,
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
    /// This process was forked from the one that listens.
    #[error("the listener stayed with the parent when this process was forked: make one of its own")]
    Forked,
    /// The kernel refused. With `EMFILE` the client stays in the queue and the listener stays readable: close
    /// descriptors before you wait for it again.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl AcceptError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nobody => Fault::Peer,
            Self::Forked => Fault::Caller,
            Self::System(_) => Fault::System,
        }
    }
}

/// A socket that clients connect to by name; a forked child does not keep it. Dropping it leaves the name behind, where nobody listens any more:
/// remove it first with [`directory::Directory::remove_if_same`] and [`Listener::inode`].
#[derive(Debug)]
pub struct Listener {
    fd: SoleFd,
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
        Self::bind_by(directory, &directory::hidden_name()?, name, Claim::IfFree, options)
    }

    /// As [`Listener::bind`], but bound first under the name `detour`, which must be free and short (up to 64
    /// bytes), and by choice in place of what has the name.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind_by(
        directory: impl AsFd,
        detour: &Name,
        name: &Name,
        claim: Claim,
        options: ListenOptions,
    ) -> Result<Self, BindError> {
        let directory = directory.as_fd();
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = SoleFd::made_by(|| {
            attempt("socket", name, || socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None))
        })?;
        attempt("setsockopt", "SO_PASSCRED", || set_socket_passcred(&fd, true))?;
        let place = format!("/proc/self/fd/{}/{detour}", directory.as_raw_fd());
        let address = attempt("bind", name, || SocketAddrUnix::new(place.as_str()))?;
        attempt("bind", name, || bind(&fd, &address))?;
        let named = open_for_clients(&fd, directory, detour, options).and_then(|inode| {
            take_name(directory, detour, name, claim)?;
            Ok(inode)
        });
        match named {
            Ok(inode) => Ok(Self { fd, inode }),
            Err(error) => {
                // Best effort: the name is hidden, and the first error is the one to tell.
                let _ = seam::call("unlinkat", || unlinkat(directory, detour.as_c_str(), AtFlags::empty()));
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
        if !self.is_here() {
            return Err(AcceptError::Forked);
        }
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

    /// Takes no more clients from now on: who comes is refused as if nobody listened. Those that wait already are
    /// still to be accepted, and the listener stays readable whether there are any or not.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// shutdown(2). The pages say little of listeners: a test holds what we rely on.
    pub fn refuse_more(&self) -> Result<(), SystemError> {
        attempt("shutdown", "a listener", || rustix::net::shutdown(&self.fd, Shutdown::Read))
    }

    /// The file behind the name, to remove the name only while it is still ours.
    pub fn inode(&self) -> Inode {
        self.inode
    }

    /// Whether this process is the one that listens: false in a forked child.
    pub fn is_here(&self) -> bool {
        self.fd.is_here()
    }
}

impl AsFd for Listener {
    /// Readable when a client waits. In a forked child the number is stale.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Makes the hidden name one that answers: permission first, then clients.
fn open_for_clients(
    fd: &SoleFd,
    directory: BorrowedFd<'_>,
    hidden: &Name,
    options: ListenOptions,
) -> Result<Inode, BindError> {
    if let Some(gid) = options.group {
        let group = Some(Gid::from_raw(gid));
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        attempt("fchownat", format_args!("a socket for group {gid}"), || {
            chownat(directory, hidden.as_c_str(), None, group, flags)
        })?;
    }
    let mode = Mode::from_raw_mode(options.mode);
    attempt("fchmodat", hidden, || chmodat(directory, hidden.as_c_str(), mode, AtFlags::empty()))?;
    let inode = Inode::of_name(directory, hidden)?;
    attempt("listen", hidden, || listen(fd, options.backlog))?;
    Ok(inode)
}

fn take_name(directory: BorrowedFd<'_>, hidden: &Name, name: &Name, claim: Claim) -> Result<(), BindError> {
    let moved = match claim {
        Claim::IfFree => directory::move_without_replacing(directory, hidden, name),
        Claim::Replacing => directory::move_over(directory, hidden, name),
    };
    match moved {
        Err(refusal) if refusal.errno() == Errno::EXIST => Err(BindError::Taken(name.clone())),
        answer => Ok(answer?),
    }
}
