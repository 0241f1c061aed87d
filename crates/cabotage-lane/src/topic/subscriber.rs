// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reading end: takes a place, follows the ring from a record's start on, and counts what it missed.

use super::index::{self, Start};
use super::roster::{self, Place};
use super::{FIRST, Memory, PARTS, RECORD, WhenSlow, Words, board};
use crate::fencing::Fencing;
use crate::record::{Header, PAD, WORD_BYTES};
use crate::ring::{ArmError, Look, Shape, TheirRing, check, record_bytes_max};
use crate::sync::{Ordering, fence, spin_loop};
use crate::violation::Violation;

/// The reading end of a topic, at its own place on the roster.
#[derive(Debug)]
pub struct Subscriber<R, W, P> {
    ring: R,
    memory: Memory<W, P>,
    fencing: Fencing,
    when_slow: WhenSlow,
    place: Place,
    ring_words: u64,
    bytes_max: u32,
    /// Where in the ring the next header will appear.
    at: u64,
    /// Everything before is read, or missed.
    position: u64,
    /// The number of the next record.
    number: u64,
    /// The header of most records: the one before, but for a publisher's first.
    usual: Header,
    /// What the last look found.
    found: Shape,
    /// What the roster says of our position.
    told: u64,
    ring_bell: bool,
    broken: Option<Violation>,
}

/// How often a start is looked for: only a publisher that laps an index between two looks makes one fail, and the next
/// is as likely to succeed.
const TRIES: u32 = 10_000;

/// What a look at the ring found.
#[derive(Debug, Clone, Copy)]
pub enum Sight {
    /// A record: see [`Subscriber::take`].
    Record(Shape),
    /// As `Record`: the first one of a publisher that has taken the topic over.
    First(Shape),
    /// The publisher has overwritten what comes next: see [`Subscriber::catch_up`].
    Overtaken,
    /// Nothing yet.
    Empty,
}

/// The publisher has overwritten the record while it was copied: see [`Subscriber::catch_up`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

impl<R: TheirRing, W: Words, P: Words> Subscriber<R, W, P> {
    /// Takes `place` into use, which must be ours, and begins `history` records before the end, or with as many of
    /// them as are still there.
    ///
    /// # Errors
    /// The index is not as a publisher keeps it.
    pub fn join(
        ring: R,
        memory: Memory<W, P>,
        when_slow: WhenSlow,
        place: Place,
        fencing: Fencing,
        history: u64,
    ) -> Result<Self, Violation> {
        let ring_words = ring.words();
        let mut subscriber = Self {
            ring,
            memory,
            fencing,
            when_slow,
            place,
            ring_words,
            bytes_max: record_bytes_max(ring_words),
            at: 0,
            position: 0,
            number: 1,
            usual: Shape::NONE.header,
            found: Shape::NONE,
            told: 0,
            ring_bell: false,
            broken: None,
        };
        subscriber.begin(|oldest, _| oldest, history)?;
        Ok(subscriber)
    }

    /// Goes on at a record that is still there, after being overtaken: about half a ring behind the newest, so that there
    /// is time to read it. Answers how many records were missed.
    ///
    /// # Errors
    /// As [`Subscriber::join`].
    pub fn catch_up(&mut self) -> Result<u64, Violation> {
        let (before, half) = (self.number, self.ring_words / 2);
        self.begin(|oldest, end| oldest.max(end.saturating_sub(half)), u64::MAX)?;
        match self.number.checked_sub(before) {
            Some(missed) => Ok(missed),
            None => Err(self.end(Violation::Count { count: self.number, least: before, most: u64::MAX })),
        }
    }

    /// Begins at most `back` records before the end, at the `least` position that the oldest and the newest allow.
    fn begin(&mut self, least: impl Fn(u64, u64) -> u64, back: u64) -> Result<(), Violation> {
        let Memory { board, index, roster } = &self.memory;
        for _ in 0..TRIES {
            let oldest = board.word(board::OLDEST).load(Ordering::Relaxed);
            if let Some(start) = index::find(board, index, back, |end| least(oldest, end)) {
                roster::enter(roster, self.place, start.position);
                if board.word(board::OLDEST).load(Ordering::Relaxed) <= start.position {
                    // It may have fallen asleep because of a start that was tried before.
                    self.ring_bell |= roster::must_ring_publisher(board, 0, start.position);
                    self.go_to(start);
                    return Ok(());
                }
            }
            spin_loop();
        }
        Err(self.end(Violation::Restless { tries: TRIES }))
    }

    fn go_to(&mut self, start: Start) {
        (self.position, self.number, self.told) = (start.position, start.number, start.position);
        self.at = start.position & (self.ring_words - 1);
        self.forget();
    }

    /// The number of the next record, counted from 1 over the life of the topic.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The position before which all is read or missed, in words.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Our place on the roster.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The longest record that can come, in bytes.
    pub fn bytes_max(&self) -> u32 {
        self.bytes_max
    }

