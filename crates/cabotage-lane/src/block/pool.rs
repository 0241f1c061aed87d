// SPDX-License-Identifier: MIT OR Apache-2.0
//! The owner's side of blocks: which slot is free, which is out, and when a new segment is worth its price.
//!
//! Pure state over control words: whoever uses it makes and unmaps the segments that it asks for. Memory that is
//! mapped already is the fast path, since page faults, not bytes, are what a large message costs; so a slot keeps
//! its segment, and a free one that fits is always preferred to a new one.
//!
//! Invariants: a slot is in at most one of `free`, `empty` and `sent`; one in none of them is loaned to our user.
//! A slot leaves `sent` only when the peer's word holds the number of its present loan.

use std::sync::Arc;

use super::Slot;
use super::loan::{Dropped, Loan};
use crate::control::{BLOCK_SLOTS, Controls};
use crate::ring::Look;
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// The smallest segment for a block.
pub const SEGMENT_BYTES_MIN: u64 = 64 << 10;

/// Up to here segments are powers of two, above multiples of it.
const SEGMENT_BYTES_STEP: u64 = 1 << 20;

/// How many times larger than needed a free segment may be while a fitting one can still be made.
const LARGER_TIMES_MAX: u64 = 4;

/// The blocks of one outbox. `M` is a handle of a segment's memory.
#[derive(Debug)]
pub struct Pool<M, C> {
    controls: C,
    places: [Place<M>; BLOCK_SLOTS],
    /// With a segment, and nobody's.
    free: u64,
    /// Without a segment.
    empty: u64,
    /// Out with the peer.
    sent: u64,
    /// How many loans there were.
    loans: u64,
    bytes: u64,
    bytes_max: u64,
    dropped: Arc<Dropped>,
    sleeps: u64,
    broken: Option<Violation>,
}

/// A slot.
#[derive(Debug)]
struct Place<M> {
    segment: Option<Segment<M>>,
    /// The number of its last loan.
    loan: u64,
    /// The number that the peer gave back last.
    returned: u64,
    /// How many bytes its last loan had.
    bytes: usize,
}

#[derive(Debug)]
struct Segment<M> {
    number: u32,
    bytes: u64,
    memory: M,
}

/// What [`Pool::take`] answers.
#[derive(Debug)]
pub enum Taken<M> {
    /// A block to write.
    Loan(Loan<M>),
    /// No free segment fits: make one and give it to [`Pool::install`], or let it be.
    NeedsSegment(NewSegment<M>),
    /// All is out: wait until the peer gives a block back ([`Pool::arm`]).
    Full,
}

/// The segment that is missing.
#[derive(Debug)]
pub struct NewSegment<M> {
    /// How many bytes it should have.
    pub bytes: u64,
    /// The segments that left the pool to make room for it: retire them.
    pub retired: Vec<Retired<M>>,
}

/// A segment that left the pool: the peer holds no block in it, and may be told to unmap it.
#[derive(Debug)]
pub struct Retired<M> {
    /// Our number for it.
    pub number: u32,
    /// Its memory.
    pub memory: M,
}

/// Why no block can be had, now or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The caller asks for more than the pool may ever hold.
    #[error("a block of {bytes} bytes is above the limit of {bytes_max} for all blocks of a link")]
    TooLarge {
        /// What was asked for.
        bytes: usize,
        /// What the pool may hold.
        bytes_max: u64,
    },
    /// The link is over.
    #[error(transparent)]
    Violation(#[from] Violation),
}

impl<M: Clone, C: Controls> Pool<M, C> {
    /// A pool without a segment, which may hold `bytes_max` bytes.
    pub fn new(controls: C, bytes_max: u64) -> Self {
        Self {
            controls,
            places: std::array::from_fn(|_| Place { segment: None, loan: 0, returned: 0, bytes: 0 }),
            free: 0,
            empty: u64::MAX,
            sent: 0,
            loans: 0,
            bytes: 0,
            bytes_max,
            dropped: Arc::default(),
            sleeps: 0,
            broken: None,
        }
    }

    /// Goes on with other control words: those of a peer that was not known before.
    pub fn set_controls(&mut self, controls: C) {
        self.controls = controls;
    }

