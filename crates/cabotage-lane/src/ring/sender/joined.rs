// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record of two parts: some words of its sender's own and a body, which need not lie together anywhere but in the
//! ring.

use super::Sender;
use crate::control::Controls;
use crate::record::{Port, Tag, WORD_BYTES};
use crate::ring::{OwnRing, StageError};
use crate::sync::Ordering;

impl<R: OwnRing, C: Controls> Sender<R, C> {
    /// As [`Sender::send`], of a record that begins with the words `head`.
    ///
    /// # Errors
    /// As [`Sender::stage`].
    ///
    /// # Panics
    /// As [`Sender::stage`].
    #[inline]
    pub fn send_joined<const N: usize>(
        &mut self,
        tag: Tag,
        port: Port,
        head: [u64; N],
        body: &[u8],
    ) -> Result<bool, StageError> {
        self.send_joined_to_a_spinner(tag, port, head, body)?;
        Ok(self.receiver_sleeps.must_ring(&self.controls.peer().calls.armed, self.fencing))
    }

    #[inline]
    pub(super) fn send_joined_to_a_spinner<const N: usize>(
        &mut self,
        tag: Tag,
        port: Port,
        head: [u64; N],
        body: &[u8],
    ) -> Result<(), StageError> {
        let header = self.admit(tag, port, body.len() + N * WORD_BYTES)?;
        let words = header.words();
        self.reserve(words)?;
        self.clear_after(words);
        self.ring.write(self.byte_at((N * WORD_BYTES) as u64), body);
        // Word by word: a wider copy would wait until the words have left the processor's store buffer.
        for (at, word) in (self.at + 1..).zip(head) {
            self.ring.store(at, word, Ordering::Relaxed);
        }
        if self.held != 0 {
            // Records, or a pad, are staged before it and hold it back.
            self.append(header, words);
            self.publish_to_a_spinner();
            return Ok(());
        }
        self.ring.store(self.at, header.0, Ordering::Release);
        self.at = self.after(words);
        self.staged += words;
        self.free -= words;
        self.published = self.staged;
        Ok(())
    }
}
