// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sending end: records are staged where nobody looks yet, and published by one store.

use cabotage_os::SystemError;

use super::{ArmError, Full, Loan, OwnRing, StageError, TooLong, kept_words, record_bytes_max};
use crate::control::{Answered, Controls, Sleeps};
use crate::fencing::Fencing;
use crate::record::{CONTINUE, Header, PORT_MAX, Port, RETIRE, TAGS, Tag, WORD_BYTES, words_for};
use crate::sync::Ordering;
use crate::violation::Violation;

mod joined;
mod kept;
mod read_back;
mod resume;
mod room;

pub use kept::Keeping;

/// The sending end of a lane: owns the ring and our control words, reads the peer's.
#[derive(Debug)]
pub struct Sender<R, C> {
    pub(super) ring: R,
    controls: C,
    fencing: Fencing,
    ring_words: u64,
    /// How many of them are left free by all records but the last.
    kept: u64,
    /// How many of those are there for records that never find the ring full.
    reserved: u64,
    bytes_max: u32,
    /// Where in the ring the next record will be staged.
    at: u64,
    /// How many words are free from there on, by the receiver's count when it was last looked at. One of them is
    /// kept for the header after the last record. None when the lane is over.
    free: u64,
    /// The position at which this ring began; earlier rings of the lane lie before it.
    base: u64,
    /// How many words the last record had, or was to have.
    last_words: u64,
    /// Everything before is visible to the receiver.
    published: u64,
    /// Everything before is written.
    staged: u64,
    /// The first staged header, held back until all that follows it is written, and its place. 0: none.
    held: u64,
    held_at: u64,
    /// The receiver's count when it was last looked at.
    consumed: u64,
    /// The same as told at each record, by those who look at that.
    freed: u64,
    receiver_sleeps: Answered,
    own_sleeps: Sleeps,
    broken: Option<Violation>,
}

impl<R: OwnRing, C: Controls> Sender<R, C> {
    /// A sender over a new ring, all zeroes.
    pub fn new(ring: R, controls: C) -> Self {
        let ring_words = ring.words();
        Self {
            ring,
            controls,
            fencing: Fencing::Both,
            ring_words,
            kept: kept_words(ring_words),
            reserved: 0,
            bytes_max: record_bytes_max(ring_words),
            at: 0,
            free: ring_words,
            base: 0,
            last_words: 1,
            published: 0,
            staged: 0,
            held: 0,
            held_at: 0,
            consumed: 0,
            freed: 0,
            receiver_sleeps: Answered::default(),
            own_sleeps: Sleeps::default(),
            broken: None,
        }
    }

    /// From now on the peer's control words are these, and both ends fence like this.
    pub fn meet(&mut self, controls: C, fencing: Fencing) {
        self.controls = controls;
        self.fencing = fencing;
    }

    /// The longest body of a record, in bytes.
    pub fn bytes_max(&self) -> u32 {
        self.bytes_max
    }

    /// How many words the present ring has.
    pub fn ring_words(&self) -> u64 {
        self.ring_words
    }

    /// The control words of both ends.
    pub fn controls(&self) -> &C {
        &self.controls
    }

    /// The position after all that is published.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// The position after all that is staged.
    #[inline]
    pub fn staged(&self) -> u64 {
        self.staged
    }

    /// Writes a record behind those already staged; nobody sees it before [`Sender::publish`].
    ///
    /// # Errors
    /// [`StageError`]; nothing has changed then, and what was staged before still is.
    ///
    /// # Panics
    /// If `tag` is not one of [`TAGS`] or `port` above [`PORT_MAX`].
    #[inline]
    pub fn stage(&mut self, tag: Tag, port: Port, body: &[u8]) -> Result<(), StageError> {
        let header = self.admit(tag, port, body.len())?;
        let words = header.words();
        self.reserve(words)?;
        self.clear_after(words);
        self.ring.write(self.byte_at(0), body);
        self.append(header, words);
        Ok(())
    }

    /// Stages a record and publishes it with all staged before it: one store where nothing was staged. Answers whether
    /// the peer must be rung.
    ///
    /// # Errors
    /// As [`Sender::stage`].
    ///
    /// # Panics
    /// As [`Sender::stage`].
    #[inline]
    pub fn send(&mut self, tag: Tag, port: Port, body: &[u8]) -> Result<bool, StageError> {
        self.send_to_a_spinner(tag, port, body)?;
        Ok(self.receiver_sleeps.must_ring(&self.controls.peer().calls.armed, self.fencing))
    }

