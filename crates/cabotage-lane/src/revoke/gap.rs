// SPDX-License-Identifier: MIT OR Apache-2.0
//! A withdrawn range, and how a quota is counted across it: withdrawn bytes use up none.

/// The bytes from `from` up to `to` do not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Gap {
    /// Whether the byte at `position` does not stand.
    pub(super) fn holds(&self, position: u64) -> bool {
        (self.from..self.to).contains(&position)
    }
}

/// The position that lies `quota` standing bytes behind `position`.
pub(super) fn reach(position: u64, quota: u64, gap: Option<Gap>) -> u64 {
    let flat = position.saturating_add(quota);
    match gap {
        Some(Gap { from, to }) if position < to && flat >= from => {
            flat.saturating_add(to - from.max(position))
        }
        _ => flat,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_quota_reaches_across_a_gap_as_if_it_were_not_there() {
        let gap = Some(Gap { from: 10, to: 20 });
        assert_eq!(reach(0, 9, gap), 9);
        assert_eq!(reach(0, 10, gap), 20, "a write that ends with the gap has no more unread bytes");
        assert_eq!(reach(0, 11, gap), 21);
        assert_eq!(reach(12, 5, gap), 25);
        assert_eq!(reach(20, 5, gap), 25);
        assert_eq!(reach(3, 5, None), 8);
        assert_eq!(reach(15, u64::MAX, gap), u64::MAX);
    }
}
