// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link for those who must know what became of each message: one ring for each direction and nothing beside it, whose
//! receiver tells of each consumption, and whose sender reads back what was not consumed.
//!
//! Such a sender begins with [`Link::settle`]: from there on no message goes over the socket, in a block or in another
//! ring. It keeps the positions at which its messages end, so that a peer's count, which may say anything, is only
//! ever compared with them.

use std::os::fd::BorrowedFd;

use cabotage_lane::ring::{self, record_bytes_max};
use cabotage_lane::{MappedControls, MappedRing};
use cabotage_os::Deadline;

use crate::core::Core;
use crate::error::{LinkError, PeerFault, ReceiveError, SendError};
use crate::link::Link;
use crate::message::{self, Extra};
use crate::outbox::RING_BYTES_MAX;
use crate::parcel::PLAIN;
use crate::receive;
use crate::send::{Need, refused};

/// Room for one message, to be written in place. Dropped without [`Loan::send`], nothing has happened.
#[derive(Debug)]
pub struct Loan<'link> {
    loan: ring::Loan<'link, MappedRing, MappedControls>,
    core: &'link Core,
}

/// The bytes of the ring that holds at least so many: a power of two from 4 KiB to what a peer takes.
pub fn ring_bytes(bytes: usize) -> usize {
    bytes.clamp(4096, usize::try_from(RING_BYTES_MAX).unwrap_or(usize::MAX)).next_power_of_two()
}

/// How many bytes of messages an empty ring of so many bytes takes, each with [`message_cost`] bytes.
pub fn room_bytes(ring_bytes: usize) -> usize {
    usize::try_from(ring::words_max(ring_bytes as u64 / 8) * 8).unwrap_or(0)
}

/// What a message of `bytes` bytes takes up of a ring.
pub fn message_cost(bytes: usize) -> usize {
    8 + bytes.next_multiple_of(8)
}

/// The longest message that a ring of so many bytes carries.
pub fn message_bytes_max(ring_bytes: usize) -> usize {
    record_bytes_max(ring_bytes as u64 / 8) as usize
}

impl Link {
    /// Says HELLO and hands this end's memory to the peer now, and not when it is needed. `false`: the socket has no
    /// room yet.
    ///
    /// # Errors
    /// The link is over.
    pub fn prepare(&mut self) -> Result<bool, LinkError> {
        self.core.check()?;
        self.core.say_hello(None)?;
        Ok(self.core.handed_outbox()?.is_some())
    }

    /// Whether the peer's memory has come: then [`Link::settle`] is possible.
    ///
    /// # Errors
    /// The link is over.
    pub fn has_met(&mut self) -> Result<bool, LinkError> {
        self.core.check()?;
        self.core.pump()?;
        Ok(self.core.their_outbox().is_some())
    }

    /// From now on messages go by a ring of `bytes` bytes (see [`ring_bytes`]) and in no other way. `false`: not yet,
    /// since the peer's memory has not come, or its socket has no room.
    ///
    /// # Errors
    /// The link is over.
    pub fn settle(&mut self, bytes: usize) -> Result<bool, SendError> {
        self.core.check()?;
        self.out.settle(&self.core, ring_bytes(bytes) as u64 / 8)
    }

    /// Sends a message if there is room for it now. Answers whether to [`Link::ring`] the peer; `None` when nothing was
    /// sent, for whatever reason: [`Link::stage`] tells it.
    #[inline(always)]
    pub fn put(&mut self, message: &[u8]) -> Option<bool> {
        if !self.core.is_open() {
            return None;
        }
        let must_ring = self.out.put(message)?;
        self.note_sent();
        Some(must_ring)
    }

    /// Wakes the peer. That it is gone tells [`Link::ending`].
    #[cold]
    pub fn ring(&mut self) {
        let _ = self.core.ring();
    }

    /// Stages a message behind those staged before, if there is room; the peer sees it after [`Link::publish`].
    ///
    /// # Errors
    /// [`SendError`]: `Full` at once, `TooLong`, or the link is over.
    pub fn stage(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.out.stage_plain(&self.core, message)
    }

    /// Makes all staged messages visible together, and wakes the peer once.
    ///
    /// # Errors
    /// The link is over.
    pub fn publish(&mut self) -> Result<(), SendError> {
        self.out.publish_all(&self.core)
    }