    /// Says that more is to follow soon: the ring's next lines are asked for before they are written, which helps a
    /// stream, and is in the way of an answer.
    #[inline]
    pub fn expect_more(&self) {
        self.ring.expect(self.at);
    }

    /// Says that a record as long as the last, of so many bytes, is to follow after an answer. The lines behind the one
    /// that the receiver looks at are asked for now, and come while the answer is waited for.
    #[inline]
    pub fn expect_another(&self, bytes: usize) {
        self.ring.expect_one(self.at, words_for(bytes));
    }

    /// Says that a record as long as the last is to follow at once, to a receiver that has asked for it and does not look yet:
    /// its lines are asked for while it is made.
    #[inline]
    pub fn expect_now(&self) {
        self.ring.expect_now(self.at, self.last_words);
    }

    /// As [`Sender::send`], for a receiver that is known never to sleep.
    ///
    /// # Errors
    /// As [`Sender::stage`].
    ///
    /// # Panics
    /// As [`Sender::stage`].
    #[inline]
    pub fn send_to_a_spinner(&mut self, tag: Tag, port: Port, body: &[u8]) -> Result<(), StageError> {
        self.send_joined_to_a_spinner(tag, port, [], body)
    }

    /// Room for a record of `bytes` bytes, to be written in place; [`Loan::stage`] stages it.
    ///
    /// # Errors
    /// As [`Sender::stage`].
    ///
    /// # Panics
    /// As [`Sender::stage`].
    pub fn loan(&mut self, tag: Tag, port: Port, bytes: usize) -> Result<Loan<'_, R, C>, StageError> {
        let header = self.admit(tag, port, bytes)?;
        self.reserve(header.words())?;
        Ok(Loan::new(self, header))
    }

    /// Makes all staged records visible, in order, at once. Answers whether the peer must be rung.
    #[inline]
    #[must_use = "a receiver that sleeps must be rung"]
    pub fn publish(&mut self) -> bool {
        self.publish_to_a_spinner() && {
            self.receiver_sleeps.must_ring(&self.controls.peer().calls.armed, self.fencing)
        }
    }

    /// As [`Sender::publish`], for a receiver that is known never to sleep. Answers whether there was anything.
    #[inline]
    pub fn publish_to_a_spinner(&mut self) -> bool {
        if self.held == 0 {
            return false;
        }
        self.ring.store(self.held_at, self.held, Ordering::Release);
        self.held = 0;
        self.published = self.staged;
        true
    }

    /// Announces that we are about to sleep until a record of `bytes` bytes has room. Sleep only if this answers
    /// true; [`Sender::awake`] afterwards.
    ///
    /// # Errors
    /// The peer's count is impossible, or the system's refusal.
    pub fn arm_for_room(&mut self, bytes: usize) -> Result<bool, ArmError> {
        self.announce()?;
        match self.has_room(bytes) {
            Ok(false) => Ok(true),
            found => {
                self.awake();
                Ok(found.map(|_| false)?)
            }
        }
    }

    /// Announces that we are about to sleep until the peer has consumed, filed or given back something. Look once
    /// more at what is waited for after this; [`Sender::awake`] afterwards.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn announce(&mut self) -> Result<(), SystemError> {
        self.own_sleeps.announce(&self.controls.own().wants_room, self.fencing, false)
    }

    /// Takes the announcement of [`Sender::arm_for_room`] or [`Sender::announce`] back.
    pub fn awake(&mut self) {
        self.own_sleeps.cancel(&self.controls.own().wants_room);
    }

    /// Goes on in another ring, new or left before, which the receiver learns of in order, as number `segment`. Answers
    /// the old ring, to be kept until [`Sender::has_left`] its end, that end, and whether to ring. Staged records
    /// are published.
    ///
    /// # Errors
    /// The new ring back with [`StageError::Full`] when the old one has no room for the last record.
    pub fn continue_in(&mut self, ring: R, segment: u32) -> Result<(R, u64, bool), (R, StageError)> {
        if let Err(error) = self.stage_own(CONTINUE, segment, 1) {
            return Err((ring, error));
        }
        // A ring that was used before: the receiver will poll its first word.
        ring.store(0, 0, Ordering::Relaxed);
        let ring_bell = self.publish();
        self.base = self.staged;
        self.at = 0;
        self.ring_words = ring.words();
        self.free = self.ring_words;
        self.measure();
        Ok((std::mem::replace(&mut self.ring, ring), self.base, ring_bell))
    }

    /// Stages the news that segment `segment` will not be used any more.
    ///
    /// # Errors
    /// As [`Sender::stage`].
    pub fn stage_retirement(&mut self, segment: u32) -> Result<(), StageError> {
        self.stage_own(RETIRE, segment, self.kept)
    }

    /// Whether the receiver has consumed everything before `position`.
    ///
    /// # Errors
    /// The peer's count is impossible.
    pub fn has_left(&mut self, position: u64) -> Result<bool, Violation> {
        if self.consumed < position {
            self.look_at_consumed()?;
        }
        Ok(self.consumed >= position)
    }

    /// Ends the lane: every later call answers this violation.
    pub fn end(&mut self, violation: Violation) {
        self.broken.get_or_insert(violation);
        self.free = 0;
    }

    #[inline]
    fn admit(&self, tag: Tag, port: Port, bytes: usize) -> Result<Header, TooLong> {
        assert!(TAGS.contains(&tag), "tags below {} are the lane's own", TAGS.start());
        assert!(port <= PORT_MAX, "a port has 24 bits");
        match u32::try_from(bytes) {
            Ok(bytes) if bytes <= self.bytes_max => Ok(Header::new(tag, port, bytes)),
            _ => Err(TooLong { bytes, bytes_max: self.bytes_max }),
        }
    }

    /// Where byte `offset` of the body of the next record lies in the ring.
    #[inline]
    pub(super) fn byte_at(&self, offset: u64) -> u64 {
        (self.at + 1) * WORD_BYTES as u64 + offset
    }

    fn stage_own(&mut self, tag: Tag, segment: u32, kept: u64) -> Result<(), StageError> {
        let header = Header::own(tag, 4);
        let words = header.words();
        self.make_room(words, kept)?;
        self.clear_after(words);
        self.ring.write(self.byte_at(0), &segment.to_le_bytes());
        self.append(header, words);
        Ok(())
    }

    /// Clears the word after a record of `words` words: the receiver will poll it as soon as it sees the record.
    #[inline]
    pub(super) fn clear_after(&self, words: u64) {
        self.ring.store(self.after(words), 0, Ordering::Relaxed);
    }

    #[inline]
    fn after(&self, words: u64) -> u64 {
        (self.at + words) & (self.ring_words - 1)
    }

    #[inline]
    pub(super) fn append(&mut self, header: Header, words: u64) {
        if self.held == 0 {
            (self.held, self.held_at) = (header.0, self.at);
        } else {
            self.ring.store(self.at, header.0, Ordering::Relaxed);
        }
        self.at = self.after(words);
        self.staged += words;
        self.free -= words;
    }

    /// Makes sure that `words` words lie free, in one piece, at the place of the next record, and those kept behind.
    #[inline]
    fn reserve(&mut self, words: u64) -> Result<(), StageError> {
        self.last_words = words;
        if words <= self.ring_words - self.at && words + self.kept <= self.free {
            return Ok(());
        }
        self.make_room(words, self.kept)
    }

    #[cold]
    fn make_room(&mut self, words: u64, kept: u64) -> Result<(), StageError> {
        let pad = self.find_room(words, kept)?.ok_or(Full)?;
        if pad > 0 {
            self.clear_after(pad);
            self.append(Header::pad(pad), pad);
        }
        Ok(())
    }

    /// How long a pad has to go before `words` words in one piece so that `kept` stay free behind them; `None` if
    /// there is no room for that.
    fn find_room(&mut self, words: u64, kept: u64) -> Result<Option<u64>, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let until_end = self.ring_words - self.at;
        let pad = if words > until_end { until_end } else { 0 };
        let needed = pad + words + kept;
        if self.free < needed {
            self.look_at_consumed()?;
        }
        Ok((self.free >= needed).then_some(pad))
    }

    fn look_at_consumed(&mut self) -> Result<(), Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        match self.controls.peer().admit_consumed(self.consumed, self.published) {
            Ok(count) => {
                self.consumed = count;
                self.count_free();
                Ok(())
            }
            Err(violation) => {
                self.end(violation);
                Err(violation)
            }
        }
    }

    fn count_free(&mut self) {
        self.free = self.ring_words - (self.staged - self.consumed.max(self.freed).max(self.base));
    }
}
