// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watch: nanoseconds between two looks, without what the look itself costs.
//!
//! A look at the clock takes some 20 to 50 ns, which is much beside a cache line's trip. It is measured once in
//! each process and taken off every sample, of subjects and limits alike.

use std::sync::OnceLock;
use std::time::Instant;

use super::statistics::quantile;

/// Nanoseconds from one instant to the next, less [`cost_ns`].
#[inline]
pub(crate) fn between(before: Instant, after: Instant) -> u32 {
    nanoseconds(before, after).saturating_sub(cost_ns())
}

/// What one look at the clock costs here, in nanoseconds: the median of many.
pub(crate) fn cost_ns() -> u32 {
    static COST: OnceLock<u32> = OnceLock::new();
    *COST.get_or_init(measure)
}

fn measure() -> u32 {
    let mut before = Instant::now();
    let mut samples: Vec<u32> = (0..LOOKS)
        .map(|_| {
            let after = Instant::now();
            let took = nanoseconds(before, after);
            before = after;
            took
        })
        .collect();
    samples.sort_unstable();
    quantile(&samples, 0.5)
}

fn nanoseconds(before: Instant, after: Instant) -> u32 {
    u32::try_from(after.duration_since(before).as_nanos()).unwrap_or(u32::MAX)
}

const LOOKS: usize = 10_001;
