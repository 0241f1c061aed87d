// SPDX-License-Identifier: MIT OR Apache-2.0
//! The publishing end: a sender of the ring whose room is made here, by one rule or the other.
//!
//! To the sender below there is one receiver, whose count this file keeps in private memory: what is let go of
//! counts as consumed. So staging, batches, loans and fillers are the ring's own.

use super::milestones::Milestones;
use super::roster::{self, Place};
use super::{COUNT_MAX, FIRST, Loan, Memory, PARTS, RECORD, WhenSlow, Words, board, index};
use crate::control::{Control, Controls};
use crate::fencing::Fencing;
use crate::record::{Port, Tag, words_for};
use crate::ring::{Full, OwnRing, Sender, StageError, TheirRing, follow};
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// The publishing end of a topic: owns the ring, the board and the index, and reads the roster.
#[derive(Debug)]
pub struct Publisher<R, W, P> {
    pub(super) sender: Sender<R, Tally>,
    memory: Memory<W, P>,
    fencing: Fencing,
    when_slow: WhenSlow,
    places: Place,
    milestones: Milestones,
    /// What the board says is kept; everything before may go.
    oldest: u64,
    /// Everything before may be overwritten.
    free_to: u64,
    /// How many records were staged, and so the number of the last one.
    staged: u64,
    /// How many were published.
    published: u64,
    /// How often the bell was rung.
    rung: u64,
    /// The tag of the next record.
    pub(super) tag: Tag,
    /// Its port: with the first one goes a word of the new publisher's.
    pub(super) port: Port,
}

/// The sender's one receiver: all readers together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    own: Control,
    readers: Control,
}

impl Controls for Tally {
    fn own(&self) -> &Control {
        &self.own
    }

    fn peer(&self) -> &Control {
        &self.readers
    }
}

impl<R: OwnRing + TheirRing, W: Words, P: Words> Publisher<R, W, P> {
    /// The publisher over this memory, with so many places for readers, as long as nobody else is: the first one over
    /// memory that is all zeroes, or one in the place of another that has ended. It goes on behind the last record that
    /// was published, and its first record says that it is a new publisher's, with a word of `news`.
    ///
    /// # Errors
    /// The memory is not as a publisher leaves it.
    pub fn resume(
        ring: R,
        memory: Memory<W, P>,
        when_slow: WhenSlow,
        places: Place,
        fencing: Fencing,
        news: Port,
    ) -> Result<Self, Violation> {
        let load = |at| memory.board.word(at).load(Ordering::Relaxed);
        let (oldest, newest, rung) = (load(board::OLDEST), load(board::NEWEST), load(board::RUNG));
        if let Some(count) = [oldest, newest, rung].into_iter().find(|count| *count > COUNT_MAX) {
            return Err(Violation::Count { count, least: 0, most: COUNT_MAX });
        }
        let newest_end = memory.index.word(newest).load(Ordering::Relaxed);
        let mut milestones = Milestones::new(OwnRing::words(&ring) / PARTS, oldest);
        let mut number = newest;
        let mut start = oldest;
        let end = follow(&ring, oldest, |header| {
            milestones.pass(start);
            // The one before may have died between a record and the word that it is the newest.
            if start >= newest_end && matches!(header.tag(), RECORD | FIRST) {
                number += 1;
                index::note(&memory.index, number, start + header.words());
            }
            start += header.words();
        })?;
        if !(oldest..=end).contains(&newest_end) {
            return Err(Violation::Count { count: newest_end, least: oldest, most: end });
        }
        index::tell_newest(&memory.board, number);
        memory.board.word(board::WAITS).store(0, Ordering::Relaxed);
        // What was called old need not be free: it was called so before the slowest was looked at.
        let free_to = when_slow.kept_from(oldest, &memory.roster, places);
        let tally = Tally::default();
        tally.readers.consumed.store(free_to, Ordering::Relaxed);
        Ok(Self {
            sender: Sender::resume(ring, tally, Fencing::Both, 0)?,
            memory,
            fencing,
            when_slow,
            places,
            milestones,
            oldest,
            free_to,
            staged: number,
            published: number,
            rung,
            tag: FIRST,
            port: news,
        })
    }

    /// The longest record, in bytes.
    pub fn bytes_max(&self) -> u32 {
        self.sender.bytes_max()
    }

    /// How many records were published, and so the number of the last one.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// Writes a record behind those already staged; nobody sees it before [`Publisher::publish`].
    ///
    /// # Errors
    /// [`StageError`]: full where the topic waits for the slow, or when so many are staged that some must be published
    /// first.
    #[inline]
    pub fn stage(&mut self, body: &[u8]) -> Result<(), StageError> {
        self.refuse_what_runs_ahead()?;
        loop {
            match self.sender.stage(self.tag, self.port, body) {
                Ok(()) => break,
                Err(StageError::Full(full)) => self.make_room(full)?,
                Err(error) => return Err(error),
            }
        }
        self.note(body.len());
        Ok(())
    }

    /// Stages a record and publishes it with all staged before it. Answers whether the bell must be rung.
    ///
    /// # Errors
    /// As [`Publisher::stage`].
    #[inline]
    pub fn send(&mut self, body: &[u8]) -> Result<bool, StageError> {
        self.stage(body)?;
        Ok(self.publish())
    }

