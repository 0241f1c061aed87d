// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chance with a seed, printed, so that a failure can be had again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same plan.
#[derive(Debug, Clone)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// Chance that can be had again by this seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// A seed of today, or that of the variable `SEED`, printed with `what` it is for.
    pub fn of_today(what: &str) -> Self {
        let asked = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
        let seed = asked.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::from(now.subsec_nanos()) ^ now.as_secs() ^ u64::from(std::process::id()) << 32
        });
        println!("{what}: SEED={seed}");
        Self::from_seed(seed)
    }

    /// The seed it began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.any() % bound
    }

    /// One of `choices`, of which there is one at least.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = self.below(choices.len() as u64);
        &choices[usize::try_from(at).expect("below the length")]
    }

    /// A time from `shortest` to `longest` whose logarithm is uniform: each power of two as likely as the next.
    pub fn log_uniform(&mut self, shortest: Duration, longest: Duration) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "53 bits of chance are plenty")]
        let share = (self.any() >> 11) as f64 / (1_u64 << 53) as f64;
        let (low, high) = (shortest.as_secs_f64().ln(), longest.as_secs_f64().ln());
        Duration::from_secs_f64((low + (high - low) * share).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        let plan = |seed| {
            let mut random = Random::from_seed(seed);
            [random.any(), random.below(1_000), random.any()]
        };
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn short_times_are_as_likely_as_long_ones() {
        let (shortest, longest) = (Duration::from_micros(1), Duration::from_millis(100));
        let mut random = Random::from_seed(1);
        let times: Vec<_> = (0..3_000).map(|_| random.log_uniform(shortest, longest)).collect();
        assert!(times.iter().all(|time| (shortest..=longest).contains(time)));
        let below_middle = times.iter().filter(|time| **time < Duration::from_micros(316)).count();
        assert!((1_200..1_800).contains(&below_middle), "{below_middle} of 3,000");
    }
}
