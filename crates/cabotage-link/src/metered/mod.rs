// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link whose writes wait for their reader: each direction has a quota of unread bytes.
//!
//! A write is complete once the unread bytes of its direction, its own included, fit the quota. Before that its bytes
//! can be read and peeked at already, and what was not read of it can be taken back. A link keeps the borders between
//! writes or does not, and what a short read leaves stays in the pipe. These are the rules of Windows pipes, of which
//! this is the way of the data; names, instances and states are another's.
//!
//! ```no_run
//! use cabotage_link::metered::{Framing, Metered, ReadMode, Shape};
//! use cabotage_link::{Deadline, Link, Options};
//!
//! let shape = Shape { framing: Framing::Messages, out_quota_bytes: 4096, in_quota_bytes: 512 };
//! let (link, end) = Link::pair(Options::new())?; // `end` goes to another process, which knows the shape
//! let mut pipe = Metered::over(link, shape);
//! pipe.write(b"ahoy", Deadline::Never)?;
//! let mut answer = [0; 64];
//! let read = pipe.read(&mut answer, ReadMode::Message, Deadline::Never)?;
//! println!("{} bytes, and more: {}", read.bytes, read.is_rest_left);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Both ends may write before the other has run at all. All bytes go by one ring for each direction; a write longer
//! than it flows through it in parts while it is read.

mod ending;
mod error;
mod flow;
mod front;
mod halves;
mod peeking;
mod pending;
mod reading;
mod record;
mod shape;
mod waiting;
mod writing;

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_os::Deadline;

pub use error::{ReadError, WriteError};
pub use halves::{ReadHalf, WriteHalf};
pub use peeking::Peeked;
pub use pending::{Begun, Cancelled, WriteId};
pub use reading::Read;
pub use shape::{Framing, QUOTA_BYTES_MAX, ReadMode, Shape};

use crate::error::LinkError;
use crate::link::Link;
use crate::peer::Peer;
use crate::receive::Ready;
use crate::wait::Wait;

/// One end of a link with quotas, in one pair of hands. [`Metered::split`] makes two.
#[derive(Debug)]
pub struct Metered {
    out: WriteHalf,
    inc: ReadHalf,
}

/// After so many arrivals during one look there may be more: a peer sends them without need.
const ARRIVALS_MANY: u64 = crate::core::MESSAGES_AT_ONCE as u64;

/// What is waited for outside: see [`Metered::ready`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Something to read.
    Read,
    /// The end of the first pending write.
    Write,
    /// Either.
    Both,
    /// That the peer has read all that was written.
    AllRead,
}

impl Metered {
    /// A link with quotas over a link that nothing was sent on, and whose other end is given the
    /// [reversed](Shape::reversed) shape. Quotas above [`QUOTA_BYTES_MAX`] count as that.
    pub fn over(link: Link, shape: Shape) -> Self {
        let Link { out, inc, core } = link;
        let shape = shape.capped();
        Self { out: WriteHalf::new(out, shape, core.clone()), inc: ReadHalf::new(inc, shape, core) }
    }

