// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reading end: says what it is about to take, and takes only what then still stands.

use super::aftermath::Aftermath;
use super::ahead::Ahead;
use super::gap::Gap;
use super::{Mark, POSITION_MAX, UNDECIDED};
use crate::control::Controls;
use crate::sync::{Ordering, fence};
use crate::violation::Violation;

/// The reading end of a lane whose writes may be withdrawn. Never blocks.
#[derive(Debug)]
pub struct Reader<C> {
    controls: C,
    quota: u64,
    /// Everything before is taken, or known to be withdrawn.
    position: u64,
    /// The end of what was taken last.
    taken: u64,
    /// What our `taking` says.
    announced: u64,
    /// Where the record ends that is being read.
    record_end: u64,
    /// Where its write ends; `None` for a firm one.
    write_end: Option<u64>,
    /// The writer's `withdrawn` when it was last looked at.
    withdrawn: u64,
    /// A gap was skipped, and the writer can't know yet.
    owes_word: bool,
    aftermath: Option<Aftermath>,
    broken: Option<Violation>,
}

/// What may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// So many bytes from where the last take ended.
    Take(u64),
    /// The writer is withdrawing and has not decided yet. It does so within a few instructions, unless it died
    /// or was stopped: ask again, until a deadline, and look for its death meanwhile.
    WaitForLast,
    /// From this position on nothing of the record stands: it is over, go on with the next one.
    NoFurther(u64),
}

impl<C: Controls> Reader<C> {
    /// The reader of a lane from which nothing was read yet. A write is complete once at most `quota` bytes,
    /// its own included, are unread.
    pub fn new(controls: C, quota: u64) -> Self {
        Self {
            controls,
            quota,
            position: 0,
            taken: 0,
            announced: 0,
            record_end: 0,
            write_end: None,
            withdrawn: 0,
            owes_word: false,
            aftermath: None,
            broken: None,
        }
    }

    /// Begins with the record that comes next, of `bytes` bytes.
    ///
    /// # Errors
    /// The peer counts beyond what a lane can hold.
    ///
    /// # Panics
    /// If the record before is not over.
    pub fn enter(&mut self, bytes: u64, mark: Mark) -> Result<(), Violation> {
        assert_eq!(self.left(), 0, "the record before is not over");
        self.check_whole()?;
        let rest = match mark {
            Mark::Firm => 0,
            Mark::Revocable { rest } => rest,
        };
        let room = POSITION_MAX - self.position;
        if bytes > room || rest > room - bytes {
            return Err(self.broken(Violation::Position { bytes, rest, room }));
        }
        self.record_end = self.position + bytes;
        self.write_end = matches!(mark, Mark::Revocable { .. }).then_some(self.record_end + rest);
        Ok(())
    }

    /// Takes a firm record of `bytes` bytes as a whole and tells the writer: what [`Reader::enter`] and [`Reader::take`]
    /// do in steps. `false`: nothing has happened, and they tell why.
    #[inline]
    pub fn take_whole(&mut self, bytes: u64) -> bool {
        let is_simple = self.record_end == self.position && !self.owes_word && self.broken.is_none();
        if !is_simple || bytes > POSITION_MAX - self.position {
            return false;
        }
        self.position += bytes;
        (self.taken, self.record_end) = (self.position, self.position);
        self.tell();
        true
    }

    /// How many bytes of the record are neither taken nor skipped.
    pub fn left(&self) -> u64 {
        self.record_end - self.position
    }

    /// Where the next byte lies. Bytes before it that were not taken were withdrawn.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes up to `wanted` bytes of the record. They are this end's for good, whatever happens to the writer.
    ///
    /// # Errors
    /// The peer broke a rule; every later call answers the same.
    pub fn take(&mut self, wanted: u64) -> Result<Answer, Violation> {
        let end = self.position + wanted.min(self.left());
        if self.write_end.is_some() && self.aftermath.is_none() {
            self.announce(end);
        }
        let answer = self.peek(wanted)?;
        if let Answer::Take(bytes) = answer
            && bytes > 0
        {
            self.position += bytes;
            self.taken = self.position;
            if std::mem::take(&mut self.owes_word) {
                self.tell();
            }
        }
        Ok(answer)
    }

