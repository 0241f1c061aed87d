// SPDX-License-Identifier: MIT OR Apache-2.0
//! Order statistics: the middle, the quarters and the far tail of measured values.

/// The value below which the share `share` of the values lies (nearest rank); `values` are sorted.
///
/// An empty slice answers zero: nothing was measured.
pub(crate) fn quantile<T: Copy + Default>(values: &[T], share: f64) -> T {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank below the length")]
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.clamp(1, values.len().max(1)) - 1).copied().unwrap_or_default()
}

/// The middle half of some values: where it begins, its middle, where it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quartiles {
    pub(crate) q1: f64,
    pub(crate) median: f64,
    pub(crate) q3: f64,
}

impl Quartiles {
    /// Of values in any order.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [q1, median, q3] = [0.25, 0.5, 0.75].map(|share| quantile(&values, share));
        Self { q1, median, q3 }
    }

    /// How wide the middle half is, as a share of the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.q3 - self.q1) / self.median
    }
}

/// The shape of many latencies, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) p50_ns: u32,
    pub(crate) p99_ns: u32,
    pub(crate) p999_ns: u32,
    pub(crate) max_ns: u32,
}

impl Latency {
    /// Of samples in any order.
    pub(crate) fn of(mut samples: Vec<u32>) -> Self {
        samples.sort_unstable();
        let [p50_ns, p99_ns, p999_ns, max_ns] =
            [0.5, 0.99, 0.999, 1.0].map(|share| quantile(&samples, share));
        Self { p50_ns, p99_ns, p999_ns, max_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let values: Vec<u32> = (1..=1000).collect();
        assert_eq!(quantile(&values, 0.5), 500);
        assert_eq!(quantile(&values, 0.999), 999);
        assert_eq!(quantile(&values, 1.0), 1000);
        assert_eq!(quantile(&values[..1], 0.25), 1);
    }

    #[test]
    fn nothing_measured_is_zero_and_no_panic() {
        assert_eq!(quantile::<u32>(&[], 0.99), 0);
    }

    #[test]
    fn the_spread_is_the_middle_half_against_the_median() {
        let quartiles = Quartiles::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(quartiles, Quartiles { q1: 1.0, median: 2.0, q3: 3.0 });
        assert_eq!(quartiles.spread(), 1.0);
    }

    #[test]
    fn one_slow_sample_shows_in_the_maximum_only() {
        let mut samples = vec![10; 1999];
        samples.push(9_000);
        assert_eq!(Latency::of(samples), Latency { p50_ns: 10, p99_ns: 10, p999_ns: 10, max_ns: 9_000 });
    }
}
