// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocks of the sending half: taken from the pool, made when it has none that fits, sent by a record.

use std::sync::Arc;

use cabotage_lane::BLOCK_SLOTS;
use cabotage_lane::block::{BlockMut, NewSegment, Pool, TakeError, Taken};
use cabotage_lane::ring::{Look, StageError};
use cabotage_os::map::{MapError, MapMut};
use cabotage_os::{Deadline, Errno, SystemError};

use super::{Obstacle, Outgoing, SLEEP_MAX};
use crate::core::Core;
use crate::error::{LinkError, SendError};
use crate::outbox;
use crate::wire::{Frame, Purpose};

/// Room for some blocks, however short they are: memory comes in pieces.
const POOL_BYTES_MIN: u64 = 1 << 20;

impl Outgoing {
    /// A block of `bytes` bytes to be filled.
    pub(crate) fn take_block(&mut self, core: &Core, bytes: usize) -> Result<BlockMut, Obstacle> {
        core.check()?;
        self.lane(core)?;
        self.meet(core)?;
        // Once the peer has said HELLO, how long a block may be is agreed, and segments may be announced.
        let Some(bytes_max) = self.agreed_bytes_max(core) else { return Err(Obstacle::Full) };
        if bytes > bytes_max {
            return Err(SendError::TooLong { bytes, bytes_max }.into());
        }
        self.announce_retired(core)?;
        if self.pool.is_none() {
            // Where these do not know the peer yet, the pool gets others when it does.
            let controls = self.lane(core)?.controls().clone();
            self.pool = Some(Pool::new(controls, pool_bytes_max(bytes_max as u64)));
        }
        let pool = self.pool.as_mut().ok_or(super::OUTBOX_SHAPE)?;
        match pool.take(bytes) {
            Ok(Taken::Loan(block)) => Ok(block),
            Ok(Taken::Full) => Err(Obstacle::Full),
            Ok(Taken::NeedsSegment(new)) => self.make_block(core, new, bytes),
            Err(TakeError::TooLarge { bytes, .. }) => Err(SendError::TooLong { bytes, bytes_max }.into()),
            Err(TakeError::Violation(violation)) => Err(self.fault(core, violation.into())),
        }
    }

    fn make_block(
        &mut self,
        core: &Core,
        new: NewSegment<Arc<MapMut>>,
        bytes: usize,
    ) -> Result<BlockMut, Obstacle> {
        self.retiring.extend(new.retired.iter().map(|retired| retired.number));
        self.announce_retired(core)?;
        if !self.may_announce(core)? {
            return Err(Obstacle::Full);
        }
        let (map, memory) = outbox::make("cabotage-block", new.bytes).map_err(LinkError::System)?;
        let number = self.next_segment;
        let frame = Frame::Segment { number, purpose: Purpose::Block, bytes: new.bytes };
        if !core.announce(&frame, &memory)? {
            return Err(Obstacle::Full);
        }
        self.next_segment += 1;
        let pool = self.pool.as_mut().ok_or(super::OUTBOX_SHAPE)?;
        pool.install(number, map, new.bytes, bytes).map_err(|_| Obstacle::Full)
    }

    /// Whether the peer, which may not yet have read of the segments that we gave up, keeps one more for us.
    fn may_announce(&mut self, core: &Core) -> Result<bool, LinkError> {
        let Some(lane) = &mut self.lane else { return Ok(true) };
        while let Some(&end) = self.retired.front() {
            if !lane.has_left(end).map_err(|lie| core.end_with(lie.into()))? {
                break;
            }
            self.retired.pop_front();
        }
        let live = self.pool.as_ref().map_or(0, Pool::segments);
        Ok(live + self.retiring.len() + self.retired.len() <= BLOCK_SLOTS)
    }

