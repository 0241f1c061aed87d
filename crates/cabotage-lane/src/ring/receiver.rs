// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiving end: polls the word where the next header will appear, and believes nothing it finds there.

use super::{LAZY_FRACTION, TheirRing, record_bytes_max};
use crate::control::{Answered, Controls, Sleeps};
use crate::record::{CONTINUE, Header, PAD, TAGS, Tag};
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// The receiving end of a lane: reads the peer's ring and control words, owns ours.
#[derive(Debug)]
pub struct Receiver<R, C> {
    ring: R,
    controls: C,
    /// The position at which this ring began.
    base: u64,
    /// Everything before is consumed.
    consumed: u64,
    /// What the peer was told of that.
    told: u64,
    bytes_max: u32,
    sender_sleeps: Answered,
    own_sleeps: Sleeps,
    ring_bell: bool,
    broken: Option<Violation>,
}

/// What a look at the ring found.
#[derive(Debug)]
pub enum Event<'lane, R: TheirRing, C: Controls> {
    /// A record, consumed when it is dropped.
    Record(Record<'lane, R, C>),
    /// The lane goes on in the sender's ring of this number: give it to [`Receiver::continue_in`].
    Continue {
        /// The sender's number for the ring.
        segment: u32,
    },
    /// Nothing yet.
    Empty,
}

/// What [`Receiver::arm`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// There is something: do not sleep.
    Ready,
    /// Nothing; whoever publishes from now on rings.
    Armed,
}

/// A record where it lies in the peer's ring. Dropping it consumes it.
#[derive(Debug)]
pub struct Record<'lane, R: TheirRing, C: Controls> {
    lane: &'lane mut Receiver<R, C>,
    header: Header,
}

impl<R: TheirRing, C: Controls> Receiver<R, C> {
    /// A receiver of a lane that begins with this ring.
    pub fn new(ring: R, controls: C) -> Self {
        let bytes_max = record_bytes_max(ring.words());
        Self {
            ring,
            controls,
            base: 0,
            consumed: 0,
            told: 0,
            bytes_max,
            sender_sleeps: Answered::default(),
            own_sleeps: Sleeps::default(),
            ring_bell: false,
            broken: None,
        }
    }

    /// Looks for the next record.
    ///
    /// # Errors
    /// The peer broke a rule; every later call answers the same.
    #[inline]
    pub fn receive(&mut self) -> Result<Event<'_, R, C>, Violation> {
        match self.poll()? {
            None => {
                self.tell();
                Ok(Event::Empty)
            }
            Some(Header { tag: CONTINUE, .. }) => {
                let mut segment = [0; 4];
                self.ring.read(self.index() + 1, &mut segment);
                Ok(Event::Continue { segment: u32::from_le_bytes(segment) })
            }
            Some(header) => Ok(Event::Record(Record { lane: self, header })),
        }
    }

    /// Consumes the announcement of a new ring and goes on in it; answers the old one.
    ///
    /// # Errors
    /// As [`Receiver::receive`]; the ring back when nothing was announced.
    pub fn continue_in(&mut self, ring: R) -> Result<R, (R, Option<Violation>)> {
        let words = match self.poll() {
            Ok(Some(header)) if header.tag == CONTINUE => header.words(),
            Ok(_) => return Err((ring, None)),
            Err(violation) => return Err((ring, Some(violation))),
        };
        self.consumed += words;
        self.base = self.consumed;
        self.bytes_max = record_bytes_max(ring.words());
        self.tell();
        Ok(std::mem::replace(&mut self.ring, ring))
    }

    /// Announces that we are about to sleep, and looks once more. Sleep only on [`Look::Armed`], and call
    /// [`Receiver::disarm`] afterwards.
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub fn arm(&mut self) -> Result<Look, Violation> {
        self.tell();
        self.own_sleeps.announce(&self.controls.own().armed);
        match self.poll() {
            Ok(None) => Ok(Look::Armed),
            found => {
                self.disarm();
                found.map(|_| Look::Ready)
            }
        }
    }

    /// Takes the announcement of [`Receiver::arm`] back.
    pub fn disarm(&mut self) {
        Sleeps::cancel(&self.controls.own().armed);
    }

    /// Whether the peer sleeps for room that was made since the last call, and must be rung.
    #[must_use = "a sender that sleeps must be rung"]
    pub fn take_bell(&mut self) -> bool {
        std::mem::take(&mut self.ring_bell)
    }

    #[inline]
    fn index(&self) -> u64 {
        (self.consumed - self.base) & (self.ring.words() - 1)
    }

    /// The header of the next record, checked; pads are skipped.
    #[inline]
    fn poll(&mut self) -> Result<Option<Header>, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let answer = match self.check() {
            Ok(Some(pad)) if pad.tag == PAD => {
                self.consumed += pad.words();
                self.check()
            }
            answer => answer,
        };
        if let Err(violation) = answer {
            self.broken = Some(violation);
        }
        answer
    }

    /// One look at one word.
    #[inline]
    fn check(&self) -> Result<Option<Header>, Violation> {
        let word = self.ring.load(self.index());
        if word == 0 {
            return Ok(None);
        }
        fence(Ordering::Acquire);
        let header = Header::parse(word)?;
        let (words, words_left) = (header.words(), self.ring.words() - self.index());
        let at_end = words == words_left;
        let fits = match header.tag {
            PAD => at_end && self.index() != 0,
            CONTINUE => words == 2 && words <= words_left,
            tag if TAGS.contains(&tag) && header.bytes > self.bytes_max => {
                return Err(Violation::TooLong { bytes: header.bytes, bytes_max: self.bytes_max });
            }
            tag if TAGS.contains(&tag) => words <= words_left,
            _ => return Err(Violation::Header { header: word }),
        };
        match fits {
            true => Ok(Some(header)),
            false => Err(Violation::Boundary { words, words_left }),
        }
    }

    #[inline]
    fn consume(&mut self, words: u64) {
        self.consumed += words;
        if self.consumed - self.told >= self.ring.words() / LAZY_FRACTION {
            self.tell();
        }
    }

    /// Tells the peer how far we are.
    #[inline]
    fn tell(&mut self) {
        if self.told != self.consumed {
            self.told = self.consumed;
            self.controls.own().consumed.store(self.consumed, Ordering::Release);
            self.ring_bell |= self.sender_sleeps.must_ring(&self.controls.peer().wants_room);
        }
    }
}

impl<R: TheirRing, C: Controls> Record<'_, R, C> {
    /// What the sender says it is.
    pub fn tag(&self) -> Tag {
        self.header.tag
    }

    /// How many bytes the body has.
    pub fn bytes(&self) -> usize {
        self.header.bytes as usize
    }

    /// Copies the start of the body, each byte loaded once; answers how many bytes.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        let bytes = self.bytes().min(target.len());
        self.lane.ring.read(self.lane.index() + 1, &mut target[..bytes]);
        bytes
    }
}

impl<R: TheirRing, C: Controls> Drop for Record<'_, R, C> {
    #[inline]
    fn drop(&mut self) {
        self.lane.consume(self.header.words());
    }
}
