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

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Rings {
    /// How many words the larger ring has.
    words: u64,
    /// Whether the lane stays in the larger ring for good, and takes no other way.
    stays: bool,
    /// Whether it goes there before the peer has answered.
    is_eager: bool,
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

impl Default for Rings {
    fn default() -> Self {
        Self {
            words: BUSY_RING_WORDS,
            stays: false,
            is_eager: false,
            is_busy: false,
            fulls: 0,
            first: None,
            next: None,
            left: None,
        }
    }
}

impl Rings {
    /// The larger ring has so many words, and once the lane is in it, it stays.
    pub(super) fn stay_in(&mut self, words: u64) {
        (self.words, self.stays) = (words, true);
    }

    /// As [`Rings::stay_in`], and the lane goes on there as soon as it is asked to, whether or not the peer has answered:
    /// its announcement waits for the peer behind our outbox.
    pub(super) fn stay_from_the_start_in(&mut self, words: u64) {
        self.stay_in(words);
        self.is_eager = true;
    }

    /// Whether the lane stays in the larger ring, which it is in.
    #[inline(always)]
    pub(super) fn has_settled(&self) -> bool {
        self.stays && self.is_busy
    }

    /// Whether there is to be a larger ring as soon as it is needed.
    pub(super) fn wants_more(&self) -> bool {
        self.is_eager
    }

    /// Whether a larger ring is made, and the socket had no room to announce it.
    pub(super) fn waits_for_socket(&self) -> bool {
        self.next.as_ref().is_some_and(|next| next.unsent.is_some())
    }

    /// Whether the lane goes through the first ring.
    pub(super) fn is_small(&self) -> bool {
        !self.is_busy
    }

    /// Whether the larger ring, if there were one, would hold a record of so many bytes.
    pub(crate) fn would_hold(&self, bytes: usize) -> bool {
        !self.is_busy && bytes <= record_bytes_max(self.words) as usize
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
        let is_eager = self.is_eager;
        let Some(lane) = lane.filter(|lane| is_eager || lane.controls().has_peer()) else { return Ok(false) };
        if self.next.is_none() {
            let (map, memory) = outbox::make("cabotage-ring", self.words * 8).map_err(LinkError::System)?;
            self.next = Some(Next { number: *next_segment, map, unsent: Some(memory) });
            *next_segment += 1;
        }
        let Some(next) = &mut self.next else { return Ok(false) };
        if let Some(memory) = &next.unsent {
            let (number, bytes) = (next.number, self.words * 8);
            if !core.announce(&Frame::Segment { number, purpose: Purpose::Ring, bytes }, memory)? {
                return Ok(false);
            }
            next.unsent = None;
        }
        let ring = MappedRing::new(next.map.clone(), 0, self.words).ok_or(super::OUTBOX_SHAPE)?;
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
        let Some(lane) = lane.filter(|lane| !self.stays && !lane.keeps_room()) else { return Ok(()) };
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
        if larger { self.words * 8 } else { 0 }
    }
}

/// Whether the peer has consumed everything before `position`.
fn has_left(core: &Core, lane: &mut Lane, position: u64) -> Result<bool, LinkError> {
    lane.has_left(position).map_err(|lie| core.end_with(lie.into()))
}
