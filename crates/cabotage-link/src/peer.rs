// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, as the kernel stamped it on the peer's HELLO.
//!
//! **Exact:** the process, user and group ([`Peer::pid`], [`Peer::uid`], [`Peer::gid`]) are those of whoever sent
//! the HELLO, at the moment it did. A process may choose which of its own users it shows (real, effective, saved);
//! it can show those of others only with the capabilities to become them. The number may be another process's by
//! the time it is looked at: to act on the process, take [`Peer::pidfd`].
//!
//! **The groups** ([`Peer::groups`]) are those of whoever *made* the other end, so they are told only when that is
//! the sender too. Whoever makes an end and hands it on lends its groups with it, if the taker has its number.
//!
//! **The pidfd** is exact when the kernel sent one with the HELLO, and when it keeps one of whoever made the other
//! end (Linux 6.5) and that process, which still runs, has the sender's number: it had it all along, so it is the
//! sender. In the remaining case, an older kernel or an end that was handed on, the number is looked up, and the
//! process found counts as the sender if it started before the HELLO came. That is wrong only if the sender ended
//! before its HELLO was received and its number was given away in that time (or within the same hundredth of a
//! second): who must exclude that asks for a pidfd with the HELLO.

use cabotage_os::probe::{self, Feature};
use cabotage_os::process::{self, IdentityError, Pid, Pidfd, ProcessIdentity};
use cabotage_os::socket::{Arrival, Credentials, Socket};
use cabotage_os::{Fault, SystemError};

use crate::quota::{Owner, ProcessKey};

/// The process at the other end of a link.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'link> {
    stamp: &'link Stamp,
    socket: &'link Socket,
}

/// What came with a peer's HELLO: who it is.
#[derive(Debug)]
pub(crate) struct Stamp {
    pid: Pid,
    uid: u32,
    gid: u32,
    /// The sender itself, where a pidfd was asked for.
    pidfd: Option<Pidfd>,
    /// When the HELLO was received: the sender had started by then.
    received_ticks: u64,
}

impl Stamp {
    /// Takes who sent a HELLO from what the kernel said beside it; `None` when it could not say
    /// ([`is_identified`]).
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn take(hello: &mut Arrival) -> Result<Option<Self>, SystemError> {
        let Some(sender) = hello.sender else { return Ok(None) };
        if !is_identified(&sender)? {
            return Ok(None);
        }
        let Some(pid) = Pid::from_raw(sender.pid) else { return Ok(None) };
        Ok(Some(Self {
            pid,
            uid: sender.uid,
            gid: sender.gid,
            pidfd: hello.sender_pidfd.take().map(|fd| Pidfd::from_stamp(fd, pid)),
            received_ticks: process::ticks_since_boot(),
        }))
    }
}

impl Owner {
    /// Whom to charge for what this peer takes. Of two processes that had one number one after the other the second
    /// is charged for what the first has not yet given back, and nobody escapes.
    pub(crate) fn of(stamp: &Stamp) -> Self {
        let process = ProcessKey { pid: stamp.pid.as_raw_nonzero().get(), start: 0 };
        Self { uid: stamp.uid, process }
    }
}

/// Whether the kernel could say who sent a message: a process that has a number in our pid namespace, of a user
/// that has one in our user namespace. A user without one is stamped as the overflow user, and is not told apart
/// from one that really has that number: both are refused.
///
/// # Errors
/// A shortage of this process, when it looks up the overflow user for the first time.
pub(crate) fn is_identified(sender: &Credentials) -> Result<bool, SystemError> {
    let overflow = process::overflow_uid()?;
    // A process that runs as the overflow user itself would otherwise refuse its own children. It shares that
    // number with every user that has none, whatever we do here: nobody should run a server as that user.
    Ok(sender.names_a_process() && (sender.uid != overflow || process::own_uid() == overflow))
}

/// Why nothing could be said about a peer: the system's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// Whether a process is still the peer could not be found out.
    #[error("cannot tell whether process {pid} is still the peer: {source}")]
    Unproven {
        /// Its number.
        pid: i32,
        /// Why not.
        source: IdentityError,
    },
    /// The kernel refused a question.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl PeerError {
    /// Whose fault it is: the system's.
    pub fn fault(&self) -> Fault {
        Fault::System
    }
}

impl<'link> Peer<'link> {
    /// The peer whose HELLO had this stamp, at the other end of this socket.
    pub(crate) fn new(stamp: &'link Stamp, socket: &'link Socket) -> Self {
        Self { stamp, socket }
    }

    /// Its number in our pid namespace, when it sent its HELLO.
    pub fn pid(&self) -> i32 {
        self.stamp.pid.as_raw_nonzero().get()
    }

    /// Its user (the effective one, unless it chose another of its own), as numbered in our user namespace.
    pub fn uid(&self) -> u32 {
        self.stamp.uid
    }

    /// Its group, likewise.
    pub fn gid(&self) -> u32 {
        self.stamp.gid
    }

    /// Its supplementary groups when it made its end; `None` when another process made that end.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn groups(&self) -> Result<Option<Vec<u32>>, PeerError> {
        if self.made_its_end()? { Ok(Some(self.socket.peer_groups()?)) } else { Ok(None) }
    }

    /// Opens a descriptor of the process; `None` when it has ended, and this is known without one. See the
    /// [module](self) for how exact it is. Each call opens another descriptor: keep it, or drop it soon.
    ///
    /// # Errors
    /// [`PeerError`]; `ENOSYS` where this kernel, or a sandbox, has no pidfds at all.
    pub fn pidfd(&self) -> Result<Option<Pidfd>, PeerError> {
        if let Some(sent) = &self.stamp.pidfd {
            return Ok(Some(sent.try_clone()?));
        }
        if self.made_its_end()? {
            match self.socket.peer_pidfd()? {
                Some(fd) => return self.running(Pidfd::from_stamp(fd, self.stamp.pid)),
                // The kernel would have given one: the process is gone.
                None if probe::allows(Feature::PeerPidfd) => return Ok(None),
                None => {}
            }
        }
        self.looked_up()
    }

    /// The process that has the peer's number now, if it had it when the HELLO came.
    fn looked_up(&self) -> Result<Option<Pidfd>, PeerError> {
        let Some(pidfd) = Pidfd::open(self.stamp.pid)? else { return Ok(None) };
        match ProcessIdentity::of(&pidfd) {
            Ok(found) => Ok((found.start_time_ticks <= self.stamp.received_ticks).then_some(pidfd)),
            Err(IdentityError::Gone(_)) => Ok(None),
            Err(source) => Err(PeerError::Unproven { pid: self.pid(), source }),
        }
    }

    /// A process that has ended may have left its number to another, which then is the peer.
    fn running(&self, maker: Pidfd) -> Result<Option<Pidfd>, PeerError> {
        Ok((!maker.has_exited()?).then_some(maker))
    }

    /// Whether whoever made the other end has the number of whoever sent the HELLO, and its user.
    fn made_its_end(&self) -> Result<bool, SystemError> {
        let maker = self.socket.peer()?;
        Ok(maker.pid == self.pid() && maker.uid == self.uid())
    }
}

#[cfg(test)]
mod tests;
