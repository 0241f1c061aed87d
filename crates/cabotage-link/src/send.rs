// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sending half of a link: the first message goes with the HELLO, the others through a ring that grows when it
//! is busy, large ones by blocks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cabotage_lane::block::Pool;
use cabotage_lane::ring::{Sender, StageError};
use cabotage_lane::{Controls, MappedControls, MappedRing, bytes_of};
use cabotage_os::Deadline;
use cabotage_os::map::MapMut;

use crate::core::Core;
use crate::error::{LinkError, PeerFault, SendError};
use crate::outbox::{FIRST_RING_WORDS, FIRST_SEGMENT_BYTES, RING_OFFSET};
use crate::parcel::{BLOCK, PLAIN};
use crate::wait::{LOOKS_BETWEEN_CHECKS, Patience};
use crate::wire::First;

mod blocks;
mod direct;
mod joined;
mod kept;
mod metered;
mod parcels;
mod rings;
mod room;

pub use room::Room;

pub(crate) use direct::refused;
pub use kept::KeptRoom;
use parcels::Unclaimed;
use rings::Rings;

type Lane = Sender<MappedRing, MappedControls>;

/// How long one sleeps at most who may be waiting for another thread of this process, which does not ring.
pub(crate) const SLEEP_MAX: Duration = Duration::from_millis(20);

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Once more than a first message was to be sent.
    lane: Option<Lane>,
    /// Whether the lane knows the peer's outbox.
    has_met: bool,
    /// The longest message that the peer takes.
    bytes_max: usize,
    rings: Rings,
    pool: Option<Pool<Arc<MapMut>, MappedControls>>,
    next_segment: u32,
    /// Segments that the peer may forget and was not yet told of.
    retiring: Vec<u32>,
    /// For each segment that it was told of, up to where it has to read until it forgets it.
    retired: VecDeque<u64>,
    unclaimed: Unclaimed,
    patience: Patience,
    /// Whether messages follow one another without answers in between, as far as the caller can tell.
    pub(crate) is_streaming: bool,
    /// Up to where messages were sent when the other half last waited for long.
    rested_at: u64,
}

/// What has to happen before a message goes.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// The peer has to take something first.
    Full,
    /// It can't go at all.
    Error(SendError),
}

impl From<SendError> for Obstacle {
    fn from(error: SendError) -> Self {
        Self::Error(error)
    }
}

impl From<LinkError> for Obstacle {
    fn from(error: LinkError) -> Self {
        Self::Error(error.into())
    }
}

/// What a message needs before it can be staged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// Room for a record of so many bytes.
    pub(crate) bytes: usize,
    /// Room for so many descriptors.
    pub(crate) descriptors: usize,
}

impl Outgoing {
    pub(crate) fn new(core: &Core) -> Self {
        Self {
            lane: None,
            has_met: false,
            bytes_max: First::BYTES_MAX,
            rings: Rings::default(),
            pool: None,
            next_segment: 1,
            retiring: Vec::new(),
            retired: VecDeque::new(),
            unclaimed: Unclaimed::default(),
            patience: Patience::new(core.options.wait),
            is_streaming: true,
            rested_at: 0,
        }
    }

    /// The first message since ours came: in a conversation, one as long as the last of ours is likely to follow at once.
    #[inline(never)]
    pub(crate) fn expect_answer(&self) {
        if let (false, Some(lane)) = (self.is_streaming, &self.lane) {
            lane.expect_now();
            if let Some(pool) = &self.pool {
                pool.expect();
            }
        }
    }

    /// Whether the peer wants us to look for its messages now that one of ours has gone.
    #[inline]
    pub(crate) fn is_asked_for_attention(&self) -> bool {
        self.lane.as_ref().is_none_or(|lane| lane.controls().peer().asks_for_attention())
    }

    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Sends bytes if there is room.
    #[inline]
    pub(crate) fn try_send(&mut self, core: &Core, body: &[u8]) -> Result<(), Obstacle> {
        core.check()?;
        if let (Some(lane), true) = (&mut self.lane, self.has_met && body.len() <= self.bytes_max)
            && let Ok(must_ring) = lane.send(PLAIN, 0, body)
        {
            if must_ring {
                core.ring()?;
            }
            match self.is_streaming {
                true => lane.expect_more(),
                false => lane.expect_another(body.len()),
            }
            return Ok(());
        }
        self.try_send_otherwise(core, body)
    }

