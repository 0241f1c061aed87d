// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room that is kept for messages which must never find the link full.

use cabotage_lane::ring::{Keeping, StageError};

use super::{Need, Obstacle, Outgoing};
use crate::core::Core;
use crate::error::{LinkError, SendError};
use crate::link::Link;
use crate::parcel::PLAIN;
use cabotage_os::Deadline;

/// Room for one message of a link, kept by [`Link::keep_room`]. Dropping it gives nothing back: see
/// [`Link::give_up_room`].
#[derive(Debug)]
#[must_use = "the room stays kept until it is given up"]
pub struct KeptRoom {
    bytes: usize,
    /// Where the last message in it ended.
    used_up_to: u64,
}

impl KeptRoom {
    /// How long the message may be that it is kept for, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Link {
    /// Keeps room for one message of up to `bytes` bytes, waiting for it at most until `deadline`: whatever else is
    /// sent, [`Link::send_kept`] never finds the link full. Other messages find as much less room, so it is meant for
    /// few and short ones.
    ///
    /// # Errors
    /// [`SendError::Full`], also while the peer has not answered the HELLO; [`SendError::TooLong`] for more than a link
    /// keeps.
    pub fn keep_room(&mut self, bytes: usize, deadline: Deadline) -> Result<KeptRoom, SendError> {
        loop {
            match self.out.try_keep(&self.core, bytes) {
                Ok(()) => return Ok(KeptRoom { bytes, used_up_to: 0 }),
                Err(Obstacle::Error(error)) => return Err(error),
                // What is kept is twice the record, for the sake of a pad.
                Err(Obstacle::Full) => {
                    let need = Need { bytes: 2 * bytes + 32, descriptors: 0 };
                    self.out.wait(&self.core, need, deadline)?;
                }
            }
        }
    }

    /// Sends a message in the room that is kept for it, at once.
    ///
    /// # Errors
    /// [`SendError::Full`] only while the peer has not taken the message before it in the same room, or has not said so
    /// yet: [`Link::is_room_free`]; [`SendError::TooLong`] for a message longer than the room.
    pub fn send_kept(&mut self, room: &mut KeptRoom, message: &[u8]) -> Result<(), SendError> {
        if message.len() > room.bytes {
            return Err(SendError::TooLong { bytes: message.len(), bytes_max: room.bytes });
        }
        if !self.is_room_free(room)? {
            return Err(SendError::Full);
        }
        match self.out.send_kept(&self.core, message) {
            Ok(used_up_to) => {
                room.used_up_to = used_up_to;
                Ok(())
            }
            Err(Obstacle::Full) => Err(SendError::Full),
            Err(Obstacle::Error(error)) => Err(error),
        }
    }

    /// Whether the peer has taken the last message that was sent in this room. It tells with some delay: the answer to
    /// that message may be here before.
    ///
    /// # Errors
    /// The link is over.
    pub fn is_room_free(&mut self, room: &KeptRoom) -> Result<bool, LinkError> {
        self.core.check()?;
        let Some(lane) = &mut self.out.lane else { return Ok(true) };
        lane.has_left(room.used_up_to).map_err(|lie| self.core.end_with(lie.into()))
    }

    /// Gives kept room up: others have it from now on.
    pub fn give_up_room(&mut self, room: KeptRoom) {
        if let Some(lane) = &mut self.out.lane {
            lane.keep_no_more(room.bytes);
        }
    }
}

impl Outgoing {
    fn try_keep(&mut self, core: &Core, bytes: usize) -> Result<(), Obstacle> {
        core.check()?;
        self.lane(core)?;
        self.meet(core)?;
        if !self.has_met {
            return Err(Obstacle::Full);
        }
        // In the small ring little could be kept beside others.
        if self.rings.is_small() && !self.rings.grow(core, self.lane.as_mut(), &mut self.next_segment)? {
            return Err(Obstacle::Full);
        }
        let lane = self.lane(core)?;
        match lane.keep(bytes) {
            Ok(Keeping::Kept) => Ok(()),
            Ok(Keeping::Full) => Err(Obstacle::Full),
            Ok(Keeping::TooMuch) => Err(SendError::TooLong { bytes, bytes_max: 0 }.into()),
            Err(violation) => Err(self.fault(core, violation.into())),
        }
    }

    /// Answers up to where everything has to be consumed before the room is free again.
    fn send_kept(&mut self, core: &Core, message: &[u8]) -> Result<u64, Obstacle> {
        let lane = self.lane(core)?;
        match lane.send_kept(PLAIN, 0, message) {
            Ok(must_ring) => {
                let used_up_to = lane.published();
                if must_ring {
                    core.ring()?;
                }
                Ok(used_up_to)
            }
            Err(StageError::Violation(violation)) => Err(self.fault(core, violation.into())),
            Err(StageError::Full(_)) => Err(Obstacle::Full),
            Err(StageError::TooLong(long)) => {
                let bytes_max = long.bytes_max as usize;
                Err(SendError::TooLong { bytes: message.len(), bytes_max }.into())
            }
        }
    }
}
