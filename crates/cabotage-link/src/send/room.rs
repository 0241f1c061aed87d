// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room for a message whose sender does something else meanwhile: looked for, and told of.

use super::{Need, Obstacle, Outgoing};
use crate::core::Core;
use crate::error::{LinkError, SendError};
use crate::link::Link;
use crate::parcel::{HEAD_BYTES, SENT_BYTES};
use crate::receive::Ready;

/// What a message needs: see [`Link::has_room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// How many bytes the message has.
    pub bytes: usize,
    /// How many descriptors come with it.
    pub descriptors: usize,
    /// How many blocks.
    pub blocks: usize,
}

impl Room {
    fn need(self) -> Need {
        let has_attachments = self.descriptors + self.blocks > 0;
        let head = if has_attachments { HEAD_BYTES + self.blocks * SENT_BYTES } else { 0 };
        Need { bytes: head + self.bytes, descriptors: self.descriptors }
    }
}

impl Outgoing {
    /// Makes the lane if there is none, and then room as far as that can be made.
    fn prepare(&mut self, core: &Core, need: Need) -> Result<(), Obstacle> {
        self.lane(core)?;
        self.meet(core)?;
        self.make_room(core, need)
    }
}

impl Link {
    /// Whether a message has room now, so that sending it without waiting does not find the link full. Before the peer
    /// has answered only plain messages have, short ones and a few of them.
    ///
    /// # Errors
    /// The link is over.
    pub fn has_room(&mut self, room: Room) -> Result<bool, LinkError> {
        self.core.check()?;
        let is_plain = room.descriptors + room.blocks == 0;
        let is_early = is_plain && self.out.lane.is_none() && self.core.may_send_early(room.bytes);
        if is_early || self.out.agreed_bytes_max(&self.core).is_none() {
            return Ok(is_early);
        }
        match self.out.prepare(&self.core, room.need()) {
            Ok(()) => Ok(true),
            Err(Obstacle::Full) => Ok(false),
            Err(Obstacle::Error(SendError::TooLong { .. })) => self.has_block(room.bytes),
            Err(Obstacle::Error(SendError::Link(error))) => Err(error),
            Err(Obstacle::Error(_)) => Ok(false),
        }
    }

    /// Whether a message that is longer than any record has memory of its own.
    fn has_block(&mut self, bytes: usize) -> Result<bool, LinkError> {
        match self.out.take_block(&self.core, bytes) {
            Ok(_) => Ok(true),
            Err(Obstacle::Error(SendError::Link(error))) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Looks whether a message has room. If not, arranges for the link to become readable, though nothing comes, as soon
    /// as the peer has made some: then send, and [stop](Link::stop_awaiting_room) when nothing is left to be sent. Of a
    /// peer that has not answered the answer is what makes the link readable.
    ///
    /// # Errors
    /// The link is over.
    pub fn await_room(&mut self, room: Room) -> Result<Ready, LinkError> {
        if !self.out.has_met {
            return Ok(Ready::Armed);
        }
        match self.out.arm(&self.core, room.need()) {
            Ok(true) => Ok(Ready::Armed),
            Ok(false) => {
                self.out.disarm();
                Ok(Ready::Ready)
            }
            Err(SendError::Link(error)) => Err(error),
            Err(_) => Ok(Ready::Armed),
        }
    }

    /// The peer need not tell of room any more.
    pub fn stop_awaiting_room(&mut self) {
        self.out.disarm();
    }
}