    /// What is not a small message on a link that has met with room in its ring.
    #[cold]
    fn try_send_otherwise(&mut self, core: &Core, body: &[u8]) -> Result<(), Obstacle> {
        self.check_length(core, body.len())?;
        let first = First::new(body).is_some().then_some(body);
        if self.lane.is_none() && (core.say_hello(first)? || core.send_early(body)?) {
            return Ok(());
        }
        self.meet(core)?;
        self.check_length(core, body.len())?;
        let lane = self.lane(core)?;
        match lane.stage(PLAIN, 0, body) {
            Ok(()) => self.publish(core),
            Err(StageError::Violation(violation)) => Err(self.fault(core, violation.into())),
            Err(StageError::Full(_)) => {
                if self.rings.wish_for_more(core, self.lane.as_mut(), &mut self.next_segment)? {
                    return self.try_send_otherwise(core, body);
                }
                Err(Obstacle::Full)
            }
            Err(StageError::TooLong(_)) => self.try_send_long(core, body),
        }
    }

    /// A message that no record of the present ring holds: of a larger ring, or as a block.
    fn try_send_long(&mut self, core: &Core, body: &[u8]) -> Result<(), Obstacle> {
        if self.rings.has_settled() {
            let bytes_max = self.lane(core)?.bytes_max() as usize;
            return Err(SendError::TooLong { bytes: body.len(), bytes_max }.into());
        }
        if self.rings.would_hold(body.len()) {
            return match self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment)? {
                true => self.try_send_otherwise(core, body),
                false => Err(Obstacle::Full),
            };
        }
        let mut block = self.take_block(core, body.len())?;
        block.write_at(0, body).map_err(blocks::impossible)?;
        let record = block.record();
        self.stage(core, BLOCK, bytes_of(&record))?;
        self.block_sent(block);
        self.publish(core)
    }

    /// Whether the peer takes so many bytes, as far as is known.
    fn check_length(&self, core: &Core, bytes: usize) -> Result<(), SendError> {
        let bytes_max = if self.has_met { self.bytes_max } else { core.message_bytes_max() };
        if bytes > bytes_max { Err(SendError::TooLong { bytes, bytes_max }) } else { Ok(()) }
    }

    /// The longest message that both ends take, once the peer has said HELLO; from then on it may be told of segments
    /// and handed descriptors, whether or not its outbox has come.
    fn agreed_bytes_max(&self, core: &Core) -> Option<usize> {
        if self.has_met { Some(self.bytes_max) } else { core.agreed_bytes_max() }
    }

    /// The lane, made now if need be. There is none before its memory is on its way to the peer.
    fn lane(&mut self, core: &Core) -> Result<&mut Lane, Obstacle> {
        if self.lane.is_none() {
            core.say_hello(None)?;
            let own = core.handed_outbox()?.ok_or(Obstacle::Full)?;
            let made =
                MappedRing::new(own.clone(), RING_OFFSET, FIRST_RING_WORDS).zip(MappedControls::alone(own));
            let (ring, controls) = made.ok_or(OUTBOX_SHAPE)?;
            self.lane = Some(Sender::new(ring, controls));
            self.meet(core)?;
        }
        Ok(self.lane.as_mut().ok_or(OUTBOX_SHAPE)?)
    }

    /// Learns of the peer's outbox, if it has come.
    pub(crate) fn meet(&mut self, core: &Core) -> Result<(), LinkError> {
        if self.has_met {
            return Ok(());
        }
        if core.their_outbox().is_none() {
            core.pump()?;
        }
        let (Some((theirs, fencing)), Some(lane)) = (core.their_outbox(), &mut self.lane) else {
            return Ok(());
        };
        let controls = lane.controls().clone().with(theirs).ok_or(OUTBOX_SHAPE)?;
        if let Some(pool) = &mut self.pool {
            pool.set_controls(controls.clone());
        }
        lane.meet(controls, fencing);
        self.has_met = true;
        self.bytes_max = core.message_bytes_max();
        Ok(())
    }

    /// Stages a record of ours, growing the ring where that helps.
    fn stage(&mut self, core: &Core, tag: u8, body: &[u8]) -> Result<(), Obstacle> {
        loop {
            let lane = self.lane(core)?;
            return match lane.stage(tag, 0, body) {
                Ok(()) => Ok(()),
                Err(StageError::Violation(violation)) => Err(self.fault(core, violation.into())),
                Err(StageError::TooLong(_)) if self.rings.would_hold(body.len()) => {
                    if self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment)? {
                        continue;
                    }
                    Err(Obstacle::Full)
                }
                Err(StageError::TooLong(long)) => {
                    let bytes_max = long.bytes_max as usize;
                    Err(SendError::TooLong { bytes: body.len(), bytes_max }.into())
                }
                Err(StageError::Full(_)) => {
                    if self.rings.wish_for_more(core, self.lane.as_mut(), &mut self.next_segment)? {
                        continue;
                    }
                    Err(Obstacle::Full)
                }
            };
        }
    }

    fn publish(&mut self, core: &Core) -> Result<(), Obstacle> {
        if self.lane.as_mut().is_some_and(Sender::publish) {
            core.ring()?;
        }
        Ok(())
    }

    fn fault(&mut self, core: &Core, fault: PeerFault) -> Obstacle {
        core.end_with(fault.into()).into()
    }

    /// Waits until what a message needs may be there. When this returns, try again.
    ///
    /// # Errors
    /// [`SendError::Full`] when the deadline passed.
    pub(crate) fn wait(&mut self, core: &Core, need: Need, deadline: Deadline) -> Result<(), SendError> {
        core.check()?;
        if deadline.has_passed() {
            return Err(SendError::Full);
        }
        let began = self.look_for_room(core, need, deadline)?;
        if began {
            return Ok(());
        }
        let mark = core.mark();
        let must_sleep = self.arm(core, need)?;
        // Nobody rings when the socket has room for the outbox.
        let slice = if self.lane.is_some() { Deadline::Never } else { Deadline::within(SLEEP_MAX) };
        let slept = if must_sleep { core.sleep(mark, deadline.or_sooner(slice)) } else { Ok(()) };
        self.disarm();
        self.meet(core)?;
        match slept {
            Err(None) if deadline.has_passed() => Err(SendError::Full),
            Ok(()) | Err(None) => Ok(core.check()?),
            Err(Some(error)) => Err(error.into()),
        }
    }

    /// Looks for a while; answers whether there is room.
    fn look_for_room(&mut self, core: &Core, need: Need, deadline: Deadline) -> Result<bool, SendError> {
        let Some(looks_max) = self.has_met.then(|| self.patience.looks().unwrap_or(u32::MAX)) else {
            return Ok(false);
        };
        for looks in 1..=looks_max {
            if self.has_room(core, need)? {
                self.patience.paid(looks);
                return Ok(true);
            }
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) {
                core.pump()?;
                core.check()?;
                if deadline.has_passed() {
                    return Err(SendError::Full);
                }
            }
            std::hint::spin_loop();
        }
        Ok(false)
    }

    fn has_room(&mut self, core: &Core, need: Need) -> Result<bool, SendError> {
        if !self.unclaimed.has_room(core, self.lane.as_ref(), need.descriptors)? {
            return Ok(false);
        }
        let Some(lane) = &mut self.lane else { return Ok(true) };
        match lane.has_room(need.bytes) {
            Ok(found) => Ok(found),
            Err(violation) => Err(core.end_with(violation.into()).into()),
        }
    }

    /// Announces the sleep; answers whether there is still reason for it.
    pub(crate) fn arm(&mut self, core: &Core, need: Need) -> Result<bool, SendError> {
        if self.has_met && self.rings.is_small() {
            // Before anybody sleeps for want of room, there is a larger ring.
            match self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment) {
                Ok(true) => return Ok(false),
                Ok(false) | Err(Obstacle::Full) => {}
                Err(Obstacle::Error(error)) => return Err(error),
            }
        }
        let Some(lane) = &mut self.lane else { return Ok(true) };
        if let Err(refusal) = lane.announce() {
            return Err(LinkError::System(refusal).into());
        }
        Ok(!self.has_room(core, need)?)
    }

    /// Takes the announcement of a sleep back.
    pub(crate) fn disarm(&mut self) {
        if let Some(lane) = &mut self.lane {
            lane.awake();
        }
        if let Some(pool) = &mut self.pool {
            pool.disarm();
        }
    }

    /// How many bytes of rings and blocks this end has made.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let first = if self.lane.is_some() { FIRST_SEGMENT_BYTES.into() } else { 0 };
        first + self.rings.bytes() + self.pool.as_ref().map_or(0, Pool::bytes)
    }

    /// The other half is about to wait for long. Memory of a busy time that nothing was sent through since the last
    /// long wait is given up.
    pub(crate) fn rest(&mut self, core: &Core) {
        let Some(lane) = &self.lane else { return };
        let position = lane.published();
        let was_idle = std::mem::replace(&mut self.rested_at, position) == position;
        if was_idle && self.memory_bytes() > FIRST_SEGMENT_BYTES.into() {
            // What is wrong with the link, its next use tells.
            let _ = self.trim(core);
        }
    }

    /// Goes back to the first ring and gives up idle blocks, as far as the peer has taken everything.
    pub(crate) fn trim(&mut self, core: &Core) -> Result<(), LinkError> {
        self.retire_blocks(core, 0)?;
        self.rings.shrink(core, self.lane.as_mut())
    }
}

/// What can't happen with an outbox that this library made or admitted.
const OUTBOX_SHAPE: LinkError =
    LinkError::Fault(PeerFault::Order("handed over an outbox without room for a lane"));
