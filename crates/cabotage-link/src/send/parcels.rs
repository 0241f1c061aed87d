// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages with attachments: descriptors go ahead on the socket, then the record that names them.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

use cabotage_lane::Controls;

use super::{Lane, Need, Obstacle, Outgoing};
use crate::core::Core;
use crate::error::SendError;
use crate::inbox::{PARCEL_DESCRIPTORS_MAX, PARCELS_MAX};
use crate::parcel::{ATTACHED, BLOCKS_MAX, DESCRIPTORS_MAX, HEAD_BYTES, Head, Parcel, SENT_BYTES};
use crate::wire::Frame;

/// Descriptors that were sent and whose record the peer has not yet received.
#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    sent: u64,
    claimed: u64,
    counts: VecDeque<usize>,
}

impl Unclaimed {
    /// Whether a message with so many descriptors may go now.
    pub(super) fn has_room(
        &mut self,
        core: &Core,
        lane: Option<&Lane>,
        descriptors: usize,
    ) -> Result<bool, SendError> {
        if descriptors == 0 {
            return Ok(true);
        }
        let Some(lane) = lane else { return Ok(false) };
        let claimed = match lane.controls().peer().admit_filed(self.claimed, self.sent) {
            Ok(claimed) => claimed,
            Err(violation) => return Err(core.end_with(violation.into()).into()),
        };
        while self.claimed < claimed {
            self.counts.pop_front();
            self.claimed += 1;
        }
        let waiting: usize = self.counts.iter().sum();
        let messages = self.sent - self.claimed;
        Ok(messages < PARCELS_MAX && waiting + descriptors <= PARCEL_DESCRIPTORS_MAX)
    }
}

impl Outgoing {
    /// What a message has to find before it goes.
    pub(crate) fn need(parcel: &Parcel<'_>) -> Need {
        let head = HEAD_BYTES + parcel.blocks.len() * SENT_BYTES;
        Need { bytes: head + parcel.bytes.len(), descriptors: parcel.descriptors.len() }
    }

    /// Sends a message with attachments if there is room for all of it; empties the parcel when it has gone, and answers
    /// the descriptors of which the peer has copies.
    pub(crate) fn try_send_parcel(
        &mut self,
        core: &Core,
        parcel: &mut Parcel<'_>,
    ) -> Result<Vec<OwnedFd>, Obstacle> {
        core.check()?;
        check_counts(parcel)?;
        if parcel.blocks.is_empty() && parcel.descriptors.is_empty() {
            return self.try_send(core, parcel.bytes).map(|()| Vec::new());
        }
        if parcel.blocks.iter().any(|block| !self.owns(block)) {
            return Err(SendError::StrangeBlock.into());
        }
        self.lane(core)?;
        self.meet(core)?;
        if self.agreed_bytes_max(core).is_none() {
            return Err(Obstacle::Full);
        }
        self.check_length(core, parcel.bytes.len())?;
        let need = Self::need(parcel);
        self.make_room(core, need)?;
        let sequence = self.send_descriptors(core, parcel)?;
        self.stage_attached(core, parcel, sequence)?;
        for block in parcel.blocks.drain(..) {
            self.block_sent(block);
        }
        let sent = std::mem::take(&mut parcel.descriptors);
        self.publish(core).map(|()| sent)
    }

    /// Makes sure that everything finds room, so that nothing goes by halves.
    pub(super) fn make_room(&mut self, core: &Core, need: Need) -> Result<(), Obstacle> {
        if !self.unclaimed.has_room(core, self.lane.as_ref(), need.descriptors)? {
            return Err(Obstacle::Full);
        }
        loop {
            let lane = self.lane(core)?;
            let fits = need.bytes <= lane.bytes_max() as usize;
            if fits && lane.has_room(need.bytes).map_err(|lie| core.end_with(lie.into()))? {
                return Ok(());
            }
            let grown = match fits {
                true => self.rings.wish_for_more(core, self.lane.as_mut(), &mut self.next_segment)?,
                false if self.rings.would_hold(need.bytes) => {
                    self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment)?
                }
                false => {
                    let bytes_max = self.lane(core)?.bytes_max() as usize;
                    return Err(SendError::TooLong { bytes: need.bytes, bytes_max }.into());
                }
            };
            if !grown {
                return Err(Obstacle::Full);
            }
        }
    }

    /// Hands the descriptors over; answers their number, 0 for none.
    fn send_descriptors(&mut self, core: &Core, parcel: &Parcel<'_>) -> Result<u64, Obstacle> {
        let Some(count) = u8::try_from(parcel.descriptors.len()).ok().filter(|count| *count > 0) else {
            return Ok(0);
        };
        let sequence = self.unclaimed.sent + 1;
        let borrowed: Vec<_> = parcel.descriptors.iter().map(AsFd::as_fd).collect();
        if !core.send_frame(&Frame::Descriptors { sequence, count }, &borrowed)? {
            return Err(Obstacle::Full);
        }
        self.unclaimed.sent = sequence;
        self.unclaimed.counts.push_back(parcel.descriptors.len());
        Ok(sequence)
    }

    /// Writes the record in place.
    fn stage_attached(&mut self, core: &Core, parcel: &Parcel<'_>, sequence: u64) -> Result<(), Obstacle> {
        let need = Self::need(parcel);
        let lane = self.lane(core)?;
        let mut record = lane.loan(ATTACHED, 0, need.bytes).map_err(|_| Obstacle::Full)?;
        let blocks = u32::try_from(parcel.blocks.len()).unwrap_or(u32::MAX);
        let mut at = record.write_words(0, Head { sequence, blocks, reserved: 0 }.words());
        for block in &parcel.blocks {
            at += record.write_words(at, block.record().words());
        }
        record.write_at(at, parcel.bytes);
        record.stage();
        Ok(())
    }

    fn owns(&self, block: &cabotage_lane::block::BlockMut) -> bool {
        self.pool.as_ref().is_some_and(|pool| pool.owns(block))
    }
}

fn check_counts(parcel: &Parcel<'_>) -> Result<(), SendError> {
    let (descriptors, blocks) = (parcel.descriptors.len(), parcel.blocks.len());
    if descriptors > DESCRIPTORS_MAX {
        return Err(SendError::TooManyDescriptors { given: descriptors, max: DESCRIPTORS_MAX });
    }
    if blocks > BLOCKS_MAX {
        return Err(SendError::TooManyBlocks { given: blocks, max: BLOCKS_MAX });
    }
    Ok(())
}
