// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sending records of [metered](crate::metered) links: by one ring for each direction, of the size that the quota asks
//! for, whether or not the peer has answered.

use cabotage_lane::ring::StageError;
use cabotage_lane::{Controls, MappedControls, Tag};

use super::{Lane, Obstacle, Outgoing};
use crate::core::Core;
use crate::error::LinkError;
use crate::outbox::FIRST_RING_WORDS;
use crate::parcel::PLAIN;

impl Outgoing {
    /// The lane goes through the first ring as long as that is enough, then through one of so many words.
    pub(crate) fn keep_to(&mut self, ring_words: u64) {
        if ring_words > FIRST_RING_WORDS {
            self.rings.stay_from_the_start_in(ring_words);
        }
    }

    /// Sends a whole record if the peer is known, has not closed, and there is room; answers whether it must be rung.
    #[inline(always)]
    pub(crate) fn put_record(&mut self, body: &[u8]) -> Option<bool> {
        let is_streaming = self.is_streaming;
        let lane = self.lane.as_mut()?;
        if !self.has_met || lane.controls().peer().is_closed() {
            return None;
        }
        let must_ring = lane.send(PLAIN, 0, body).ok()?;
        if is_streaming {
            lane.expect_more();
        }
        Some(must_ring)
    }

    /// Makes the lane and learns of the peer's outbox, as far as either is possible now. Answers the control words when
    /// they are news.
    pub(crate) fn open(&mut self, core: &Core) -> Result<Option<MappedControls>, LinkError> {
        let (had_lane, had_met) = (self.lane.is_some(), self.has_met);
        if had_lane && had_met {
            return Ok(None);
        }
        match self.lane(core) {
            Ok(_) | Err(Obstacle::Full) => {}
            Err(Obstacle::Error(crate::SendError::Link(error))) => return Err(error),
            Err(Obstacle::Error(_)) => return Err(super::OUTBOX_SHAPE),
        }
        self.meet(core)?;
        let is_news = self.lane.is_some() != had_lane || self.has_met != had_met;
        Ok(self.lane.as_ref().filter(|_| is_news).map(|lane| lane.controls().clone()))
    }

    /// Whether the peer's outbox has come.
    pub(crate) fn has_met(&self) -> bool {
        self.has_met
    }

    /// The lane, once it is made.
    pub(crate) fn lane_if_made(&mut self) -> Option<&mut Lane> {
        self.lane.as_mut()
    }

    /// Whether whoever waits for room is rung for everything that it may wait for.
    pub(crate) fn is_rung_for_all(&self) -> bool {
        self.lane.is_some() && !self.rings.waits_for_socket()
    }

    /// How many bytes the longest record has that would have room now, and is at least `least`; looking as closely as
    /// possible, and going on in a larger ring where there is to be one.
    pub(crate) fn room_for(&mut self, core: &Core, least: usize) -> Result<Option<usize>, LinkError> {
        loop {
            let Some(lane) = &mut self.lane else { return Ok(None) };
            let mut room = lane.room_bytes();
            if room < least {
                lane.look_at_freed().map_err(|lie| core.end_with(lie.into()))?;
                room = lane.room_bytes();
            }
            if room >= least {
                return Ok(Some(room));
            }
            let has_grown = self.rings.is_small()
                && self.rings.wants_more()
                && match self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment) {
                    Ok(has_grown) => has_grown,
                    Err(Obstacle::Full) => false,
                    Err(Obstacle::Error(crate::SendError::Link(error))) => return Err(error),
                    Err(Obstacle::Error(_)) => return Err(super::OUTBOX_SHAPE),
                };
            if !has_grown {
                return Ok(None);
            }
        }
    }

    /// Stages a record of a head and a body, for which [`Outgoing::room_for`] has found room.
    pub(crate) fn stage_record(
        &mut self,
        core: &Core,
        tag: Tag,
        head: &[u8],
        body: &[u8],
    ) -> Result<bool, LinkError> {
        let Some(lane) = &mut self.lane else { return Ok(false) };
        match lane.loan(tag, 0, head.len() + body.len()) {
            Ok(mut loan) => {
                loan.write_at(0, head);
                loan.write_at(head.len(), body);
                loan.stage();
                Ok(true)
            }
            Err(StageError::Violation(lie)) => Err(core.end_with(lie.into())),
            Err(StageError::Full(_) | StageError::TooLong(_)) => Ok(false),
        }
    }

    /// Makes the staged records visible.
    pub(crate) fn publish_records(&mut self, core: &Core) -> Result<(), LinkError> {
        if self.lane.as_mut().is_some_and(Lane::publish) {
            core.ring()?;
        }
        Ok(())
    }

    /// Announces a sleep until the peer has taken something. Look once more after this, and [`Outgoing::disarm`].
    pub(crate) fn announce(&mut self) -> Result<(), LinkError> {
        match &mut self.lane {
            Some(lane) => Ok(lane.announce()?),
            None => Ok(()),
        }
    }
}
