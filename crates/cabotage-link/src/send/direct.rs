// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sending by one ring and nothing else, for those who keep what the peer has not consumed: see
//! [`Link::settle`](crate::Link::settle).

use std::os::fd::BorrowedFd;

use cabotage_lane::ring::StageError;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};

use super::{Lane, Need, Obstacle, Outgoing};
use crate::core::Core;
use crate::error::{LinkError, SendError};
use crate::parcel::PLAIN;

impl Outgoing {
    /// Goes on in a ring of so many words, for good. `false`: the peer's memory has not come yet, or its socket is full.
    pub(crate) fn settle(&mut self, core: &Core, words: u64) -> Result<bool, SendError> {
        match self.try_settle(core, words) {
            Ok(is_settled) => Ok(is_settled),
            Err(Obstacle::Full) => Ok(false),
            Err(Obstacle::Error(error)) => Err(error),
        }
    }

    fn try_settle(&mut self, core: &Core, words: u64) -> Result<bool, Obstacle> {
        self.lane(core)?;
        self.meet(core)?;
        if !self.has_met || self.rings.has_settled() {
            return Ok(self.rings.has_settled());
        }
        self.rings.stay_in(words);
        self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment)
    }

    /// Sends a message if the lane is settled and has room; answers whether the peer must be rung.
    #[inline(always)]
    pub(crate) fn put(&mut self, message: &[u8]) -> Option<bool> {
        let is_streaming = self.is_streaming;
        let lane = self.settled()?;
        let must_ring = lane.send(PLAIN, 0, message).ok()?;
        if is_streaming {
            lane.expect_more();
        }
        Some(must_ring)
    }

    /// The lane, once it is settled.
    #[inline(always)]
    pub(crate) fn settled(&mut self) -> Option<&mut Lane> {
        if self.rings.has_settled() { self.lane.as_mut() } else { None }
    }

    /// Stages a message if there is room: see [`Outgoing::publish`].
    pub(crate) fn stage_plain(&mut self, core: &Core, body: &[u8]) -> Result<(), SendError> {
        core.check()?;
        let lane = self.settled().ok_or(super::OUTBOX_SHAPE)?;
        lane.stage(PLAIN, 0, body).map_err(|error| refused(core, error, body.len()))
    }

    /// Makes visible what is staged.
    pub(crate) fn publish_all(&mut self, core: &Core) -> Result<(), SendError> {
        core.check_here()?;
        match self.publish(core) {
            Ok(()) => Ok(()),
            Err(Obstacle::Error(error)) => Err(error),
            Err(Obstacle::Full) => Err(SendError::Full),
        }
    }

    /// Looks for a while whether a message of so many bytes has room, then sleeps until it may have, or until `other`
    /// becomes readable, which is what this answers. When this returns, try again.
    ///
    /// # Errors
    /// [`SendError::Full`] when the deadline passed.
    pub(crate) fn wait_or(
        &mut self,
        core: &Core,
        need: Need,
        other: Option<BorrowedFd<'_>>,
        deadline: Deadline,
    ) -> Result<bool, SendError> {
        core.check()?;
        if self.look_for_room(core, need, deadline)? {
            return Ok(false);
        }
        // What is rung for from here on stays on the socket until we sleep.
        core.pump()?;
        core.check()?;
        let slept = match self.arm(core, need)? {
            true => sleep_on(core, other, deadline),
            false => Ok(false),
        };
        self.disarm();
        let has_other = slept?;
        core.pump()?;
        core.check()?;
        Ok(has_other)
    }

    /// Waits until the peer may have consumed everything, as [`Outgoing::wait_or`] does for room.
    pub(crate) fn wait_until_taken_or(
        &mut self,
        core: &Core,
        other: Option<BorrowedFd<'_>>,
        deadline: Deadline,
    ) -> Result<bool, SendError> {
        core.pump()?;
        core.check()?;
        let Some(lane) = &mut self.lane else { return Ok(false) };
        lane.announce().map_err(LinkError::System)?;
        let is_taken = lane.has_left(lane.published());
        let slept = match is_taken {
            Ok(false) => sleep_on(core, other, deadline),
            Ok(true) => Ok(false),
            Err(lie) => Err(core.end_with(lie.into()).into()),
        };
        self.disarm();
        let has_other = slept?;
        core.pump()?;
        core.check()?;
        Ok(has_other)
    }
}

/// Answers whether `other` is readable.
fn sleep_on(core: &Core, other: Option<BorrowedFd<'_>>, deadline: Deadline) -> Result<bool, SendError> {
    let own = (core.fd(), Readiness::IN);
    let slept = match other {
        Some(other) => {
            poll::wait([own, (other, Readiness::IN)], deadline).map(|[_, found]| !found.is_empty())
        }
        None => poll::wait([own], deadline).map(|_| false),
    };
    Ok(slept.map_err(LinkError::System)?)
}

/// What it means that a record was not staged.
pub(crate) fn refused(core: &Core, error: StageError, bytes: usize) -> SendError {
    match error {
        StageError::Full(_) => SendError::Full,
        StageError::TooLong(long) => SendError::TooLong { bytes, bytes_max: long.bytes_max as usize },
        StageError::Violation(violation) => core.end_with(violation.into()).into(),
    }
}
