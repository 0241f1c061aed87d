// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps by numbers: tickets, ports, links, tokens. Each map multiplies by a factor of its own that nobody else knows, so
//! a peer that chooses its numbers cannot make them meet.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map by numbers.
pub(crate) type NumberMap<K, V> = HashMap<K, V, NumberState>;

/// The secret of one map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberState {
    start: u64,
    factor: u64,
}

/// One multiplication for each number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberHasher {
    state: u64,
    factor: u64,
}

impl Default for NumberState {
    fn default() -> Self {
        let random = RandomState::new();
        Self { start: random.hash_one(0_u8), factor: random.hash_one(1_u8) | 1 }
    }
}

impl BuildHasher for NumberState {
    type Hasher = NumberHasher;

    fn build_hasher(&self) -> NumberHasher {
        NumberHasher { state: self.start, factor: self.factor }
    }
}

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    /// Both halves of the product count: the lower one does not know the upper bits of the number.
    #[expect(clippy::cast_possible_truncation, reason = "each half by itself")]
    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.state ^ number) * u128::from(self.factor);
        self.state = (product as u64) ^ ((product >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_and_far_apart_are_found_again() {
        let mut map = NumberMap::default();
        let numbers = || (0..1000_u64).flat_map(|number| [number, number << 32, number.wrapping_neg()]);
        map.extend(numbers().map(|number| (number, number)));
        assert!(numbers().all(|number| map.get(&number) == Some(&number)));
        assert_eq!(map.len(), 2998);
    }

    #[test]
    fn two_maps_spread_the_same_number_differently() {
        let (one, other) = (NumberState::default(), NumberState::default());
        assert_ne!(one.hash_one(7_u64), other.hash_one(7_u64));
    }
}
