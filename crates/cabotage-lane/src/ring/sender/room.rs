// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much room there is; and how much to the last word, for a sender that would have to wait otherwise: that is told
//! at each record in a word of its own, and not once in a while where every sender polls.

use super::super::OwnRing;
use super::Sender;
use crate::control::Controls;
use crate::record::WORD_BYTES;
use crate::violation::Violation;

impl<R: OwnRing, C: Controls> Sender<R, C> {
    /// Whether a record of `bytes` bytes has room now, looking at the peer's count if need be.
    ///
    /// # Errors
    /// The peer's count is impossible.
    #[inline]
    pub fn has_room(&mut self, bytes: usize) -> Result<bool, Violation> {
        let words = 1 + bytes.div_ceil(WORD_BYTES) as u64;
        self.find_room(words, self.kept).map(|pad| pad.is_some())
    }

    /// How many bytes the longest record has that would have room now, in one piece.
    #[inline]
    pub fn room_bytes(&self) -> usize {
        let free = self.free.saturating_sub(self.kept);
        let until_end = self.ring_words - self.at;
        // In what is left before the end, or behind a pad that fills it.
        let words = if free <= until_end { free } else { until_end.max(free - until_end) };
        let bytes = words.saturating_sub(1) * WORD_BYTES as u64;
        usize::try_from(bytes.min(self.bytes_max.into())).unwrap_or(0)
    }

    /// Looks how much room there is to the last word, for a sender whose receiver tells of each record
    /// ([`Receiver::tell_freed`](crate::ring::Receiver::tell_freed)) and which would have to wait otherwise.
    ///
    /// # Errors
    /// The peer's count is impossible.
    pub fn look_at_freed(&mut self) -> Result<(), Violation> {
        self.look_at_consumed()?;
        match self.controls.peer().admit_freed(self.freed, self.published) {
            Ok(count) => {
                self.freed = count;
                self.count_free();
                Ok(())
            }
            Err(violation) => {
                self.end(violation);
                Err(violation)
            }
        }
    }
}
