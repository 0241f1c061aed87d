// SPDX-License-Identifier: MIT OR Apache-2.0
//! The writing end: counts what is unread, and takes back what nobody is taking. Never waits.

use std::ops::Range;

use super::gap::{Gap, reach};
use super::{POSITION_MAX, UNDECIDED};
use crate::control::Controls;
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// The writing end of a lane whose writes may be withdrawn.
#[derive(Debug)]
pub struct Writer<C> {
    controls: C,
    quota: u64,
    /// Where the next byte will lie.
    published: u64,
    /// The reader's `taking` when it was last looked at.
    taking: u64,
    /// The last withdrawal that left a gap, until the reader is known to be past it.
    gap: Option<Gap>,
    broken: Option<Violation>,
}

/// How a write may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// As firm records: it is complete at once.
    Firm,
    /// As revocable records: it is above the quota, and complete when [`Writer::complete`] reaches its end.
    Revocable,
    /// Not yet, as if the ring were full: it is above the quota, and the reader is not known to be past an earlier
    /// withdrawal, behind which something stands already.
    Held,
}

/// What became of a write that was to be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Nothing is withdrawn: so much was read meanwhile that the write is complete. What is not yet published of
    /// it still has to be.
    Complete,
    /// These bytes nobody will read: the write's from where the reader stopped, and all that was published behind
    /// it, which has to be published again. Where they begin behind the write, it is complete, and only what was
    /// published behind an earlier gap has to be published again.
    Withdrawn(Range<u64>),
}

impl<C: Controls> Writer<C> {
    /// The writer of a lane into which nothing was written yet. A write is complete once at most `quota` bytes,
    /// its own included, are unread.
    pub fn new(controls: C, quota: u64) -> Self {
        Self { controls, quota, published: 0, taking: 0, gap: None, broken: None }
    }

    /// Where the next byte will lie.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// Up to where the reader takes, or has taken, by its last word.
    pub fn taking(&self) -> u64 {
        self.taking
    }

    /// From now on the control words of both ends are these.
    pub fn meet(&mut self, controls: C) {
        self.controls = controls;
    }

    /// Whether a write of `bytes` bytes is complete at once by what is known of the reader: the quickest look of all.
    /// `false` says nothing.
    #[inline]
    pub fn is_firm(&self, bytes: u64) -> bool {
        let unread = self.published - self.taking; // `look` admits no other.
        self.gap.is_none() && bytes <= self.quota.saturating_sub(unread)
    }

    /// How many published bytes the reader has not taken, by its last word; what is withdrawn does not count.
    ///
    /// # Errors
    /// As [`Writer::admit`].
    pub fn unread(&mut self) -> Result<u64, Violation> {
        self.look()?;
        let withdrawn = self.gap.map_or(0, |gap| gap.to - gap.from.max(self.taking).min(gap.to));
        Ok(self.published - self.taking - withdrawn)
    }

    /// How a write of `bytes` bytes may be published now.
    ///
    /// # Errors
    /// The peer broke a rule; every later call answers the same.
    pub fn admit(&mut self, bytes: u64) -> Result<Admission, Violation> {
        self.look()?;
        let is_empty = bytes == 0;
        Ok(match self.gap {
            _ if is_empty || self.published.saturating_add(bytes) <= self.reach() => Admission::Firm,
            Some(gap) if self.published > gap.to => Admission::Held,
            _ => Admission::Revocable,
        })
    }

    /// Counts a record of an admitted write, which may be several. Call before the record is published.
    ///
    /// # Panics
    /// If the lane would outlive its positions.
    #[inline]
    pub fn append(&mut self, bytes: u64) -> Range<u64> {
        let start = self.published;
        let end = start.checked_add(bytes).filter(|end| *end <= POSITION_MAX);
        self.published = end.expect("a lane carries fewer than 2^63 bytes");
        start..self.published
    }