    /// Room for a record of `bytes` bytes, to be written in place.
    ///
    /// # Errors
    /// As [`Publisher::stage`].
    pub fn loan(&mut self, bytes: usize) -> Result<Loan<'_, R, W, P>, StageError> {
        self.refuse_what_runs_ahead()?;
        loop {
            match self.sender.loan(self.tag, self.port, bytes) {
                Ok(loan) => {
                    let header = loan.header();
                    return Ok(Loan::new(self, header));
                }
                Err(StageError::Full(full)) => self.make_room(full)?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes all staged records visible, in order, at once. Answers whether the bell must be rung, for all.
    #[inline]
    #[must_use = "readers that sleep must be woken"]
    pub fn publish(&mut self) -> bool {
        if !self.sender.publish_to_a_spinner() {
            return false;
        }
        self.published = self.staged;
        index::tell_newest(&self.memory.board, self.published);
        self.must_ring()
    }

    /// Says that more is to follow soon: see [`Sender::expect_more`].
    #[inline]
    pub fn expect_more(&self) {
        self.sender.expect_more();
    }

    /// Lets go of what is oldest if that is possible now; answers whether it was, and so whether to try again.
    pub fn make_some_room(&mut self) -> bool {
        self.make_room(Full).is_ok()
    }

    /// The readers that keep the next record from having room, to be asked whether they live.
    pub fn blocking(&self) -> Vec<Place> {
        self.behind(self.free_to.saturating_add(1))
    }

    /// The readers that have not read everything.
    pub fn lagging(&self) -> Vec<Place> {
        self.behind(self.sender.published())
    }

    fn behind(&self, position: u64) -> Vec<Place> {
        let roster = &self.memory.roster;
        let is_behind = |place: &Place| roster::position(roster, *place).is_some_and(|at| at < position);
        roster::used(roster, self.places).filter(is_behind).collect()
    }

    /// The places that are in use, whether their owners live or not.
    pub fn taken(&self) -> Vec<Place> {
        let is_taken = |place: &Place| roster::position(&self.memory.roster, *place).is_some();
        roster::used(&self.memory.roster, self.places).filter(is_taken).collect()
    }

    /// Passes over a reader that is dead: only while its lock is held here, so that nobody takes the place meanwhile.
    pub fn bury(&mut self, place: Place) {
        roster::leave(&self.memory.roster, place);
    }

    /// Announces that we are about to sleep until the slowest reader moves on. Look once more at what is waited for
    /// after this; [`Publisher::awake`] afterwards.
    pub fn announce(&mut self) {
        let slowest = roster::slowest(&self.memory.roster, self.places).min(self.sender.published());
        self.memory.board.word(board::WAITS).store(slowest.saturating_add(1), Ordering::Relaxed);
        // With the reader's fence between its position and its look at this word: one of us sees the other, also where
        // positions are all that is looked at afterwards.
        fence(Ordering::SeqCst);
    }

    /// Takes the announcement back.
    pub fn awake(&mut self) {
        self.memory.board.word(board::WAITS).store(0, Ordering::Relaxed);
    }

    fn refuse_what_runs_ahead(&self) -> Result<(), Full> {
        match self.staged - self.published < index::staged_max(&self.memory.index) {
            true => Ok(()),
            false => Err(Full),
        }
    }

    /// A record was staged: its end is noted for those who come late.
    #[inline]
    pub(super) fn note(&mut self, bytes: usize) {
        let end = self.sender.staged();
        self.staged += 1;
        (self.tag, self.port) = (RECORD, 0);
        index::note(&self.memory.index, self.staged, end);
        self.milestones.pass(end - words_for(bytes));
    }

    /// Whether somebody sleeps, or is about to.
    #[inline]
    fn must_ring(&mut self) -> bool {
        self.fencing.often();
        let wanted = self.memory.roster.word(roster::WANTED).load(Ordering::Relaxed);
        if wanted <= self.rung {
            return false;
        }
        self.rung = wanted;
        self.memory.board.word(board::RUNG).store(wanted, Ordering::Relaxed);
        true
    }

    /// Lets go of what is oldest, up to the next milestone; full if that gives nothing.
    #[cold]
    fn make_room(&mut self, full: Full) -> Result<(), StageError> {
        if self.oldest == self.free_to {
            let published = self.sender.published();
            self.oldest = self.milestones.next(self.oldest, published).unwrap_or(published);
            self.memory.board.word(board::OLDEST).store(self.oldest, Ordering::Relaxed);
        }
        let kept_from = self.when_slow.kept_from(self.oldest, &self.memory.roster, self.places);
        if kept_from <= self.free_to {
            return Err(full.into());
        }
        self.free_to = kept_from;
        self.sender.controls().readers.consumed.store(kept_from, Ordering::Relaxed);
        Ok(())
    }
}

impl WhenSlow {
    /// The position before which everything may be overwritten, once the board says that `oldest` is kept.
    fn kept_from(self, oldest: u64, roster: &impl Words, places: Place) -> u64 {
        match self {
            Self::Drop => {
                // Whoever reads a word written after this sees `oldest`, and drops it.
                fence(Ordering::Release);
                oldest
            }
            Self::Wait => {
                // With a joiner's fence between its position and its look at `oldest`: one of us sees the other.
                fence(Ordering::SeqCst);
                oldest.min(roster::slowest(roster, places))
            }
        }
    }
}