    /// How many bytes all segments have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        BLOCK_SLOTS - self.empty.count_ones() as usize
    }

    /// The control words of both ends.
    #[cfg(not(loom))]
    pub(super) fn controls(&self) -> &C {
        &self.controls
    }

    /// The slots that have memory and are not loaned to our user: whose memory it is, and how much of it was used last.
    #[cfg(not(loom))]
    pub(super) fn used(&self) -> impl Iterator<Item = (Slot, &M, usize)> {
        Slot::of(self.free | self.sent).filter_map(|slot| {
            let place = &self.places[slot.index()];
            place.segment.as_ref().map(|segment| (slot, &segment.memory, place.bytes))
        })
    }

    /// How many blocks are out with the peer, as far as is known.
    pub fn sent_blocks(&self) -> u32 {
        self.sent.count_ones()
    }

    /// A block of `bytes` bytes: in the smallest free segment that fits. What it holds is what was written into the
    /// segment last, for this peer.
    ///
    /// The peer's words are looked at only when no free segment will do.
    ///
    /// # Errors
    /// [`TakeError`].
    pub fn take(&mut self, bytes: usize) -> Result<Taken<M>, TakeError> {
        let too_large = TakeError::TooLarge { bytes, bytes_max: self.bytes_max };
        let wanted =
            segment_bytes(bytes as u64).filter(|wanted| *wanted <= self.bytes_max).ok_or(too_large)?;
        if let Some(violation) = self.broken {
            return Err(violation.into());
        }
        let is_close = |found: &(Slot, u64)| found.1 / LARGER_TIMES_MAX <= wanted;
        let mut best = self.smallest(bytes as u64);
        if !best.as_ref().is_some_and(is_close) {
            self.reclaim()?;
            best = self.smallest(bytes as u64);
        }
        let has_room = self.empty != 0 && self.bytes <= self.bytes_max - wanted;
        Ok(match best {
            Some(found) if is_close(&found) || !has_room => self.lend(found.0, bytes),
            _ => self.make_room(wanted),
        })
    }

    /// Takes a new segment of `segment_bytes` bytes, numbered `number`, and lends it for `bytes` bytes.
    ///
    /// # Errors
    /// The memory back if it is too small, or there is no empty slot: the pool did not ask for it.
    pub fn install(
        &mut self,
        number: u32,
        memory: M,
        segment_bytes: u64,
        bytes: usize,
    ) -> Result<Loan<M>, M> {
        let Some(slot) = Slot::of(self.empty).next().filter(|_| bytes as u64 <= segment_bytes) else {
            return Err(memory);
        };
        self.empty &= !slot.bit();
        self.bytes += segment_bytes;
        let handle = memory.clone();
        self.places[slot.index()].segment = Some(Segment { number, bytes: segment_bytes, memory });
        Ok(self.loan(slot, number, handle, bytes))
    }

    /// Whether a loan was taken from this pool.
    pub fn owns(&self, loan: &Loan<M>) -> bool {
        loan.is_of(&self.dropped)
    }

    /// Notes that the loan's record was staged: from now on the peer may hold the block.
    ///
    /// # Errors
    /// The loan back if it is of another pool.
    pub fn sent(&mut self, mut loan: Loan<M>) -> Result<(), Loan<M>> {
        if !self.owns(&loan) {
            return Err(loan);
        }
        loan.pool = None;
        self.sent |= loan.slot.bit();
        Ok(())
    }

    /// Looks for blocks that came back, from the peer or unsent; answers whether there were any.
    ///
    /// # Errors
    /// A word of the peer is neither the number of the block that is out nor what it was before; every later call
    /// answers the same.
    pub fn reclaim(&mut self) -> Result<bool, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let mut back = self.dropped.collect();
        let peer = self.controls.peer();
        for slot in Slot::of(self.sent) {
            let place = &mut self.places[slot.index()];
            let returned = peer.returned[slot.index()].load(Ordering::Relaxed);
            if returned == place.loan {
                place.returned = returned;
                self.sent &= !slot.bit();
                back |= slot.bit();
            } else if returned != place.returned {
                let violation = Violation::Returned { returned, loan: place.loan, before: place.returned };
                self.broken = Some(violation);
                return Err(violation);
            }
        }
        // Pairs with the Release of the peer, and of our own threads that dropped a loan: nothing that is written into
        // the blocks now can overtake their last look.
        fence(Ordering::Acquire);
        self.free |= back;
        Ok(back != 0)
    }

    /// Announces that we are about to sleep until a block comes back, and looks once more. Sleep only on
    /// [`Look::Armed`], and call [`Pool::disarm`] afterwards.
    ///
    /// # Errors
    /// As [`Pool::reclaim`].
    pub fn arm(&mut self) -> Result<Look, Violation> {
        self.sleeps += 1;
        self.controls.own().state.wants_block.store(self.sleeps, Ordering::Relaxed);
        // Either this look finds what the peer gives back, or the peer's look finds the announcement.
        fence(Ordering::SeqCst);
        match self.reclaim() {
            Ok(false) => Ok(Look::Armed),
            found => {
                self.disarm();
                found.map(|_| Look::Ready)
            }
        }
    }

    /// Takes the announcement of [`Pool::arm`] back.
    pub fn disarm(&mut self) {
        self.controls.own().state.wants_block.store(0, Ordering::Relaxed);
    }

    /// Takes free segments out, those unused for longest first, until at most `bytes_left` bytes remain or no free
    /// one does. An idle pool gives up all it can with 0.
    pub fn retire(&mut self, bytes_left: u64) -> Vec<Retired<M>> {
        let mut retired = Vec::new();
        while self.bytes > bytes_left {
            match self.retire_oldest() {
                Some(segment) => retired.push(segment),
                None => break,
            }
        }
        retired
    }

    /// The smallest free segment of at least `bytes` bytes.
    fn smallest(&self, bytes: u64) -> Option<(Slot, u64)> {
        let size =
            |slot: Slot| self.places[slot.index()].segment.as_ref().map(|segment| (slot, segment.bytes));
        Slot::of(self.free).filter_map(size).filter(|found| found.1 >= bytes).min_by_key(|found| found.1)
    }

    fn lend(&mut self, slot: Slot, bytes: usize) -> Taken<M> {
        self.free &= !slot.bit();
        match &self.places[slot.index()].segment {
            Some(segment) => {
                let (number, memory) = (segment.number, segment.memory.clone());
                Taken::Loan(self.loan(slot, number, memory, bytes))
            }
            None => unreachable!("a free slot has a segment"),
        }
    }

    fn loan(&mut self, slot: Slot, segment: u32, memory: M, bytes: usize) -> Loan<M> {
        self.loans += 1;
        let place = &mut self.places[slot.index()];
        (place.loan, place.bytes) = (self.loans, bytes);
        let pool = Some(Arc::clone(&self.dropped));
        Loan { slot, number: self.loans, segment, memory, bytes, pool }
    }

    /// Asks for a segment of `wanted` bytes, at the price of free ones that do not fit; or is full.
    fn make_room(&mut self, wanted: u64) -> Taken<M> {
        let bytes_of =
            |slot: Slot| self.places[slot.index()].segment.as_ref().map_or(0, |segment| segment.bytes);
        let free_bytes: u64 = Slot::of(self.free).map(bytes_of).sum();
        let bytes_left = self.bytes_max - wanted;
        if self.free | self.empty == 0 || self.bytes - free_bytes > bytes_left {
            return Taken::Full;
        }
        let mut retired = self.retire(bytes_left);
        if self.empty == 0 {
            retired.extend(self.retire_oldest());
        }
        Taken::NeedsSegment(NewSegment { bytes: wanted, retired })
    }

    fn retire_oldest(&mut self) -> Option<Retired<M>> {
        let slot = Slot::of(self.free).min_by_key(|slot| self.places[slot.index()].loan)?;
        let segment = self.places[slot.index()].segment.take()?;
        self.free &= !slot.bit();
        self.empty |= slot.bit();
        self.bytes -= segment.bytes;
        Some(Retired { number: segment.number, memory: segment.memory })
    }
}

/// How many bytes a segment for a block of `bytes` bytes should have.
fn segment_bytes(bytes: u64) -> Option<u64> {
    match bytes {
        0..=SEGMENT_BYTES_STEP => Some(bytes.next_power_of_two().max(SEGMENT_BYTES_MIN)),
        _ => bytes.checked_next_multiple_of(SEGMENT_BYTES_STEP),
    }
}