    /// Looks for the next record.
    ///
    /// # Errors
    /// The ring is not as a publisher writes it; every later call answers the same.
    #[inline]
    pub fn look(&mut self) -> Result<Sight, Violation> {
        let header = Header(self.ring.load(self.at));
        if header == self.usual && self.found.words <= self.ring_words - self.at {
            fence(Ordering::Acquire);
            return Ok(Sight::Record(self.found));
        }
        if header.0 == 0 && self.told == self.position && !self.is_overtaken() && self.broken.is_none() {
            return Ok(Sight::Empty);
        }
        self.look_closely()
    }

    /// What is not as usual, and the first look that comes up empty.
    #[cold]
    fn look_closely(&mut self) -> Result<Sight, Violation> {
        loop {
            if let Some(violation) = self.broken {
                return Err(violation);
            }
            let header = Header(self.ring.load(self.at));
            fence(Ordering::Acquire);
            let found = match header.0 {
                0 => Ok(()),
                _ => check(header, self.at, self.ring_words, self.bytes_max),
            };
            // Before anything is made of the word: it may be part of a later body.
            if self.is_overtaken() {
                return Ok(Sight::Overtaken);
            }
            if let Err(violation) = found {
                self.end(violation);
            } else if header.0 == 0 {
                self.tell();
                return Ok(Sight::Empty);
            } else if header.tag() == PAD {
                self.advance(header.words());
            } else if header.tag() == RECORD {
                (self.usual, self.found) = (header, Shape::of(header));
                return Ok(Sight::Record(self.found));
            } else if header.tag() == FIRST {
                (self.usual, self.found) = (Shape::NONE.header, Shape::of(header));
                return Ok(Sight::First(self.found));
            } else {
                self.end(Violation::Header { header: header.0 });
            }
        }
    }

    /// Copies the body of the record that the last look found, each byte loaded once, and goes on behind it; answers how
    /// many bytes. What does not fit `target` is lost.
    ///
    /// # Errors
    /// [`Overtaken`]; what `target` holds then means nothing.
    #[inline]
    pub fn take(&mut self, target: &mut [u8]) -> Result<usize, Overtaken> {
        if self.found.words > self.ring_words - self.at {
            return Ok(0); // nothing was found
        }
        let bytes = self.found.bytes.min(target.len());
        if bytes > 0 {
            self.ring.read((self.at + 1) * WORD_BYTES as u64, &mut target[..bytes]);
        }
        if self.is_overtaken() {
            return Err(Overtaken);
        }
        self.number += 1;
        self.advance(self.found.words);
        if self.when_slow == WhenSlow::Wait && self.position - self.told >= self.ring_words / PARTS {
            self.tell();
        }
        Ok(bytes)
    }

    /// Asks for the bell, and looks once more. Sleep only on [`Look::Armed`], and look at everything else that a sleep
    /// may be for after this. Others may ask with the same number: the ring that answers them wakes us too, since it comes
    /// after the number was looked at. So hear what was rung before this, and nothing between this and the sleep.
    ///
    /// # Errors
    /// As [`Subscriber::look`], or the system's refusal.
    pub fn arm(&mut self) -> Result<Look, ArmError> {
        let rung = self.memory.board.word(board::RUNG).load(Ordering::Relaxed);
        self.memory.roster.word(roster::WANTED).fetch_max(rung.saturating_add(1), Ordering::Relaxed);
        self.fencing.seldom()?;
        match self.look()? {
            Sight::Empty => Ok(Look::Armed),
            _ => Ok(Look::Ready),
        }
    }

    /// Whether the publisher sleeps for what was read since the last call, and must be rung.
    #[inline]
    #[must_use = "a publisher that sleeps must be rung"]
    pub fn take_bell(&mut self) -> bool {
        std::mem::take(&mut self.ring_bell)
    }

    /// Gives the place up. Ring the publisher afterwards, which may wait for us.
    pub fn leave(&mut self) {
        roster::leave(&self.memory.roster, self.place);
    }

    /// Whether the publisher has let go of our position. What was read before this call may be worth nothing then.
    #[inline]
    fn is_overtaken(&self) -> bool {
        if self.when_slow == WhenSlow::Wait {
            return false;
        }
        fence(Ordering::Acquire);
        self.memory.board.word(board::OLDEST).load(Ordering::Relaxed) > self.position
    }

    /// Ends the reading: every later look answers this violation.
    fn end(&mut self, violation: Violation) -> Violation {
        self.forget();
        *self.broken.get_or_insert(violation)
    }

    /// Nothing was found yet.
    fn forget(&mut self) {
        (self.usual, self.found) = (Shape::NONE.header, Shape::NONE);
    }

    #[inline]
    fn advance(&mut self, words: u64) {
        self.position += words;
        self.at = (self.at + words) & (self.ring_words - 1);
    }

    /// Tells the publisher how far we are.
    fn tell(&mut self) {
        if self.told != self.position {
            let before = std::mem::replace(&mut self.told, self.position);
            roster::tell(&self.memory.roster, self.place, self.position);
            self.ring_bell |= roster::must_ring_publisher(&self.memory.board, before, self.position);
        }
    }
}
