// SPDX-License-Identifier: MIT OR Apache-2.0
//! The records of the lane's own: on to another ring, and segments to be forgotten.

use std::sync::Arc;

use cabotage_lane::ring::{Receiver, Sight};
use cabotage_lane::{PeerRing, Violation};

use super::{Found, Incoming};
use crate::core::Core;
use crate::error::{LinkError, PeerFault};
use crate::wire::Purpose;

/// How many records of the lane's own are followed in one look: more than an honest peer writes in a row.
const OWN_RECORDS_AT_ONCE: u32 = 256;

impl Incoming {
    /// Follows the lane's own records to the next message. Not for ever: a peer may go on and on.
    #[cold]
    pub(super) fn follow(
        &mut self,
        core: &Core,
        mut sight: Result<Sight, Violation>,
    ) -> Result<Found, LinkError> {
        for _ in 0..OWN_RECORDS_AT_ONCE {
            match sight {
                Ok(Sight::Record(shape)) => {
                    self.note(shape);
                    return Ok(Found::Record(shape));
                }
                Ok(Sight::Empty) => break,
                Ok(Sight::Continue { segment }) => {
                    self.disarm(); // the peer rings once for each time we arm, and this was it
                    self.continue_in(core, segment)?;
                }
                Ok(Sight::Retire { segment }) => {
                    self.disarm();
                    self.forget(core, segment)?;
                }
                Err(violation) => return Err(core.end_with(violation.into())),
            }
            let Some(lane) = &mut self.lane else { break };
            sight = lane.look();
        }
        if self.lane.as_mut().is_some_and(Receiver::take_bell) {
            core.ring_sender();
        }
        Ok(Found::Nothing)
    }

    /// The peer goes on in another of its rings.
    fn continue_in(&mut self, core: &Core, number: u32) -> Result<(), LinkError> {
        let ring = match number {
            0 => self.first_ring.clone(),
            _ => self.segment(core, number, Purpose::Ring)?.and_then(|map| {
                let words = map.bytes() as u64 / 8;
                PeerRing::new(map, 0, words)
            }),
        };
        let (Some(ring), Some(lane)) = (ring, &mut self.lane) else {
            return Err(unannounced(core, "the ring", number.into()));
        };
        if number == self.ring_number {
            return Err(core.end_with(PeerFault::Order("goes on in the ring in which it is").into()));
        }
        if let Err((_, Some(violation))) = lane.continue_in(ring) {
            return Err(core.end_with(violation.into()));
        }
        let left = std::mem::replace(&mut self.ring_number, number);
        if left == 0 { Ok(()) } else { self.forget(core, left) }
    }

    /// A segment of the peer's that should have come, looking at the socket if it is not here yet.
    pub(crate) fn segment(
        &mut self,
        core: &Core,
        number: u32,
        purpose: Purpose,
    ) -> Result<Option<Arc<cabotage_os::map::Map>>, LinkError> {
        let here = |core: &Core| core.desk().inbox.segment(number, purpose).cloned();
        let mut found = here(core);
        if found.is_none() {
            core.fetch(|_| false)?;
            found = here(core);
        }
        Ok(found)
    }

    /// Sees to it that the segment of a block is among the recent ones.
    ///
    /// # Errors
    /// It never came, which ends the link.
    #[cold]
    pub(crate) fn find_recent(&mut self, core: &Core, number: u32) -> Result<(), LinkError> {
        match self.segment(core, number, Purpose::Block)? {
            Some(map) => {
                self.recent.add(number, map);
                Ok(())
            }
            None => Err(unannounced(core, "the block's segment", number.into())),
        }
    }

    /// Forgets a segment of the peer's, which is then told by the count of what was consumed.
    fn forget(&mut self, core: &Core, number: u32) -> Result<(), LinkError> {
        self.recent.clear();
        let forgotten = core.desk().forget_segment(number);
        if forgotten {
            return Ok(());
        }
        // Of a block that was never sent, nobody has looked at the announcement.
        core.fetch(|_| false)?;
        let forgotten = core.desk().forget_segment(number);
        if forgotten { Ok(()) } else { Err(unannounced(core, "the segment", number.into())) }
    }
}

/// Ends the link because a record names what never came.
pub(crate) fn unannounced(core: &Core, what: &'static str, number: u64) -> LinkError {
    core.end_with(PeerFault::Unannounced { what, number }.into())
}