    /// How many blocks are out with the peer; what it has given back is looked at only if there may be `enough`.
    pub(crate) fn blocks_out(&mut self, core: &Core, enough: u32) -> Result<u32, SendError> {
        core.check()?;
        let out = self.pool.as_ref().map_or(0, Pool::sent_blocks);
        if out < enough {
            return Ok(out);
        }
        // Only who knows the peer's words sees what came back.
        self.meet(core)?;
        let Some(pool) = &mut self.pool else { return Ok(0) };
        match pool.reclaim() {
            Ok(_) => Ok(pool.sent_blocks()),
            Err(violation) => Err(core.end_with(violation.into()).into()),
        }
    }

    /// The record that names this block was staged.
    pub(super) fn block_sent(&mut self, block: BlockMut) {
        if let Some(pool) = &mut self.pool {
            // Only a block of another pool comes back, and those were refused before anything was staged.
            let _ = pool.sent(block);
        }
    }

    /// Gives up free blocks until at most `bytes_left` bytes are left.
    pub(super) fn retire_blocks(&mut self, core: &Core, bytes_left: u64) -> Result<(), LinkError> {
        if let Some(pool) = &mut self.pool {
            if let Err(violation) = pool.reclaim() {
                return Err(core.end_with(violation.into()));
            }
            self.retiring.extend(pool.retire(bytes_left).into_iter().map(|retired| retired.number));
        }
        match self.announce_retired(core) {
            Err(Obstacle::Error(SendError::Link(error))) => Err(error),
            _ => Ok(()),
        }
    }

    /// Tells the peer which segments it may forget; what finds no room is told later.
    fn announce_retired(&mut self, core: &Core) -> Result<(), Obstacle> {
        if self.retiring.is_empty() {
            return Ok(());
        }
        let Some(lane) = &mut self.lane else { return Ok(()) };
        while let Some(&number) = self.retiring.first() {
            match lane.stage_retirement(number) {
                Ok(()) => {
                    self.retiring.remove(0);
                    self.retired.push_back(lane.staged());
                }
                Err(StageError::Violation(violation)) => {
                    return Err(core.end_with(violation.into()).into());
                }
                Err(_) => break,
            }
        }
        self.publish(core)
    }

    /// Waits until a block may be had. When this returns, try again.
    ///
    /// # Errors
    /// [`SendError::Full`] when the deadline passed.
    pub(crate) fn wait_for_block(&mut self, core: &Core, deadline: Deadline) -> Result<(), SendError> {
        core.check()?;
        if deadline.has_passed() {
            return Err(SendError::Full);
        }
        let mark = core.mark();
        let must_sleep = self.arm_for_block(core)?;
        let until = deadline.or_sooner(Deadline::within(SLEEP_MAX));
        let slept = if must_sleep { core.sleep(mark, until) } else { Ok(()) };
        self.disarm();
        self.meet(core)?;
        match slept {
            Ok(()) | Err(None) => Ok(core.check()?),
            Err(Some(error)) => Err(error.into()),
        }
    }

    /// Announces a sleep for a block; answers whether there is still reason for it. Another thread of ours may give
    /// back one that was never sent, and nobody rings for that, so the sleep is to be a short one.
    pub(crate) fn arm_for_block(&mut self, core: &Core) -> Result<bool, SendError> {
        let Some(pool) = &mut self.pool else { return Ok(true) };
        match pool.arm() {
            Ok(look) => Ok(look == Look::Armed),
            Err(violation) => Err(core.end_with(violation.into()).into()),
        }
    }
}

/// How many bytes all blocks of one end may have, where the longest has so many.
fn pool_bytes_max(bytes_max: u64) -> u64 {
    bytes_max.saturating_mul(4).max(POOL_BYTES_MIN)
}

/// A write inside a block of our own, of the size that was asked for.
pub(super) fn impossible(error: MapError) -> LinkError {
    match error {
        MapError::Forked => LinkError::Forked,
        MapError::System(refusal) => refusal.into(),
        other => SystemError::new("write", other, Errno::FAULT).into(),
    }
}
