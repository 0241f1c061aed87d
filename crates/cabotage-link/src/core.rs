// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both halves of a link share: the socket, what has come over it, and the one place where threads sleep.
//!
//! The socket is the bell, the way of descriptors and the news of death. Whoever looks at it files everything it
//! finds here, in order, under one lock that is never held while waiting. Of several threads that must sleep, one
//! leads: it sleeps on the socket, the others in this process, and every return wakes them to look again.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cabotage_lane::Fencing;
use cabotage_os::map::{Map, MapMut};
use cabotage_os::membarrier::Membarrier;
use cabotage_os::memfd::Memfd;
use cabotage_os::socket::{self, Socket};
use cabotage_os::{Deadline, SystemError};

use crate::error::{LinkError, PeerFault};
use crate::options::Options;
use crate::outbox::{self, FIRST_SEGMENT_BYTES};
use crate::peer::Stamp;
use crate::wire::{First, Flags, Frame, Hello, VERSIONS};

mod bell;
mod desk;
mod file;
mod goodbye;
mod questions;
mod sleep;

pub(crate) use sleep::MESSAGES_AT_ONCE;

pub(crate) use desk::Desk;

/// How many messages may go over the socket behind the HELLO, in each direction.
const EARLY_MAX: u32 = 16;

/// The announcement of an outbox.
const OUTBOX: Frame<'_> = Frame::Outbox { bytes: FIRST_SEGMENT_BYTES };

/// The socket of a link and what has come over it.
#[derive(Debug)]
pub(crate) struct Core {
    socket: Socket,
    desk: Mutex<Desk>,
    returned: Condvar,
    /// How many messages have come over the socket.
    arrivals: AtomicU64,
    /// Set for good once nothing more can be sent.
    is_over: AtomicBool,
    /// Whether the kernel has refused something that is to be tried again, and that nobody rings for.
    is_behind: AtomicBool,
    /// Whether both halves belong to one thread at a time, so that nobody else reads the socket.
    is_shared: AtomicBool,
    barrier: Option<Membarrier>,
    pub(crate) options: Options,
    /// When an accepted link gives up waiting for the peer's HELLO.
    hello_by: Deadline,
}

impl Core {
    pub(crate) fn new(socket: Socket, options: Options) -> Result<Self, SystemError> {
        let barrier = if options.membarrier { Membarrier::join()? } else { None };
        let hello_by = options.hello_within.map_or(Deadline::Never, Deadline::within);
        Ok(Self {
            socket,
            desk: Mutex::new(Desk::default()),
            returned: Condvar::new(),
            arrivals: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            is_behind: AtomicBool::new(false),
            is_shared: AtomicBool::new(false),
            barrier,
            options,
            hello_by,
        })
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// From now on several threads may use the link.
    pub(crate) fn share(&self) {
        self.is_shared.store(true, Ordering::Release);
    }

    /// Whether nothing more can be sent. What the peer sent before may still be in its ring.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Whether this process may use the link, and there is still somebody to send to.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), LinkError> {
        if self.socket.is_here() && !self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.why_not()
    }

