// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking for the next record: as quick as one comparison where it looks like the last, and thorough where not.

use cabotage_lane::ring::{Glimpse, Shape, Sight};
use cabotage_link::{LOOKS_BETWEEN_CHECKS, PeerFault};
use cabotage_os::Deadline;

use super::{Consumer, Found};
use crate::channel::error::ReceiveError;
use crate::channel::trusting::seat::Other;
use crate::channel::trusting::succession::{PLAIN, SUCCESSION, Succession};
use crate::meeting::occupant;

impl Consumer {
    /// Whether there is a record like the one before: the quickest look of all. `false` says nothing.
    #[inline(always)]
    pub(super) fn is_usual(&self) -> bool {
        self.is_flowing && self.lane.glimpse() == Glimpse::Usual
    }

    /// Looks for a record like the one before for a short while, if looking is worth it. `false` says nothing.
    ///
    /// The first looks tell the producer nothing of what was consumed: an answer that is on its way comes sooner than
    /// anybody can use that.
    #[inline(never)]
    pub(super) fn becomes_usual(&mut self, deadline: Deadline) -> bool {
        const LOOKS_BEFORE_TELLING: u32 = 32;
        let looks_max = self.patience.looks().unwrap_or(u32::MAX).min(LOOKS_BETWEEN_CHECKS);
        if !self.is_flowing || deadline == Deadline::Now || looks_max == 0 {
            return false;
        }
        if let Some(answer) = self.watch(LOOKS_BEFORE_TELLING.min(looks_max)) {
            return answer;
        }
        self.is_still_empty() && self.watch(looks_max) == Some(true)
    }

    /// Whether one of so many looks found a record like the one before; `None` if all found nothing.
    #[inline(always)]
    fn watch(&mut self, looks_max: u32) -> Option<bool> {
        for looks in 1..=looks_max {
            match self.lane.glimpse() {
                Glimpse::Nothing => self.pace.rest(self.lane.consumed()),
                Glimpse::Other => return Some(false),
                Glimpse::Usual => {
                    self.pace.came(looks);
                    self.patience.paid(looks);
                    return Some(true);
                }
            }
        }
        None
    }

    /// Tells the producer how far we are, if the ring is empty.
    fn is_still_empty(&mut self) -> bool {
        let is_empty = matches!(self.lane.look(), Ok(Sight::Empty));
        self.ring_if_awaited();
        self.is_flowing &= is_empty;
        is_empty
    }

    /// Looks once, and then as often as patience allows.
    pub(super) fn look_for_a_while(&mut self, deadline: Deadline) -> Result<bool, ReceiveError> {
        if self.look()? {
            return Ok(true);
        }
        if deadline == Deadline::Now {
            return Ok(false);
        }
        for looks in 1..=self.patience.looks().unwrap_or(LOOKS_BETWEEN_CHECKS) {
            if self.lane.glimpse() != Glimpse::Nothing && self.look()? {
                self.patience.paid(looks);
                return Ok(true);
            }
            std::hint::spin_loop();
        }
        Ok(false)
    }

    /// Looks for a record of the caller's; answers whether it is in hand.
    pub(super) fn look(&mut self) -> Result<bool, ReceiveError> {
        let found = self.look_at_ring();
        if self.seat.is_truncated() { Err(ReceiveError::Truncated) } else { found }
    }

    fn look_at_ring(&mut self) -> Result<bool, ReceiveError> {
        loop {
            match self.lane.look()? {
                Sight::Record(shape) if shape.tag() == PLAIN => {
                    self.take_in_hand(shape);
                    return Ok(true);
                }
                Sight::Record(shape) if shape.tag() == SUCCESSION => self.succeed()?,
                Sight::Empty => {
                    self.ring_if_awaited();
                    return Ok(false);
                }
                _ => return Err(PeerFault::Order("sent a record of an unknown kind").into()),
            }
        }
    }

    fn take_in_hand(&mut self, shape: Shape) {
        self.has_told_end = false;
        self.is_flowing = self.copy.is_none();
        if let Some(copy) = &mut self.copy {
            copy.resize(shape.bytes(), 0);
            self.lane.read(0, copy);
        }
    }

    /// Goes on with another producer, once the end of the one before is told.
    fn succeed(&mut self) -> Result<(), ReceiveError> {
        self.is_flowing = false;
        let mut body = [0; Succession::BYTES];
        self.lane.read(0, &mut body);
        let Some(succession) = Succession::of(&body) else {
            return Err(PeerFault::Order("sent a succession too short to be one").into());
        };
        if !std::mem::replace(&mut self.has_told_end, true) {
            return Err(if succession.has_closed == 0 { ReceiveError::Died } else { ReceiveError::Closed });
        }
        // Before it is consumed: whoever comes after us either finds it again, or the number.
        occupant::note_seen(&self.seat.own, succession.generation)?;
        self.lane.consume_exactly();
        self.ring_if_awaited();
        (self.generation, self.has_told_end) = (succession.generation, false);
        Ok(())
    }

    /// Asks for the other end, and looks once more; what a producer sent before its end counts first.
    pub(super) fn look_at_other(&mut self) -> Result<Found, ReceiveError> {
        let other = self.seat.ask()?;
        self.knows_other = matches!(other, Other::Here | Other::Nobody);
        if self.look()? {
            return Ok(Found::Record);
        }
        let end = match other {
            Other::Closed => ReceiveError::Closed,
            Other::Died => ReceiveError::Died,
            Other::Between => return Ok(Found::Between),
            Other::Here | Other::Nobody => return Ok(Found::Nothing),
        };
        self.has_told_end = true;
        Err(end)
    }
}