    /// Writes `bytes`, and waits until the write is complete, at most until `deadline`. A write of no bytes is an empty
    /// message where borders are kept, which waits for nobody, and nothing elsewhere.
    ///
    /// A peer that closed or disconnected is known at once. One that was killed while it was awake is known after some
    /// writes, at the latest when one has to wait.
    ///
    /// # Errors
    /// [`WriteError`]: what was not read until the deadline is withdrawn, or the link is over.
    #[inline]
    pub fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        if let Some(must_ring) = self.put(bytes) {
            if must_ring {
                self.out.ring()?;
            }
            return Ok(());
        }
        self.out.write_otherwise(bytes, deadline)
    }

    /// As [`Metered::write`] for what is complete at once; answers whether to ring, by [`Metered::ring`].
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) -> Option<bool> {
        let must_ring = self.out.put(bytes)?;
        self.inc.answered();
        self.out.streams(!self.inc.take_has_received());
        Some(must_ring)
    }

    /// Writes what is complete at once: all of `bytes`, or nothing, which is no error. (Without borders, where only the
    /// ring is full, less than all.) Answers how many bytes. This is how a pipe writes whose calls do not wait.
    ///
    /// # Errors
    /// The link is over.
    pub fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        self.out.try_write(bytes)
    }

    /// Writes `bytes` whatever the quota, and waits only if they are longer than the ring has room: how the question of
    /// a transaction is written. They count as unread for writes that follow.
    ///
    /// # Errors
    /// As [`Metered::write`].
    pub fn write_beyond_quota(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        self.out.write_beyond_quota(bytes, deadline)
    }

    /// Begins a write, and does not wait for its end. Several may be pending; they complete in their order. What the
    /// ring has no room for goes on with every call on this end.
    ///
    /// # Errors
    /// The link is over.
    pub fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        self.out.begin_write(bytes)
    }

    /// Begins a write whatever the quota, as [`Metered::write_beyond_quota`] is one: pending only while the ring has no
    /// room for it.
    ///
    /// # Errors
    /// The link is over.
    pub fn begin_write_beyond_quota(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        self.out.begin_write_beyond_quota(bytes)
    }

    /// Whether a write that was begun is complete.
    ///
    /// # Errors
    /// [`WriteError::Broken`]: the link ended first.
    pub fn is_complete(&mut self, id: WriteId) -> Result<bool, WriteError> {
        self.out.is_complete(id)
    }

    /// Waits until a write that was begun is complete, at most until `deadline`; answers whether it is. It goes on being
    /// pending otherwise.
    ///
    /// # Errors
    /// [`WriteError::Broken`]: the link ended first.
    pub fn wait_for_write(&mut self, id: WriteId, deadline: Deadline) -> Result<bool, WriteError> {
        self.out.wait_for_write(id, deadline)
    }

    /// Takes back what the peer has not read of a write that was begun. Writes behind it stay.
    ///
    /// # Errors
    /// The link is over.
    pub fn cancel_write(&mut self, id: WriteId) -> Result<Cancelled, WriteError> {
        self.out.cancel_write(id)
    }

    /// How many bytes of this end the peer has not read, those of pending writes among them.
    ///
    /// # Errors
    /// The link is over by a fault.
    pub fn unread_bytes(&mut self) -> Result<u64, LinkError> {
        self.out.unread_bytes()
    }

    /// Waits until the peer has read all bytes, at most until `deadline`; answers whether it has. Empty messages are not
    /// waited for.
    ///
    /// # Errors
    /// The link ended first.
    pub fn wait_until_read(&mut self, deadline: Deadline) -> Result<bool, LinkError> {
        self.out.wait_until_read(deadline)
    }

    /// Reads into `target`, and waits for something to read at most until `deadline`. What does not fit stays in the
    /// pipe. An empty message is a read of no bytes; an empty `target` waits for something to be there and takes
    /// nothing.
    ///
    /// # Errors
    /// [`ReadError`].
    #[inline]
    pub fn read(&mut self, target: &mut [u8], mode: ReadMode, deadline: Deadline) -> Result<Read, ReadError> {
        let may_be_answer = !self.inc.has_received();
        let read = self.inc.read(target, mode, deadline)?;
        if may_be_answer {
            self.out.expect_answer();
        }
        Ok(read)
    }

    /// Looks at what is there to be read, and takes nothing.
    ///
    /// # Errors
    /// As [`Metered::read`], but that there may be nothing.
    pub fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, LinkError> {
        self.inc.peek(target)
    }

    /// Looks whether what is waited for is there; when not, arranges for the descriptor to become readable as soon as it
    /// may be, or the link ends. **Call this before every wait on the descriptor**, and wait only on [`Ready::Armed`].
    /// When the descriptor is readable, call it again: it may have been for nothing. After [`Ready::Armed`] nothing is
    /// left to read on it, so one may wait for its next edge.
    ///
    /// # Errors
    /// The link belongs to the parent process, or the system's refusal. That the link is over is [`Ready::Ready`].
    pub fn ready(&mut self, interest: Interest) -> Result<Ready, LinkError> {
        let first = self.inc.mark();
        loop {
            // Reading looks at the socket. The announcement of the writer's sleep comes after that, or a bell for it
            // might be read here; and if the writing half read the socket in its turn, it may have been for reading.
            let reading = match interest {
                Interest::Write | Interest::AllRead => self.inc.pump(),
                _ => self.inc.ready(),
            }?;
            let mark = self.inc.mark();
            let is_armed = match interest {
                _ if reading == Ready::Ready => false,
                Interest::Read => true,
                _ => self.out.ready(interest)? == Ready::Armed,
            };
            if !is_armed || self.inc.mark() - first >= ARRIVALS_MANY {
                return Ok(Ready::Ready);
            }
            if interest == Interest::Read || self.inc.mark() == mark {
                return Ok(Ready::Armed);
            }
        }
    }

    /// How many messages have come over the socket so far. What [`Metered::ready`] says holds until this changes:
    /// another call may have read the bell that it was armed for.
    pub fn arrivals(&self) -> u64 {
        self.inc.mark()
    }

    /// Whether the peer rings for what it writes next: what [`Metered::ready`] has arranged, and the next read that
    /// finds nothing may have taken back.
    pub fn is_rung_for_reads(&self) -> bool {
        self.inc.is_armed()
    }

    /// How the link has ended, if it has, looking at the socket. What the peer completed before may be there still.
    ///
    /// # Errors
    /// The system's refusal, or the link belongs to the parent process.
    pub fn ending(&mut self) -> Result<Option<LinkError>, LinkError> {
        self.out.ending()
    }

    /// From now on this end waits like this.
    pub fn set_wait(&mut self, wait: Wait) {
        self.out.set_wait(wait);
        self.inc.set_wait(wait);
    }

    /// Who the peer is, in the kernel's words; `None` until it has said HELLO.
    pub fn with_peer<T>(&self, act: impl FnOnce(Peer<'_>) -> T) -> Option<T> {
        self.inc.with_peer(act)
    }

    /// Waits until the peer has said HELLO, so that it is known who it is.
    ///
    /// # Errors
    /// [`ReadError::Nothing`] when it did not until the deadline; the link is over.
    pub fn wait_for_peer(&mut self, deadline: Deadline) -> Result<(), ReadError> {
        self.inc.wait_for_peer(deadline)
    }

    /// How many bytes of shared memory this end has made, now.
    pub fn memory_bytes(&self) -> u64 {
        self.out.memory_bytes()
    }

    /// The two halves, for two threads. The link closes when both are dropped.
    pub fn split(self) -> (WriteHalf, ReadHalf) {
        self.inc.share();
        (self.out, self.inc)
    }

    /// The two halves of one link, as one again; halves of different links come back as they are.
    ///
    /// # Errors
    /// The halves.
    pub fn unite(out: WriteHalf, inc: ReadHalf) -> Result<Self, Box<(WriteHalf, ReadHalf)>> {
        if out.is_half_of_same(&inc) { Ok(Self { out, inc }) } else { Err(Box::new((out, inc))) }
    }

    /// Ends the link and destroys what is unread in both directions: the peer reads nothing more, from now on.
    ///
    /// # Errors
    /// The peer could not be told, or the link belongs to the parent process. It is over all the same.
    pub fn discard(self) -> Result<(), LinkError> {
        self.out.discard()
    }

    /// Closes the link: pending writes are withdrawn; what was complete stays readable for the peer, which is then told
    /// that nothing follows. Dropping does the same.
    pub fn close(self) {}
}

impl AsFd for Metered {
    /// The descriptor to wait on after [`Metered::ready`] has answered [`Ready::Armed`]; the same for life. Never read
    /// from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inc.as_fd()
    }
}
