// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiving end: polls the word where the next header will appear, and believes nothing it finds there.

use super::{
    Ahead, ArmError, Event, Glimpse, LAZY_FRACTION, Look, Record, Shape, Sight, TheirRing, check,
    record_bytes_max, survey,
};
use crate::control::{Answered, Controls, Sleeps};
use crate::fencing::Fencing;
use crate::record::{CONTINUE, Header, PAD, TAGS, WORD_BYTES};
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// Who consumes less than this between two sleeps sleeps often.
const AWAKE_WORDS: u64 = 128;

/// The receiving end of a lane: reads the peer's ring and control words, owns ours.
#[derive(Debug)]
pub struct Receiver<R, C> {
    ring: R,
    controls: C,
    fencing: Fencing,
    ring_words: u64,
    bytes_max: u32,
    /// Where in the ring the next header will appear.
    at: u64,
    /// What the last plain record looked like.
    usual: Shape,
    /// Everything before is consumed.
    consumed: u64,
    /// What the peer was told of that.
    told: u64,
    sender_sleeps: Answered,
    own_sleeps: Sleeps,
    /// How far we were at the last sleep.
    slept_at: u64,
    ring_bell: bool,
    broken: Option<Violation>,
}

impl<R: TheirRing, C: Controls> Receiver<R, C> {
    /// A receiver of a lane that begins with this ring.
    pub fn new(ring: R, controls: C, fencing: Fencing) -> Self {
        let ring_words = ring.words();
        Self {
            ring,
            controls,
            fencing,
            ring_words,
            bytes_max: record_bytes_max(ring_words),
            at: 0,
            usual: Shape::NONE,
            consumed: 0,
            told: 0,
            sender_sleeps: Answered::default(),
            own_sleeps: Sleeps::default(),
            slept_at: 0,
            ring_bell: false,
            broken: None,
        }
    }

    /// A receiver in the place of one that has ended, the `incarnation`-th of the lane: it goes on where that one's
    /// counts say that all before is consumed ([`Receiver::consume_exactly`] keeps that exact). Ring the sender then.
    pub fn resume(ring: R, controls: C, fencing: Fencing, incarnation: u32) -> Self {
        let own = controls.own();
        let told = own.consumed.load(Ordering::Relaxed);
        let consumed = told.max(own.state.taken.load(Ordering::Relaxed));
        let own_sleeps = Sleeps::of(incarnation, &controls.own().calls.armed);
        let mut lane = Self::new(ring, controls, fencing);
        lane.own_sleeps = own_sleeps;
        lane.at = consumed & (lane.ring_words - 1);
        (lane.consumed, lane.told, lane.slept_at) = (consumed, told, consumed);
        lane.tell(); // what the one before had no time to tell
        lane
    }

    /// The control words of both ends.
    pub fn controls(&self) -> &C {
        &self.controls
    }

    /// Looks for the next record.
    ///
    /// # Errors
    /// The peer broke a rule; every later call answers the same.
    #[inline]
    pub fn look(&mut self) -> Result<Sight, Violation> {
        match self.glimpse() {
            Glimpse::Usual => Ok(Sight::Record(self.usual)),
            Glimpse::Nothing if self.told == self.consumed && self.broken.is_none() => Ok(Sight::Empty),
            _ => self.look_closely(),
        }
    }

    /// What is not as usual, and the first look that comes up empty.
    #[cold]
    fn look_closely(&mut self) -> Result<Sight, Violation> {
        match self.poll()? {
            None => {
                self.tell();
                Ok(Sight::Empty)
            }
            Some(header) if TAGS.contains(&header.tag()) => {
                self.usual = Shape::of(header);
                Ok(Sight::Record(self.usual))
            }
            Some(header) => Ok(self.own_record(header)),
        }
    }

    /// The quickest look of all: one load, one comparison. A record that looks like the one before is in sight as
    /// after [`Receiver::look`]; anything else needs that.
    #[inline(always)]
    pub fn glimpse(&self) -> Glimpse {
        let header = Header(self.ring.load(self.at));
        if header == self.usual.header && self.usual.words <= self.ring_words - self.at {
            fence(Ordering::Acquire);
            return Glimpse::Usual;
        }
        if header.0 == 0 { Glimpse::Nothing } else { Glimpse::Other }
    }

