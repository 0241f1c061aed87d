// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room that is kept for records which must never find the ring full.
//!
//! A kept record may have to be preceded by a pad of its own length less a word, so twice its length is kept. Other
//! records leave that free. What is kept stays kept when it was used: it is there again as soon as the receiver has
//! told that it consumed the record that used it, since it consumed everything before that too, and what was sent
//! behind it found room beside what is kept.

use super::Sender;
use crate::control::Controls;
use crate::record::{Port, Tag, WORD_BYTES};
use crate::ring::{LAZY_FRACTION, OwnRing, StageError, kept_words};
use crate::violation::Violation;

/// What became of the wish to keep room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is kept.
    Kept,
    /// There is not so much room now.
    Full,
    /// So much is never kept in this ring.
    TooMuch,
}

impl<R: OwnRing, C: Controls> Sender<R, C> {
    /// Keeps room for one record of `bytes` bytes that only [`Sender::send_kept`] uses. The longest other record
    /// becomes shorter by as much.
    ///
    /// # Errors
    /// The peer's count is impossible.
    pub fn keep(&mut self, bytes: usize) -> Result<Keeping, Violation> {
        let words = kept_for(bytes);
        let reserved = self.reserved + words;
        if reserved > self.ring_words / KEPT_FRACTION {
            return Ok(Keeping::TooMuch);
        }
        if self.find_room(0, self.kept + words)?.is_none() {
            return Ok(Keeping::Full);
        }
        self.reserve_words(reserved);
        Ok(Keeping::Kept)
    }

    /// Gives up what [`Sender::keep`] kept for a record of `bytes` bytes.
    pub fn keep_no_more(&mut self, bytes: usize) {
        self.reserve_words(self.reserved.saturating_sub(kept_for(bytes)));
    }

    /// Whether room is kept.
    pub fn keeps_room(&self) -> bool {
        self.reserved > 0
    }

    /// Sends a record in the room that was kept for one of its length: it never finds the ring full, unless another
    /// record that used this room is not yet consumed. Answers whether the peer must be rung.
    ///
    /// # Errors
    /// [`StageError`].
    ///
    /// # Panics
    /// As [`Sender::stage`].
    pub fn send_kept(&mut self, tag: Tag, port: Port, body: &[u8]) -> Result<bool, StageError> {
        let usually = std::mem::replace(&mut self.kept, kept_words(self.ring_words));
        let sent = self.send(tag, port, body);
        self.kept = usually;
        sent
    }

    fn reserve_words(&mut self, reserved: u64) {
        self.reserved = reserved;
        self.measure();
    }

    /// How much of the ring others may use, now that it is this ring and so much is kept.
    pub(super) fn measure(&mut self) {
        self.kept = kept_words(self.ring_words) + self.reserved;
        let record_words =
            (self.ring_words - self.ring_words / LAZY_FRACTION).saturating_sub(self.kept + 1) / 2;
        self.bytes_max = u32::try_from(record_words.saturating_sub(1) * 8).unwrap_or(u32::MAX);
    }
}

/// How many words are kept for a record of so many bytes: its own, and a pad before it.
fn kept_for(bytes: usize) -> u64 {
    2 * (1 + bytes.div_ceil(WORD_BYTES) as u64)
}

/// Which part of a ring may be kept: what is left still carries records of a useful length.
const KEPT_FRACTION: u64 = 4;
