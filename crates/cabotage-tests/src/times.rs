// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long something took, many times: what is printed of it.

use std::fmt;
use std::time::Duration;

/// Durations of one thing that happened often.
#[derive(Debug, Clone, Default)]
pub struct Times {
    samples: Vec<Duration>,
}

impl Times {
    /// Adds one.
    pub fn add(&mut self, sample: Duration) {
        self.samples.push(sample);
    }

    /// Adds all of `others`.
    pub fn merge(&mut self, others: &Self) {
        self.samples.extend_from_slice(&others.samples);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.samples.iter().max().copied().unwrap_or_default()
    }

    /// The time that so many hundredths of the samples did not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
        sorted.get(at).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.samples.is_empty() {
            return f.write_str("never");
        }
        let [half, nine, most] = [50, 90, 99].map(|hundredths| self.percentile(hundredths));
        let longest = self.longest();
        write!(f, "median {half:.1?}, p90 {nine:.1?}, p99 {most:.1?}, longest {longest:.1?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut times = Times::default();
        assert_eq!(times.to_string(), "never");
        (1..=100).rev().for_each(|number| times.add(Duration::from_millis(number)));
        assert_eq!(times.percentile(50), Duration::from_millis(50));
        assert_eq!(times.percentile(99), Duration::from_millis(99));
        assert_eq!(times.longest(), Duration::from_millis(100));
    }
}
