// SPDX-License-Identifier: MIT OR Apache-2.0
//! How publishers end and follow one another, as a subscriber sees it: what was published counts first, then the end is
//! told once.

use super::Subscriber;
use crate::channel::ReceiveError;
use crate::meeting::occupant;
use crate::meeting::place::is_taken;
use crate::topic::succession::Succession;

/// What was found by one who asked for the publisher too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Record(usize),
    Nothing,
    /// Nothing, and the publisher's place changes hands.
    Between,
    /// Nothing, and no publisher has begun yet: the first one rings when it comes.
    Nobody,
}

/// Whether there is a publisher.
pub(super) enum Other {
    Here,
    Between,
    /// The last one, by its number, has ended.
    Gone(u64),
}

impl Subscriber {
    /// Goes on with the records of another publisher, once the end of the one before is told.
    #[cold]
    pub(super) fn succeed(&mut self, news: Succession) -> Result<(), ReceiveError> {
        if !std::mem::replace(&mut self.has_told_end, true) {
            return Err(if news.has_closed { ReceiveError::Closed } else { ReceiveError::Died });
        }
        (self.generation, self.has_told_end) = (news.generation, false);
        Ok(())
    }

    /// Goes on with a publisher whose first record was among those that were lost, once the end of the one before is told.
    #[cold]
    pub(super) fn succeed_unseen(&mut self) -> Result<(), ReceiveError> {
        (self.generation, self.has_told_end) = (occupant::incarnation(&*self.main)?, false);
        Ok(())
    }

    /// How this publisher ended, or one after it.
    fn end_of(&self, generation: u64) -> Result<ReceiveError, ReceiveError> {
        match occupant::has_closed(&*self.main, generation)? {
            true => Ok(ReceiveError::Closed),
            false => Ok(ReceiveError::Died),
        }
    }

    /// Looks whether the publisher is gone, if it may be, and then once more for a record: what it published before its
    /// end counts first.
    pub(super) fn look_at_publisher(&mut self) -> Result<Found, ReceiveError> {
        if !self.ear.may_have_hung_up() {
            return Ok(Found::Nothing);
        }
        let other = self.ask()?;
        if let Some(bytes) = self.take()? {
            return Ok(Found::Record(bytes));
        }
        match other {
            Other::Here => Ok(Found::Nothing),
            Other::Between => Ok(Found::Between),
            Other::Gone(0) => Ok(Found::Nobody),
            Other::Gone(last) => {
                // Also if it left without a word: the next one to be waited for comes after it.
                (self.generation, self.has_told_end) = (last, true);
                Err(self.end_of(last)?)
            }
        }
    }

    /// Asks who publishes: the bell, and where that is silent the lock.
    pub(super) fn ask(&mut self) -> Result<Other, ReceiveError> {
        if self.ear.is_somebody_there()? {
            return Ok(Other::Here);
        }
        // In this order: a newcomer must not be taken for the one before it, nor a close for a death.
        let last = occupant::incarnation(&*self.main)?;
        Ok(if is_taken(&self.seat)? { Other::Between } else { Other::Gone(last) })
    }
}
