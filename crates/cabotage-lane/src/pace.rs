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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A pace after this many short waits.
    fn after(short_waits: u32) -> Pace {
        let mut pace = Pace::default();
        (0..short_waits).for_each(|_| pace.came(LOOKS_MAX));
        pace
    }

    /// Whether it waits a whole moment at this position.
    fn looks_away(pace: &mut Pace, position: u64) -> bool {
        let before = pace.rested_at;
        pace.rest(position);
        pace.rested_at == position && before != position
    }

    #[test]
    fn a_stream_is_dense_after_many_short_waits_in_a_row() {
        assert!(!looks_away(&mut after(DENSE_AFTER - 1), 100));
        assert!(looks_away(&mut after(DENSE_AFTER), 100));
    }

    #[test]
    fn one_long_wait_begins_the_count_anew() {
        for short_waits in [DENSE_AFTER - 1, DENSE_AFTER, 10 * DENSE_AFTER] {
            let mut pace = after(short_waits);
            pace.came(LOOKS_MAX + 1);
            assert!(!looks_away(&mut pace, 100));
            (1..DENSE_AFTER).for_each(|_| pace.came(0));
            assert!(!looks_away(&mut pace, 100));
            pace.came(0);
            assert!(looks_away(&mut pace, 100));
        }
    }

    #[test]
    fn it_goes_on_looking_away_while_every_moment_gathers_enough() {
        let mut pace = after(DENSE_AFTER);
        for moment in 1..1_000 {
            assert!(looks_away(&mut pace, moment * GATHERED_WORDS_MIN));
            pace.came(1);
        }
    }

    #[test]
    fn a_moment_that_gathers_little_ends_it() {
        for gathered in [0, 1, GATHERED_WORDS_MIN - 1] {
            let mut pace = after(DENSE_AFTER);
            assert!(looks_away(&mut pace, 100));
            pace.came(1);
            assert!(!looks_away(&mut pace, 100 + gathered));
            assert!(!looks_away(&mut pace, 1_000), "it has to become dense again first");
            (0..DENSE_AFTER).for_each(|_| pace.came(1));
            assert!(looks_away(&mut pace, 1_001), "what was gathered before does not count");
        }
    }

    #[test]
    fn an_answer_ends_it() {
        let mut pace = after(DENSE_AFTER);
        assert!(looks_away(&mut pace, 100));
        pace.answered();
        for position in 200..300 {
            assert!(!looks_away(&mut pace, position));
        }
    }

    #[test]
    fn sparse_traffic_and_questions_with_answers_are_never_looked_away_from() {
        let (mut sparse, mut asking) = (Pace::default(), Pace::default());
        for message in 1..10_000 {
            sparse.came(LOOKS_MAX + 1 + u32::try_from(message % 7).unwrap());
            asking.came(1);
            assert!(!looks_away(&mut sparse, 100 * message) && !looks_away(&mut asking, 100 * message));
            asking.answered();
        }
    }
}