    /// Room for a message of `bytes` bytes, if there is.
    ///
    /// # Errors
    /// As [`Link::stage`].
    pub fn loan(&mut self, bytes: usize) -> Result<Loan<'_>, SendError> {
        self.core.check()?;
        let core = &*self.core;
        let lane = self.out.settled().ok_or(LinkError::Died)?;
        let loan = lane.loan(PLAIN, 0, bytes).map_err(|error| refused(core, error, bytes))?;
        Ok(Loan { loan, core })
    }

    /// Waits until a message of `bytes` bytes may have room, at most until `deadline`, or until `other` is readable;
    /// answers whether it was.
    ///
    /// # Errors
    /// The link is over.
    pub fn wait_for_room(
        &mut self,
        bytes: usize,
        other: Option<BorrowedFd<'_>>,
        deadline: Deadline,
    ) -> Result<bool, SendError> {
        match self.out.wait_or(&self.core, Need { bytes, descriptors: 0 }, other, deadline) {
            Err(SendError::Full) => Ok(false),
            waited => waited,
        }
    }

    /// Waits until the peer may have consumed everything, in the same manner. A peer that never looks again after its
    /// last message rings nobody.
    ///
    /// # Errors
    /// The link is over.
    pub fn wait_until_consumed(
        &mut self,
        other: Option<BorrowedFd<'_>>,
        deadline: Deadline,
    ) -> Result<bool, SendError> {
        self.out.wait_until_taken_or(&self.core, other, deadline)
    }

    /// The position after everything that was staged, which grows with each message: where the last one ends.
    #[inline]
    pub fn position(&mut self) -> u64 {
        self.out.settled().map_or(0, |lane| lane.staged())
    }

    /// Up to which position the peer says that it has consumed: the last that was possible.
    pub fn consumed(&mut self) -> u64 {
        if !self.core.is_here() {
            return 0; // The maps stayed with the parent.
        }
        self.out.settled().map_or(0, |lane| lane.consumed().max(lane.base()))
    }

    /// Hands the messages from position `from` on to `act`: one at which a message ended, and not before what the peer
    /// has consumed.
    pub fn read_back(&mut self, from: u64, mut act: impl FnMut(&[u8])) {
        if let (true, Some(lane)) = (self.core.is_here(), self.out.settled()) {
            lane.read_back(from, |_, message| act(message));
        }
    }

    /// How the link has ended, if it has, looking at the socket. What the peer sent before may be there still.
    ///
    /// # Errors
    /// The system's refusal, or the link belongs to the parent process.
    pub fn ending(&self) -> Result<Option<LinkError>, LinkError> {
        self.core.check_here()?;
        let pumped = self.core.pump();
        match self.core.end() {
            // A rule that it broke with what was just read is its end too.
            Some(error) => Ok(Some(error)),
            None => pumped.map(|()| None),
        }
    }

    /// Whether the peer is told of each message's consumption at once, so that whoever takes the place of this end
    /// knows exactly which were consumed. It costs a store into memory of our own.
    pub fn tell_each(&mut self, each: bool) {
        self.inc.tells_each = each;
        if let (true, true, Some(lane)) = (each, self.core.is_here(), &self.inc.lane) {
            lane.tell_taken();
        }
    }

    /// As [`Link::receive`], in steps: this finds a message, [`Link::copy_found`] reads it, [`Link::consume_found`]
    /// consumes it. A message that a settled sender has no way to send is a fault of the peer's.
    ///
    /// # Errors
    /// As [`Link::receive`].
    #[inline]
    pub fn find(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        let is_usual = self.core.is_open() && self.inc.comes(&self.core, deadline);
        if is_usual { Ok(()) } else { self.find_otherwise(deadline) }
    }

    #[inline(never)]
    fn find_otherwise(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        let extra = self.receive_otherwise(deadline)?;
        Ok(self.check_direct(extra)?)
    }

    /// As [`Link::try_receive`], in steps: whether there is a message.
    ///
    /// # Errors
    /// As [`Link::try_receive`], and as [`Link::find`].
    #[inline]
    pub fn try_find(&mut self) -> Result<bool, LinkError> {
        if self.core.is_open() && self.inc.is_usual() {
            return Ok(true);
        }
        match self.inc.try_look(&self.core)? {
            receive::Found::Nothing => Ok(false),
            found => {
                let extra = message::take(&mut self.inc, &self.core, found)?;
                self.check_direct(extra)?;
                Ok(true)
            }
        }
    }

    /// What came beside the ring, or with a message of it, is dropped here and ends the link.
    fn check_direct(&self, extra: Option<Box<Extra>>) -> Result<(), LinkError> {
        match extra {
            None => Ok(()),
            Some(_) => Err(self.core.end_with(PeerFault::Order("sent more than bytes of its ring").into())),
        }
    }

    /// How many bytes the message has that was found last.
    #[inline(always)]
    pub fn found_bytes(&self) -> usize {
        self.inc.lane.as_ref().map_or(0, |lane| lane.shape().bytes())
    }

    /// Copies bytes of the message that was found last, from `offset` on, each loaded once; answers how many.
    #[inline(always)]
    pub fn copy_found(&self, offset: usize, target: &mut [u8]) -> usize {
        match &self.inc.lane {
            Some(lane) if self.core.is_here() => lane.read(offset, target),
            _ => 0,
        }
    }

    /// Consumes the message that was found last, once.
    #[inline(always)]
    pub fn consume_found(&mut self) {
        self.inc.has_received = true;
        message::consume(&mut self.inc, &self.core);
    }
}

impl Loan<'_> {
    /// How many bytes the message has.
    pub fn bytes(&self) -> usize {
        self.loan.bytes()
    }

    /// Writes bytes of the message from `offset` on; answers how many fitted. What is never written holds old bytes of
    /// this link.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        if self.core.is_here() { self.loan.write_at(offset, bytes) } else { 0 }
    }

    /// The position at which it will end: see [`Link::position`].
    pub fn end(&self) -> u64 {
        self.loan.end()
    }

    /// Sends the message. That the peer is gone tells [`Link::ending`].
    ///
    /// # Errors
    /// The link belongs to the parent process.
    #[inline]
    pub fn send(self) -> Result<(), LinkError> {
        self.core.check_here()?;
        if self.loan.publish() {
            let _ = self.core.ring();
        }
        Ok(())
    }
}
