// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast to look at a ring that a stream of messages comes through.
//!
//! A receiver that keeps up with a stream reads each line while the sender is about to write the next word of it, so
//! every line travels twice and more. Looking away for a moment lets some dozens of messages gather, and then each
//! line travels once. But one that looks away answers late, so only a dense stream is treated like this: many
//! messages in a row, each after a few looks. A moment that gathered little shows that the stream is not dense, and
//! ends it.

/// How a spinning receiver spaces its looks.
#[derive(Debug, Default)]
pub struct Pace {
    /// Waits in a row that ended after few looks.
    dense: u32,
    /// How far the receiver was when it last looked away; 0 for never.
    rested_at: u64,
    /// How long the next moment is.
    moment: u32,
}

/// A stream is dense after so many short waits.
const DENSE_AFTER: u32 = 256;
/// A wait that takes more looks than this is not part of a dense stream.
const LOOKS_MAX: u32 = 12;
/// A moment that gathers fewer words than this was not worth it.
const GATHERED_WORDS_MIN: u64 = 24;
/// How long the first moment of looking away is, in pauses of the processor.
const MOMENT_MIN: u32 = 16;
/// What it grows to while the stream stays dense: one to three microseconds.
const MOMENT_MAX: u32 = 128;

impl Pace {
    /// A message came after `looks` looks that found nothing.
    #[inline]
    pub fn came(&mut self, looks: u32) {
        self.dense = if looks > LOOKS_MAX { 0 } else { self.dense.saturating_add(1) };
    }

    /// Waits as long as there should be until the next look, after one that found nothing at `position`.
    #[inline]
    pub fn rest(&mut self, position: u64) {
        if self.dense < DENSE_AFTER {
            std::hint::spin_loop();
        } else {
            self.look_away(position);
        }
    }

    #[cold]
    fn look_away(&mut self, position: u64) {
        if self.rested_at != 0 && position - self.rested_at < GATHERED_WORDS_MIN {
            (self.dense, self.rested_at) = (0, 0);
            return;
        }
        let is_first = self.rested_at == 0;
        self.rested_at = position;
        self.moment = if is_first { MOMENT_MIN } else { (self.moment * 2).min(MOMENT_MAX) };
        for _ in 0..self.moment {
            std::hint::spin_loop();
        }
    }

    /// Something was sent the other way: whoever answers is not to look away.
    #[inline]
    pub fn answered(&mut self) {
        (self.dense, self.rested_at) = (0, 0);
    }
}