    /// Asks for the lines of the record that the last look found, all of them together.
    #[inline(always)]
    pub fn fetch(&self) {
        self.ring.fetch(self.at, self.usual.words);
    }

    /// The record that the last look found. Without one it is a record of old bytes.
    #[inline]
    pub fn take(&mut self) -> Record<'_, R, C> {
        Record::new(self)
    }

    /// The position before which all is consumed.
    #[inline]
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// What the record that the last look found looks like.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.usual
    }

    /// Copies bytes of the record that the last look found, from `offset` of its body on, each loaded once; answers
    /// how many.
    #[inline]
    pub fn read(&self, offset: usize, target: &mut [u8]) -> usize {
        let bytes = self.usual.bytes.saturating_sub(offset).min(target.len());
        if bytes > 0 {
            let start = (self.at + 1) * WORD_BYTES as u64 + offset as u64;
            self.ring.read(start, &mut target[..bytes]);
        }
        bytes
    }

    /// Consumes the record that the last look found, once. See [`Receiver::take_bell`] afterwards.
    #[inline]
    pub fn consume(&mut self) {
        if self.usual.words <= self.ring_words - self.at {
            self.pass(self.usual.words);
        }
    }

    /// As [`Receiver::consume`], and lets no other process consume the record again: whoever takes this end's place goes
    /// on behind it, at whatever instant this process is killed. The sender is told of the room as seldom as after
    /// [`Receiver::consume`], since a line that it polls must not change with each record.
    #[inline]
    pub fn consume_exactly(&mut self) {
        self.consume();
        self.tell_taken();
    }

    /// Says for each record, after [`Receiver::consume`], how far we are, where the sender does not poll: so that it knows
    /// exactly, at whatever instant this process is killed.
    #[inline]
    pub fn tell_taken(&self) {
        self.controls.own().state.taken.store(self.consumed, Ordering::Release);
    }

    /// Says how far we are where the sender polls, before it is time to.
    #[inline]
    pub fn store_consumed(&self) {
        self.controls.own().consumed.store(self.consumed, Ordering::Release);
    }

    /// The longest body of a record, in bytes.
    pub fn bytes_max(&self) -> u32 {
        self.bytes_max
    }

    /// Looks, and takes what is there.
    ///
    /// # Errors
    /// As [`Receiver::look`].
    #[inline]
    pub fn receive(&mut self) -> Result<Event<'_, R, C>, Violation> {
        Ok(match self.look()? {
            Sight::Record(_) => Event::Record(self.take()),
            Sight::Continue { segment } => Event::Continue { segment },
            Sight::Retire { segment } => Event::Retire { segment },
            Sight::Empty => Event::Empty,
        })
    }

    /// Whether there is a record, or word of the lane's own; nothing is told to the sender.
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub fn has_news(&mut self) -> Result<bool, Violation> {
        self.poll().map(|found| found.is_some())
    }

    /// Passes on each record that was not consumed, the one in sight first: see [`survey`].
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub fn survey(&mut self, act: impl FnMut(Ahead<'_, R>) -> bool) -> Result<Option<u32>, Violation> {
        match self.broken {
            Some(violation) => Err(violation),
            None => survey(&self.ring, self.at, act).map_err(|violation| self.end(violation)),
        }
    }

    #[cold]
    fn own_record(&mut self, header: Header) -> Sight {
        let mut segment = [0; 4];
        self.ring.read((self.at + 1) * WORD_BYTES as u64, &mut segment);
        let segment = u32::from_le_bytes(segment);
        if header.tag() == CONTINUE {
            return Sight::Continue { segment };
        }
        // Not told yet, however much was consumed: the caller still has the segment.
        self.advance(header.words());
        Sight::Retire { segment }
    }

    /// Consumes the announcement of a new ring and goes on in it; answers the old one.
    ///
    /// # Errors
    /// As [`Receiver::receive`]; the ring back when nothing was announced.
    pub fn continue_in(&mut self, ring: R) -> Result<R, (R, Option<Violation>)> {
        let words = match self.poll() {
            Ok(Some(header)) if header.tag() == CONTINUE => header.words(),
            Ok(_) => return Err((ring, None)),
            Err(violation) => return Err((ring, Some(violation))),
        };
        self.consumed += words;
        self.at = 0;
        self.usual = Shape::NONE;
        self.ring_words = ring.words();
        self.bytes_max = record_bytes_max(self.ring_words);
        self.tell();
        Ok(std::mem::replace(&mut self.ring, ring))
    }

    /// Announces that we are about to sleep, and looks once more. Sleep only on [`Look::Armed`], and call
    /// [`Receiver::disarm`] afterwards.
    ///
    /// # Errors
    /// As [`Receiver::receive`], or the system's refusal.
    pub fn arm(&mut self) -> Result<Look, ArmError> {
        let is_frequent = self.consumed - self.slept_at < AWAKE_WORDS;
        self.slept_at = self.consumed;
        self.own_sleeps.announce(&self.controls.own().calls.armed, self.fencing, is_frequent)?;
        match self.poll() {
            Ok(None) => {
                // After the look, which may have passed a filler at the end of the ring.
                self.tell();
                Ok(Look::Armed)
            }
            found => {
                self.disarm();
                Ok(found.map(|_| Look::Ready)?)
            }
        }
    }

    /// Takes the announcement of [`Receiver::arm`] back.
    pub fn disarm(&mut self) {
        self.own_sleeps.cancel(&self.controls.own().calls.armed);
    }

    /// Whether the peer sleeps for room that was made since the last call, and must be rung.
    #[inline]
    #[must_use = "a sender that sleeps must be rung"]
    pub fn take_bell(&mut self) -> bool {
        std::mem::take(&mut self.ring_bell)
    }

    /// Tells the sender at once what was consumed, in a word that it looks at only when it lacks room
    /// ([`Sender::look_at_freed`](crate::ring::Sender::look_at_freed)), and looks whether it sleeps.
    #[inline]
    pub fn tell_freed(&mut self) {
        self.controls.own().tell_freed(self.consumed);
        self.answer_sender();
    }

    /// Looks whether the sender sleeps, after something that it may wait for was stored in our control words.
    #[inline]
    pub fn answer_sender(&mut self) {
        self.ring_bell |= self.sender_sleeps.must_ring(&self.controls.peer().wants_room, self.fencing);
    }

    /// Ends the lane: every later call answers this violation.
    pub fn end(&mut self, violation: Violation) -> Violation {
        self.usual = Shape::NONE;
        *self.broken.get_or_insert(violation)
    }

    /// The header of the next record, checked; a pad is skipped, which there is only one of in a ring.
    fn poll(&mut self) -> Result<Option<Header>, Violation> {
        loop {
            if let Some(violation) = self.broken {
                return Err(violation);
            }
            let header = Header(self.ring.load(self.at));
            if header.0 == 0 {
                return Ok(None);
            }
            fence(Ordering::Acquire);
            match check(header, self.at, self.ring_words, self.bytes_max) {
                // The place after a pad is the start of the ring, where no other pad can be.
                Ok(()) if header.tag() == PAD => self.advance(header.words()),
                Ok(()) => return Ok(Some(header)),
                Err(violation) => return Err(self.end(violation)),
            }
        }
    }

    #[inline]
    fn advance(&mut self, words: u64) {
        self.consumed += words;
        self.at = (self.at + words) & (self.ring_words - 1);
    }

    #[inline]
    fn pass(&mut self, words: u64) {
        self.advance(words);
        if self.consumed - self.told >= self.ring_words / LAZY_FRACTION {
            self.own_sleeps.relax(&self.controls.own().calls.armed);
            self.tell();
        }
    }

    /// Tells the peer how far we are.
    #[inline]
    fn tell(&mut self) {
        if self.told != self.consumed {
            self.told = self.consumed;
            self.store_consumed();
            self.answer_sender();
        }
    }
}
