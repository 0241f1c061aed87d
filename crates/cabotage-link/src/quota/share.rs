// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much one of several holders may have of a pool, so that whoever comes next finds something too.
//!
//! A single holder may take half of what is left; where there are `n`, each may take one part in `n·(1 + log₂ n)`,
//! the logarithm rounded down. That keeps enough for the last of `n` however greedy those before were, and in
//! whatever order they took and gave back: at least 1/(4·n·log₂² n) of the pool for `n` from 2 on, and from 1,000 on
//! 1/(n·log₂² n). Halves alone would leave the last of `n` with one part in 2ⁿ.
//!
//! Why the order does not matter: sort the holders by their last successful charge. The `k`th was measured against
//! what those before it held, which was no less than they hold now, and by the part of `k` holders or more. So the
//! pool never has less left than when all came one after the other and took all they could.

/// The most that one of `holders` may have when everybody else leaves `left` to it, what it has already included.
pub(super) fn of(left: u64, holders: usize) -> u64 {
    left / divisor(holders)
}

fn divisor(holders: usize) -> u64 {
    let holders = u64::try_from(holders.max(1)).unwrap_or(u64::MAX);
    holders.saturating_mul(u64::from(1 + holders.ilog2())).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_ever_gets_more_than_half_of_what_is_left() {
        for (holders, parts) in [(0, 2), (1, 2), (2, 4), (3, 6), (4, 12), (8, 32), (1024, 11 * 1024)] {
            assert_eq!(of(1 << 40, holders), (1 << 40) / parts, "{holders} holders");
        }
        assert_eq!(of(u64::MAX - 1, usize::MAX), 0);
    }

    #[test]
    fn more_holders_never_get_a_larger_share_each() {
        assert!((1..100_000).all(|holders| divisor(holders) <= divisor(holders + 1)));
    }
}
