// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long to look before sleeping: a wake-up costs fifty looks and more, but a look that nobody answers costs the
//! peer its processor when there is only one.
//!
//! The adaptive way spends a budget of looks before each sleep. Looks that paid double the budget, looks that did
//! not halve it, down to none. When the budget is gone, sleeps that end soon are taken as a sign that looking
//! might pay again: after some of them in a row it is tried once, and each trial that fails makes the next one
//! rarer.

use std::time::Duration;

/// How a waiting call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Look for a while that adjusts itself, then sleep.
    #[default]
    Adaptive,
    /// Only look: the fastest, for those who give the link a processor of its own.
    Spin,
    /// Sleep at once.
    Block,
}

/// The budget of looks of one waiting end, for whoever builds waits of another kind.
#[derive(Debug)]
pub struct Patience {
    wait: Wait,
    looks: u32,
    /// Short sleeps in a row since looking was given up.
    short_sleeps: u32,
    /// How many of them it takes for the next trial.
    trial_after: u32,
    /// Whether the budget is that of a trial, which has one chance.
    is_trial: bool,
}

/// The longest look: some tens of microseconds.
const LOOKS_MAX: u32 = 4096;
/// What a trial begins with: enough to wait for a peer that has to wake up first, or no trial would ever succeed while
/// both ends sleep.
const LOOKS_TRIAL: u32 = LOOKS_MAX / 2;
/// Fewer looks than this are not worth the trouble.
const LOOKS_MIN: u32 = 128;
const TRIAL_AFTER_MIN: u32 = 8;
const TRIAL_AFTER_MAX: u32 = 1024;
/// A sleep that ends sooner would have been a look worth having.
const SHORT_SLEEP: Duration = Duration::from_micros(100);

/// How many looks lie between two at what costs more: the socket, the clock.
pub const LOOKS_BETWEEN_CHECKS: u32 = 1024;

impl Patience {
    /// For a new end that waits like this.
    pub fn new(wait: Wait) -> Self {
        let looks = if wait == Wait::Adaptive { LOOKS_MAX } else { 0 };
        Self { wait, looks, short_sleeps: 0, trial_after: TRIAL_AFTER_MIN, is_trial: false }
    }

    /// From now on the end waits like this.
    pub fn set(&mut self, wait: Wait) {
        *self = Self::new(wait);
    }

    /// How many looks to spend before sleeping; `None` for never sleeping.
    #[inline]
    pub fn looks(&self) -> Option<u32> {
        match self.wait {
            Wait::Adaptive => Some(self.looks),
            Wait::Spin => None,
            Wait::Block => Some(0),
        }
    }

    /// The `looks`-th look found something.
    #[inline]
    pub fn paid(&mut self, looks: u32) {
        if (self.looks < LOOKS_MAX || self.is_trial) && looks > 0 {
            self.looks = (self.looks * 2).min(LOOKS_MAX);
            (self.trial_after, self.is_trial) = (TRIAL_AFTER_MIN, false);
        }
    }

    /// All looks of the budget found nothing, and a sleep of this length followed.
    pub fn slept(&mut self, time: Duration) {
        if self.looks > 0 {
            self.looks /= 2;
            if self.looks < LOOKS_MIN || std::mem::take(&mut self.is_trial) {
                self.looks = 0;
                self.short_sleeps = 0;
                self.trial_after = (self.trial_after * 2).min(TRIAL_AFTER_MAX);
            }
            return;
        }
        if time < SHORT_SLEEP {
            self.short_sleeps += 1;
        }
        if self.wait == Wait::Adaptive && self.short_sleeps >= self.trial_after {
            self.short_sleeps = 0;
            (self.looks, self.is_trial) = (LOOKS_TRIAL, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_millis(5);
    const SHORT: Duration = Duration::from_micros(5);

    fn adaptive() -> Patience {
        Patience {
            wait: Wait::Adaptive,
            looks: LOOKS_MAX,
            short_sleeps: 0,
            trial_after: TRIAL_AFTER_MIN,
            is_trial: false,
        }
    }

    #[test]
    fn looking_that_never_pays_is_given_up() {
        let mut patience = adaptive();
        for _ in 0..8 {
            patience.slept(LONG);
        }
        assert_eq!(patience.looks(), Some(0));
    }

    #[test]
    fn looking_that_pays_grows_back_to_the_longest() {
        let mut patience = adaptive();
        patience.slept(SHORT);
        patience.slept(SHORT);
        for _ in 0..4 {
            patience.paid(7);
        }
        assert_eq!(patience.looks(), Some(LOOKS_MAX));
    }

    #[test]
    fn short_sleeps_lead_to_a_trial_and_failed_trials_become_rare() {
        let mut patience = adaptive();
        let mut sleeps_between_trials = Vec::new();
        let mut sleeps = 0;
        for _ in 0..2000 {
            let was_looking = patience.looks > 0;
            patience.slept(SHORT);
            sleeps += 1;
            if !was_looking && patience.looks > 0 {
                sleeps_between_trials.push(sleeps);
                sleeps = 0;
            }
        }
        assert!(sleeps_between_trials.len() > 3, "{sleeps_between_trials:?}");
        assert!(sleeps_between_trials.windows(2).skip(1).all(|pair| pair[1] >= pair[0]));
    }

    #[test]
    fn long_sleeps_never_lead_to_a_trial() {
        let mut patience = adaptive();
        for _ in 0..1000 {
            patience.slept(LONG);
        }
        assert_eq!(patience.looks(), Some(0));
    }

    #[test]
    fn spinning_never_sleeps_and_blocking_never_looks() {
        assert_eq!(Patience::new(Wait::Spin).looks(), None);
        let mut block = Patience::new(Wait::Block);
        for _ in 0..1000 {
            block.slept(SHORT);
        }
        assert_eq!(block.looks(), Some(0));
    }
}
