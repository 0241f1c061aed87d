// SPDX-License-Identifier: MIT OR Apache-2.0
//! How soon to look for an answer.
//!
//! A look takes the line in which the answer will appear away from whoever is about to write it, who has to fetch it back
//! before anybody can see the answer: two journeys of a cache line instead of one. Whoever has just asked knows that
//! nothing can have come yet, and leaves the line alone for about as long as answers took lately. A first look that
//! finds the answer may have been late, so some of them in a row make the next one come sooner; one that comes too soon
//! makes the next one later. Most first looks find the answer then, and a processor that guesses so fetches the lines
//! behind the header together with it.

/// How long whoever waits for an answer does not look.
#[derive(Debug, Default)]
pub struct HoldOff {
    steps: u32,
    /// First looks in a row, or nearly, that found the answer.
    hits: u32,
}

/// A step in turns of a chain of operations each of which waits for the one before: some three nanoseconds. The
/// processor's own pause is too coarse for this, and a loop of independent operations would take a processor that shares
/// its units with the peer's away from it, when the peer is about to answer.
const TURNS_A_STEP: u32 = 2;
/// Any odd number whose bits are mixed.
const CHAIN_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Some five hundred nanoseconds. Answers that take longer gain little, and two ends that both wait can keep each other
/// from looking sooner: each finds what it waits for at its first look, since the other was late for the same reason.
const STEPS_MAX: u32 = 160;
/// So many hits make the next look come a step sooner: one look in four is too soon then. Were it one in nine, two ends
/// that both wait would keep each other waiting for several times as long as their pace varies: each looks too soon only
/// where the other happens to be late, and that has to happen often enough.
const HITS_A_STEP: u32 = 3;
/// An answer that took so many looks more was held up, and says nothing about the next one.
const LOOKS_MAX: u32 = 16;

impl HoldOff {
    /// Whether to wait before the first look.
    #[inline(always)]
    pub fn is_worth_it(&self) -> bool {
        self.steps > 0
    }

    /// Waits as long as there should be no look.
    #[inline]
    pub fn wait(&self) {
        let mut chain = u64::from(self.steps);
        for _ in 0..self.steps * TURNS_A_STEP {
            chain = (chain.rotate_left(7) ^ 1).wrapping_mul(CHAIN_FACTOR);
        }
        std::hint::black_box(chain);
    }

    /// The answer was there at the `looks`-th look after that, counted from 1.
    #[inline]
    pub fn came(&mut self, looks: u32) {
        if looks > 1 {
            let was_held_up = looks > LOOKS_MAX;
            self.steps = (self.steps + u32::from(!was_held_up)).min(STEPS_MAX);
            return;
        }
        self.hits += 1;
        if self.hits >= HITS_A_STEP {
            self.hits = 0;
            self.steps = self.steps.saturating_sub(1);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Asks so often a peer whose answers take so many steps; answers how many first looks came too soon.
    fn ask(hold_off: &mut HoldOff, times: u32, steps: u32) -> u32 {
        let mut too_soon = 0;
        for _ in 0..times {
            let is_too_soon = hold_off.steps < steps;
            too_soon += u32::from(is_too_soon);
            hold_off.came(if is_too_soon { 2 } else { 1 });
        }
        too_soon
    }

    #[test]
    fn it_comes_to_last_as_long_as_answers_take() {
        let mut hold_off = HoldOff::default();
        for steps in [70, 20, 150, 0] {
            ask(&mut hold_off, 2_000, steps);
            assert!(hold_off.steps.abs_diff(steps) <= 1, "{} for {steps}", hold_off.steps);
        }
        assert!(!hold_off.is_worth_it());
    }

    #[test]
    fn one_look_in_four_comes_too_soon() {
        let mut hold_off = HoldOff::default();
        ask(&mut hold_off, 1_000, 50);
        let too_soon = ask(&mut hold_off, 9_000, 50);
        assert!((1_500..=2_500).contains(&too_soon), "{too_soon}");
    }

    #[test]
    fn what_is_always_there_at_once_is_never_waited_for() {
        let mut hold_off = HoldOff::default();
        (0..1_000).for_each(|_| hold_off.came(1));
        assert!(!hold_off.is_worth_it());
    }

    #[test]
    fn an_answer_that_was_held_up_changes_nothing() {
        let mut hold_off = HoldOff::default();
        ask(&mut hold_off, 1_000, 50);
        let before = hold_off.steps;
        (0..1_000).for_each(|_| hold_off.came(LOOKS_MAX + 1));
        assert_eq!(hold_off.steps, before);
    }

    #[test]
    fn it_never_lasts_longer_than_it_may() {
        let mut hold_off = HoldOff::default();
        (0..10_000).for_each(|_| hold_off.came(LOOKS_MAX));
        assert_eq!(hold_off.steps, STEPS_MAX);
    }
}