    /// Whether this is the process that made the link, and nothing has ended it. One that has ended is looked at more
    /// closely before anything is taken from it.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.socket.is_here() && !self.is_over.load(Ordering::Relaxed)
    }

    /// Whether this is the process that made the link.
    #[inline(always)]
    pub(crate) fn is_here(&self) -> bool {
        self.socket.is_here()
    }

    /// Whether this process may use the link.
    #[inline]
    pub(crate) fn check_here(&self) -> Result<(), LinkError> {
        if self.socket.is_here() { Ok(()) } else { Err(LinkError::Forked) }
    }

    /// Whether this process may take what the peer has sent: not after a fault, but still after the peer's end.
    #[inline]
    pub(crate) fn check_readable(&self) -> Result<(), LinkError> {
        if self.socket.is_here() && !self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.check_left_over()
    }

    #[cold]
    fn check_left_over(&self) -> Result<(), LinkError> {
        self.check_here()?;
        self.desk().failure().map_or(Ok(()), Err)
    }

    #[cold]
    fn why_not(&self) -> Result<(), LinkError> {
        self.check_here()?;
        Err(self.desk().end().unwrap_or(LinkError::Died))
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the link ended, if it has: what the peer sent before may still be in its ring.
    pub(crate) fn end(&self) -> Option<LinkError> {
        self.desk().end()
    }

    /// Ends the link for this reason, or for the one that came before it.
    pub(crate) fn end_with(&self, error: LinkError) -> LinkError {
        let mut desk = self.desk();
        self.end_in(&mut desk, error)
    }

    fn end_in(&self, desk: &mut Desk, error: LinkError) -> LinkError {
        self.is_over.store(true, Ordering::Relaxed);
        let had_failed = desk.has_failed();
        let error = desk.end_with(error);
        if desk.has_failed() && !had_failed && error != LinkError::Closed {
            // Whoever sleeps here is told at once, in whichever half, and so is the peer. If this fails, the socket's
            // closing tells them.
            let _ = self.socket.hang_up();
        }
        error
    }

    /// Says HELLO if that was not done; answers whether `first` went with it.
    pub(crate) fn say_hello(&self, first: Option<&[u8]>) -> Result<bool, LinkError> {
        let mut desk = self.desk();
        if desk.has_said_hello {
            return Ok(false);
        }
        if let Err(error) = self.send_hello(first) {
            return Err(self.refused_send(&mut desk, error));
        }
        desk.has_said_hello = true;
        self.send_what_is_owed(&mut desk)?;
        Ok(first.is_some())
    }

    pub(crate) fn has_said_hello(&self) -> bool {
        self.desk().has_said_hello
    }

    /// Says HELLO before a look at what has come. That the peer is gone is told after what it left.
    pub(crate) fn greet(&self) -> Result<(), LinkError> {
        match self.say_hello(None) {
            Ok(_) | Err(LinkError::Closed | LinkError::Died) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends a message over the socket, as long as there is no outbox of ours and there were not too many; answers
    /// whether it went. The peer gets it without our doing anything more, and neither end needs memory for it.
    pub(crate) fn send_early(&self, message: &[u8]) -> Result<bool, LinkError> {
        let Some(message) = First::new(message) else { return Ok(false) };
        let mut desk = self.desk();
        if desk.own.is_some() || desk.early_sent >= EARLY_MAX {
            return Ok(false);
        }
        match self.send_if_room(&Frame::Early(message), &[]) {
            Ok(sent) => {
                desk.early_sent += u32::from(sent);
                Ok(sent)
            }
            Err(error) => Err(self.refused_send(&mut desk, error)),
        }
    }

    /// Whether a message of so many bytes would go over the socket.
    pub(crate) fn may_send_early(&self, bytes: usize) -> bool {
        let desk = self.desk();
        let is_first = !desk.has_said_hello;
        bytes <= First::BYTES_MAX && (is_first || (desk.own.is_none() && desk.early_sent < EARLY_MAX))
    }

    /// The longest message that both ends take, as far as is known.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.agreed_bytes_max().unwrap_or(self.options.message_bytes_max as usize)
    }

    /// The longest message that both ends take, once the peer has said HELLO.
    pub(crate) fn agreed_bytes_max(&self) -> Option<usize> {
        let theirs = self.desk().hello?.message_bytes_max;
        Some(self.options.message_bytes_max.min(theirs) as usize)
    }

    fn send_hello(&self, first: Option<&[u8]>) -> Result<(), socket::SendError> {
        let flags = self.barrier.map_or(Flags::default(), |_| Flags::MEMBARRIER);
        let hello = Hello {
            versions: VERSIONS,
            flags,
            message_bytes_max: self.options.message_bytes_max,
            port: 0,
            first: first.and_then(First::new),
        };
        self.socket.send(&Frame::Hello(hello).encode(), &[], Deadline::Now)
    }

    /// Says HELLO while messages are filed. That the peer is gone is told by the hang-up, after its last messages.
    fn answer_hello(&self, desk: &mut Desk) -> Result<(), LinkError> {
        match self.send_hello(None) {
            Ok(()) | Err(socket::SendError::PeerGone) => {
                desk.has_said_hello = true;
                Ok(())
            }
            Err(error) => Err(self.refused_send(desk, error)),
        }
    }

    /// Our outbox, made now if need be, and handed to the peer right behind our HELLO.
    pub(crate) fn own_outbox(&self) -> Result<Arc<MapMut>, LinkError> {
        let mut desk = self.desk();
        self.own_outbox_in(&mut desk)
    }

    /// Our outbox, once it is on its way to the peer: what is written into it from then on outlives us. `None` while
    /// the socket has no room for it.
    pub(crate) fn handed_outbox(&self) -> Result<Option<Arc<MapMut>>, LinkError> {
        let mut desk = self.desk();
        let own = self.own_outbox_in(&mut desk)?;
        Ok(desk.own_unsent.is_none().then_some(own))
    }

    fn own_outbox_in(&self, desk: &mut Desk) -> Result<Arc<MapMut>, LinkError> {
        if desk.own.is_none() {
            let (map, memory) = outbox::make("cabotage-outbox", FIRST_SEGMENT_BYTES.into())?;
            (desk.own, desk.own_unsent) = (Some(map), Some(memory));
        }
        self.send_what_is_owed(desk)?;
        desk.own.clone().ok_or(LinkError::Closed)
    }

    /// The peer's outbox, how long its messages may be that it takes, and how both ends fence, once it has come.
    pub(crate) fn their_outbox(&self) -> Option<(Arc<Map>, Fencing)> {
        let desk = self.desk();
        let hello = desk.hello?;
        let fencing = match self.barrier {
            Some(barrier) if hello.flags.has(Flags::MEMBARRIER) => Fencing::Sleeper(barrier),
            _ => Fencing::Both,
        };
        desk.theirs.clone().map(|map| (map, fencing))
    }

    /// Hands a new segment of ours to the peer. `false`: the socket is full.
    pub(crate) fn announce(&self, frame: &Frame<'_>, memory: &Memfd) -> Result<bool, LinkError> {
        self.send_frame(frame, &[memory.as_fd()])
    }

    /// Sends a message on the socket. `false`: the socket is full.
    pub(crate) fn send_frame(
        &self,
        frame: &Frame<'_>,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<bool, LinkError> {
        self.send_if_room(frame, descriptors).map_err(|error| self.refused_send(&mut self.desk(), error))
    }

    /// As [`Core::send_frame`], with the refusal as it is.
    fn send_if_room(
        &self,
        frame: &Frame<'_>,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<bool, socket::SendError> {
        match self.socket.send(&frame.encode(), descriptors, Deadline::Now) {
            Ok(()) => Ok(true),
            Err(socket::SendError::Full) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a send that failed means for the link. Of a peer that is gone the last messages are filed first: they
    /// tell whether it closed, refused or died.
    fn refused_send(&self, desk: &mut Desk, error: socket::SendError) -> LinkError {
        match error {
            socket::SendError::System(refusal) => LinkError::System(refusal),
            socket::SendError::PeerGone => {
                let _ = self.drain(desk);
                desk.has_hung_up = true;
                self.is_over.store(true, Ordering::Relaxed);
                desk.end().unwrap_or(LinkError::Died)
            }
            _ => self.end_in(desk, PeerFault::Order("does not read its socket").into()),
        }
    }

    /// Sends what the peer is to get as soon as there is room for it on the socket.
    fn send_what_is_owed(&self, desk: &mut Desk) -> Result<(), LinkError> {
        self.ring_if_owed(desk);
        if desk.owes_again && self.send_in(desk, &Frame::Again, &[])? {
            desk.owes_again = false;
        }
        // Not later: whoever dies before it has heard of the peer leaves what it has sent all the same.
        if desk.own_unsent.is_none() || !desk.has_said_hello {
            return Ok(());
        }
        let Some(memory) = desk.own_unsent.take() else { return Ok(()) };
        let sent = self.send_in(desk, &OUTBOX, &[memory.as_fd()]);
        if !matches!(sent, Ok(true)) {
            desk.own_unsent = Some(memory);
        }
        sent.map(drop)
    }

    fn send_in(
        &self,
        desk: &mut Desk,
        frame: &Frame<'_>,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<bool, LinkError> {
        match self.send_if_room(frame, descriptors) {
            // Told by the hang-up, after the peer's last messages.
            Err(socket::SendError::PeerGone) => Ok(true),
            sent => sent.map_err(|error| self.refused_send(desk, error)),
        }
    }

    /// Who the peer is, once it has said HELLO.
    pub(crate) fn with_stamp<T>(&self, act: impl FnOnce(&Stamp) -> T) -> Option<T> {
        self.desk().stamp.as_ref().map(act)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close();
    }
}
