// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking the place of a sender that has ended, perhaps in the middle of anything.

use super::Sender;
use crate::control::{Controls, Sleeps};
use crate::fencing::Fencing;
use crate::ring::waiting::follow;
use crate::ring::{OwnRing, TheirRing};
use crate::violation::Violation;

impl<R: OwnRing + TheirRing, C: Controls> Sender<R, C> {
    /// A sender in the place of one that has ended, the `incarnation`-th of the lane: it goes on behind what that one
    /// published. Nobody else may write meanwhile.
    ///
    /// # Errors
    /// The ring is not as a sender leaves it.
    pub fn resume(ring: R, controls: C, fencing: Fencing, incarnation: u32) -> Result<Self, Violation> {
        let consumed = controls.peer().admit_consumed(0, u64::MAX)?;
        // Everything up to the word where the next header is to appear is published. What a killed sender had staged
        // and not published is not counted, since the first header of a batch is stored last.
        let published = follow(&ring, consumed, |_| ())?;
        let own_sleeps = Sleeps::of(incarnation, &controls.own().wants_room);
        let mut lane = Self { fencing, own_sleeps, ..Self::new(ring, controls) };
        lane.at = published & (lane.ring_words - 1);
        (lane.published, lane.staged, lane.consumed) = (published, published, consumed);
        lane.free = lane.ring_words - (published - consumed);
        Ok(lane)
    }
}
