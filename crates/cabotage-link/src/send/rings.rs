// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rings of one outbox: the small one that it begins with, and a larger one while the link is busy.

use std::sync::Arc;

use cabotage_lane::MappedRing;
use cabotage_lane::ring::{StageError, record_bytes_max};
use cabotage_os::map::MapMut;
use cabotage_os::memfd::Memfd;

use super::{Lane, Obstacle};
use crate::core::Core;
use crate::error::LinkError;
use crate::outbox::{self, BUSY_RING_WORDS};
use crate::wire::{Frame, Purpose};

/// How often the small ring must be full before a larger one is made.
const FULLS_BEFORE_GROWTH: u32 = 4;
const BUSY_RING_BYTES: u64 = BUSY_RING_WORDS * 8;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Rings {
    /// Whether the lane goes through the larger ring.
    is_busy: bool,
    fulls: u32,
    /// The first ring, while the lane goes through another.
    first: Option<MappedRing>,
    /// A larger ring that was made and is not yet in use.
    next: Option<Next>,
    /// The larger ring that the lane has left, and where, until the peer has left it too.
    left: Option<(MappedRing, u64)>,
}

/// A larger ring on its way: announced once its memory is handed over.
#[derive(Debug)]
struct Next {
    number: u32,
    map: Arc<MapMut>,
    unsent: Option<Memfd>,
}

impl Rings {
    /// Whether the lane goes through the first ring.
    pub(super) fn is_small(&self) -> bool {
        !self.is_busy
    }

    /// Whether the larger ring, if there were one, would hold a record of so many bytes.
    pub(crate) fn would_hold(&self, bytes: usize) -> bool {
        !self.is_busy && bytes <= record_bytes_max(BUSY_RING_WORDS) as usize
    }

    /// The ring was full: after some times there is a larger one. Answers whether it is worth trying again.
    pub(super) fn wish_for_more(
        &mut self,
        core: &Core,
        lane: Option<&mut Lane>,
        next_segment: &mut u32,
    ) -> Result<bool, Obstacle> {
        if self.is_busy {
            return Ok(false);
        }
        self.fulls += 1;
        if self.fulls < FULLS_BEFORE_GROWTH && self.next.is_none() {
            return Ok(false);
        }
        self.grow(core, lane, next_segment)
    }

    /// Goes on in a larger ring. `false`: the peer has to make room first, here or on its socket.
    pub(super) fn grow(
        &mut self,
        core: &Core,
        lane: Option<&mut Lane>,
        next_segment: &mut u32,
    ) -> Result<bool, Obstacle> {
        let Some(lane) = lane.filter(|lane| lane.controls().has_peer()) else { return Ok(false) };
        if self.next.is_none() {
            let (map, memory) = outbox::make("cabotage-ring", BUSY_RING_BYTES).map_err(LinkError::System)?;
            self.next = Some(Next { number: *next_segment, map, unsent: Some(memory) });
            *next_segment += 1;
        }
        let Some(next) = &mut self.next else { return Ok(false) };
        if let Some(memory) = &next.unsent {
            let (number, bytes) = (next.number, BUSY_RING_BYTES);
            if !core.announce(&Frame::Segment { number, purpose: Purpose::Ring, bytes }, memory)? {
                return Ok(false);
            }
            next.unsent = None;
        }
        let ring = MappedRing::new(next.map.clone(), 0, BUSY_RING_WORDS).ok_or(super::OUTBOX_SHAPE)?;
        match lane.continue_in(ring, next.number) {
            Ok((old, _, bell)) => {
                (self.first, self.next, self.is_busy) = (Some(old), None, true);
                if bell {
                    core.ring()?;
                }
                Ok(true)
            }
            Err((_, StageError::Violation(violation))) => Err(core.end_with(violation.into()).into()),
            Err(_) => Ok(false),
        }
    }

    /// Goes back to the first ring, if the peer has taken everything from the larger one.
    pub(super) fn shrink(&mut self, core: &Core, lane: Option<&mut Lane>) -> Result<(), LinkError> {
        let Some(lane) = lane else { return Ok(()) };
        if let Some((_, end)) = &self.left
            && has_left(core, lane, *end)?
        {
            self.left = None;
        }
        let all = lane.published();
        if !self.is_busy || self.left.is_some() || !has_left(core, lane, all)? {
            return Ok(());
        }
        let Some(first) = self.first.take() else { return Ok(()) };
        match lane.continue_in(first, 0) {
            Ok((old, end, bell)) => {
                (self.left, self.is_busy, self.fulls) = (Some((old, end)), false, 0);
                if bell { core.ring() } else { Ok(()) }
            }
            Err((first, _)) => {
                self.first = Some(first);
                Ok(())
            }
        }
    }

    /// How many bytes of memory the larger ring has, if there is one.
    pub(super) fn bytes(&self) -> u64 {
        let larger = self.is_busy || self.next.is_some() || self.left.is_some();
        if larger { BUSY_RING_BYTES } else { 0 }
    }
}

/// Whether the peer has consumed everything before `position`.
fn has_left(core: &Core, lane: &mut Lane, position: u64) -> Result<bool, LinkError> {
    lane.has_left(position).map_err(|lie| core.end_with(lie.into()))
}