    /// Writes that end at or before this position are complete.
    ///
    /// # Errors
    /// As [`Writer::admit`].
    pub fn complete(&mut self) -> Result<u64, Violation> {
        self.look()?;
        Ok(self.reach())
    }

    /// Takes back what the reader is not taking of the revocable `write`, and all behind it. The end of `write` may
    /// lie beyond what is published of it.
    ///
    /// # Errors
    /// As [`Writer::admit`].
    ///
    /// # Panics
    /// If `write` begins in what is withdrawn already, or was not published.
    pub fn withdraw(&mut self, write: Range<u64>) -> Result<Outcome, Violation> {
        self.withdraw_meeting(write, || None)
    }

    /// As [`Writer::withdraw`], for a writer that may not know its reader's words yet: `meet` is asked for them once the
    /// withdrawal is announced. A reader takes nothing before it has handed its words over, so whoever is not met then
    /// will find the announcement.
    ///
    /// # Errors
    /// As [`Writer::admit`].
    ///
    /// # Panics
    /// As [`Writer::withdraw`].
    pub fn withdraw_meeting(
        &mut self,
        write: Range<u64>,
        meet: impl FnOnce() -> Option<C>,
    ) -> Result<Outcome, Violation> {
        assert!(write.start <= self.published, "the write was not published");
        self.look()?;
        if write.end <= self.reach() {
            return Ok(Outcome::Complete);
        }
        if write.start == self.published {
            return Ok(Outcome::Withdrawn(write.start..write.start));
        }
        assert!(!self.gap.is_some_and(|gap| gap.holds(write.start)), "the write is withdrawn already");
        self.announce(&write);
        if let Some(controls) = meet() {
            self.controls = controls;
        }
        self.look()?;
        Ok(self.decide(&write))
    }

    /// What became of the write that was to be withdrawn, now that it is known what is being taken.
    fn decide(&mut self, write: &Range<u64>) -> Outcome {
        let is_before = |gap: Gap| write.end <= gap.from;
        let is_complete = write.end <= self.reach() && self.gap.is_none_or(is_before);
        let last = match self.gap {
            None if is_complete => self.published,
            // Nothing behind the gap was taken, and nothing in it: it grows at its end.
            Some(gap) if is_complete || write.start >= gap.to => gap.from,
            _ => self.taking.max(write.start),
        };
        self.controls.own().withdrawal.last.store(last, Ordering::Relaxed); // The fence before releases it.
        let is_more_withdrawn = self.gap.is_some_and(|gap| gap.to < self.published);
        if last < self.published {
            self.gap = Some(Gap { from: last, to: self.published });
        }
        match is_complete {
            true if !is_more_withdrawn => Outcome::Complete,
            true => Outcome::Withdrawn(last..self.published),
            false => Outcome::Withdrawn(last.max(write.start)..self.published),
        }
    }

    /// The writer's half of the agreement: says what it takes back, before it sees what is being taken.
    fn announce(&mut self, write: &Range<u64>) {
        let from = self.gap.map_or(write.start, |gap| gap.from.min(write.start));
        self.controls.own().withdrawal.last.store(from | UNDECIDED, Ordering::Relaxed);
        // Release: who sees this must not find the `last` of an earlier withdrawal.
        self.controls.own().withdrawal.withdrawn.store(self.published, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Looks how far the reader is. No fence: the position orders no memory, the ring's count does that.
    fn look(&mut self) -> Result<(), Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let taking = self.controls.peer().withdrawal.taking.load(Ordering::Relaxed);
        if !(self.taking..=self.published).contains(&taking) {
            let violation = Violation::Taking { position: taking, least: self.taking, most: self.published };
            self.broken = Some(violation);
            return Err(violation);
        }
        self.taking = taking;
        // At its end is not beyond it: the reader may have meant to take all of it, and been too late.
        if self.gap.is_some_and(|gap| taking > gap.to) {
            self.gap = None;
        }
        Ok(())
    }

    /// Where complete writes end.
    fn reach(&self) -> u64 {
        reach(self.taking, self.quota, self.gap)
    }
}
