// SPDX-License-Identifier: MIT OR Apache-2.0
//! The starts of records at which the publisher lets go of what is old: a few for each turn of the ring.
//!
//! Letting go of single records would change `oldest`, which all readers look at, with each of them; and what is not
//! a record's start may not be called the oldest.

use std::collections::VecDeque;

/// Starts of records, in order, about `grain` words apart.
#[derive(Debug)]
pub(super) struct Milestones {
    starts: VecDeque<u64>,
    grain: u64,
    last: u64,
}

impl Milestones {
    /// None yet; a record that starts `grain` words or more behind the one before will be one.
    pub(super) fn new(grain: u64, from: u64) -> Self {
        // A record longer than the grain is a milestone for itself, so there are never more than parts of the ring.
        let starts = VecDeque::with_capacity(2 * usize::try_from(super::PARTS).unwrap_or(0) + 2);
        Self { starts, grain, last: from }
    }

    /// A record starts here.
    #[inline]
    pub(super) fn pass(&mut self, start: u64) {
        if start - self.last >= self.grain {
            self.starts.push_back(start);
            self.last = start;
        }
    }

    /// The first one behind `oldest`, if it is not behind `published`; those before are forgotten.
    pub(super) fn next(&mut self, oldest: u64, published: u64) -> Option<u64> {
        while self.starts.front().is_some_and(|start| *start <= oldest) {
            self.starts.pop_front();
        }
        self.starts.front().copied().filter(|start| *start <= published)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn starts_that_lie_close_together_count_once() {
        let mut milestones = Milestones::new(8, 0);
        (0..30).for_each(|start| milestones.pass(start));
        let mut oldest = 0;
        let mut seen = Vec::new();
        while let Some(next) = milestones.next(oldest, 20) {
            seen.push(next);
            oldest = next;
        }
        assert_eq!(seen, [8, 16], "24 is not published yet");
        assert_eq!(milestones.next(16, 30), Some(24));
    }
}