    /// Like [`Reader::take`], but leaves the bytes where they are: the writer may still withdraw them.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn peek(&mut self, wanted: u64) -> Result<Answer, Violation> {
        self.check_whole()?;
        let end = self.position + wanted.min(self.left());
        let stands = match (self.write_end, self.aftermath) {
            _ if end == self.position => end,
            (None, _) => end,
            (Some(write_end), Some(aftermath)) => aftermath.stands(self.position, write_end),
            (Some(_), None) => match self.look() {
                Ok(Some(last)) => last,
                Ok(None) => return Ok(Answer::WaitForLast),
                Err(violation) => return Err(self.broken(violation)),
            },
        };
        if stands > self.position || end == self.position {
            return Ok(Answer::Take(end.min(stands) - self.position));
        }
        let from = std::mem::replace(&mut self.position, self.record_end);
        self.owes_word = true;
        Ok(Answer::NoFurther(from))
    }

    /// What stands of all that lies ahead, at this moment: for who only looks.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn ahead(&mut self) -> Result<Ahead, Violation> {
        self.check_whole()?;
        let gap = match self.aftermath {
            Some(_) => None,
            None => self.look_at_withdrawn().map_err(|violation| self.broken(violation))?.map(|to| {
                // What is not decided counts as withdrawn, and a later withdrawal than this one may be told of: either
                // was true a moment ago, or is in a moment.
                let last = self.controls.peer().withdrawal.last.load(Ordering::Relaxed) & !UNDECIDED;
                Gap { from: last.min(to).max(self.taken), to }
            }),
        };
        Ok(Ahead { gap, aftermath: self.aftermath })
    }

    /// Whether a withdrawal ended where the reader is, between two records: what was to follow of the last record's
    /// write does not come.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn is_cut(&mut self) -> Result<bool, Violation> {
        self.check_whole()?;
        self.look_at_withdrawn().map_err(|violation| self.broken(violation))?;
        Ok(self.left() == 0 && self.position > 0 && self.withdrawn == self.position)
    }

    /// Tells the writer how far we are, for its quota. Taking revocable bytes tells it by itself.
    #[inline]
    pub fn tell(&mut self) {
        if self.position > self.announced {
            self.announced = self.position;
            self.controls.own().withdrawal.taking.store(self.position, Ordering::Relaxed);
        }
    }

    /// The writer is gone: from now on this end decides alone. Of writes that were incomplete at this moment
    /// nothing more stands.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn hang_up(&mut self) -> Result<(), Violation> {
        self.check_whole()?;
        if self.aftermath.is_none() {
            let gap = self.last_gap().map_err(|violation| self.broken(violation))?;
            self.aftermath = Some(Aftermath::new(self.position.max(self.announced), self.quota, gap));
        }
        Ok(())
    }

    /// The reader's half of the agreement: after this at least one end sees what the other has stored.
    fn announce(&mut self, end: u64) {
        if end > self.announced {
            self.announced = end;
            self.controls.own().withdrawal.taking.store(end, Ordering::Relaxed);
            fence(Ordering::SeqCst);
        }
    }

    /// Up to where bytes stand; `None` while the writer decides.
    fn look(&mut self) -> Result<Option<u64>, Violation> {
        let Some(withdrawn) = self.look_at_withdrawn()? else { return Ok(Some(POSITION_MAX)) };
        let last = self.controls.peer().withdrawal.last.load(Ordering::Relaxed);
        if last & UNDECIDED != 0 {
            return Ok(None);
        }
        // It may be of a later withdrawal, if all of this one was ours; then `withdrawn` tells of that as well.
        fence(Ordering::Acquire);
        if last > withdrawn && self.look_at_withdrawn()? != Some(withdrawn) {
            return Ok(None);
        }
        self.admit_last(last, withdrawn).map(Some)
    }

    /// The end of a withdrawal that may concern what comes next. What was stored before it is visible then.
    fn look_at_withdrawn(&mut self) -> Result<Option<u64>, Violation> {
        let withdrawn = self.controls.peer().withdrawal.withdrawn.load(Ordering::Relaxed);
        let is_old = withdrawn <= self.position;
        // Whole records are withdrawn or parts at their end: no withdrawal ends inside one.
        let least = if is_old { self.withdrawn } else { self.withdrawn.max(self.record_end) };
        if !(least..=POSITION_MAX).contains(&withdrawn) {
            return Err(Violation::Withdrawn { position: withdrawn, least });
        }
        self.withdrawn = withdrawn;
        if is_old {
            return Ok(None);
        }
        fence(Ordering::Acquire);
        Ok(Some(withdrawn))
    }

    fn admit_last(&self, last: u64, withdrawn: u64) -> Result<u64, Violation> {
        match (self.taken..=withdrawn).contains(&last) {
            true => Ok(last),
            false => Err(Violation::Last { position: last, least: self.taken, most: withdrawn }),
        }
    }

    /// What a writer that is gone has withdrawn, decided or not.
    fn last_gap(&mut self) -> Result<Option<Gap>, Violation> {
        let Some(to) = self.look_at_withdrawn()? else { return Ok(None) };
        let last = self.controls.peer().withdrawal.last.load(Ordering::Relaxed);
        let from = match last & UNDECIDED {
            0 => last,
            _ => (last & !UNDECIDED).max(self.taken),
        };
        Ok(Some(Gap { from: self.admit_last(from, to)?, to }))
    }

    fn check_whole(&self) -> Result<(), Violation> {
        self.broken.map_or(Ok(()), Err)
    }

    fn broken(&mut self, violation: Violation) -> Violation {
        self.broken = Some(violation);
        violation
    }
}
