// SPDX-License-Identifier: MIT OR Apache-2.0
//! A sender that reads back what it has written: for one whose receiver has ended, and who has to send again what that
//! one has not consumed.
//!
//! Nobody else writes the ring, so its records are as they were sent, if the walk begins at the end of one. The
//! receiver's count may say anything, the middle of a record too: where its records end the sender has to know itself.

use super::super::{OwnRing, TheirRing, check};
use super::Sender;
use crate::control::Controls;
use crate::record::{Header, TAGS, Tag, WORD_BYTES};

impl<R: OwnRing + TheirRing, C: Controls> Sender<R, C> {
    /// The position at which the present ring began.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Up to where the receiver says that it has consumed: what it said last that was possible, by [`Receiver::tell_taken`](crate::ring::Receiver::tell_taken)
    /// also.
    pub fn consumed(&mut self) -> u64 {
        // A count that can't be true ends the lane, and leaves what was known before.
        let _ = self.look_at_consumed();
        self.controls.peer().taken(self.consumed, self.published).unwrap_or(self.consumed)
    }

    /// Hands the records of the present ring from position `from` on to `act`, in order; those that are staged are
    /// published first. `from` is a position at which a record ended, not before what the receiver has consumed.
    pub fn read_back(&mut self, from: u64, mut act: impl FnMut(Tag, &[u8])) {
        self.publish_to_a_spinner();
        let mut position = from.max(self.base);
        let mut body = Vec::new();
        while position < self.published {
            let at = (position - self.base) & (self.ring_words - 1);
            let header = Header(self.ring.load(at));
            if check(header, at, self.ring_words, self.bytes_max).is_err() {
                return;
            }
            if TAGS.contains(&header.tag()) {
                body.resize(usize::try_from(header.bytes()).unwrap_or(0), 0);
                self.ring.read((at + 1) * WORD_BYTES as u64, &mut body);
                act(header.tag(), &body);
            }
            position += header.words();
        }
    }
}
