// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is free in the memory of a completion list, in pieces of 64 bytes. Of numbers alone: the memory is the
//! program's, and nothing is kept in it.

use std::collections::BTreeMap;

/// Where messages begin is a multiple of this many bytes.
pub(super) const GRANULE_BYTES: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Spans {
    /// Where each begins, and how many bytes it has.
    free: BTreeMap<usize, usize>,
    bytes: usize,
}

impl Spans {
    /// Memory of so many bytes, all free; what is less than a piece at its end is not used.
    pub(super) fn new(bytes: usize) -> Self {
        let bytes = bytes - bytes % GRANULE_BYTES;
        let free = if bytes == 0 { BTreeMap::new() } else { BTreeMap::from([(0, bytes)]) };
        Self { free, bytes }
    }

    /// How many bytes there are, free or not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most bytes that are free in one piece.
    pub(super) fn largest(&self) -> usize {
        self.free.values().copied().max().unwrap_or(0)
    }

    /// Takes the first place for so many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Option<usize> {
        let bytes = bytes.checked_next_multiple_of(GRANULE_BYTES)?;
        let (&start, &free) = self.free.iter().find(|(_, free)| **free >= bytes)?;
        self.free.remove(&start);
        if free > bytes {
            self.free.insert(start + bytes, free - bytes);
        }
        Some(start)
    }

    /// Gives back what was taken there.
    pub(super) fn give(&mut self, start: usize, bytes: usize) {
        let mut whole = (start, bytes.next_multiple_of(GRANULE_BYTES));
        if let Some((&before, &free)) = self.free.range(..start).next_back()
            && before + free == start
        {
            self.free.remove(&before);
            whole = (before, free + whole.1);
        }
        if let Some(free) = self.free.remove(&(whole.0 + whole.1)) {
            whole.1 += free;
        }
        self.free.insert(whole.0, whole.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_in_any_order_is_whole_again() {
        let mut spans = Spans::new(1000);
        assert_eq!((spans.bytes(), spans.largest()), (960, 960));
        let taken: Vec<usize> = (0..5).map(|_| spans.take(130).unwrap()).collect();
        assert_eq!(taken, [0, 192, 384, 576, 768]);
        assert_eq!(spans.take(1), None);
        for at in [3, 0, 4, 2, 1] {
            spans.give(taken[at], 130);
        }
        assert_eq!(spans.take(960), Some(0));
        assert_eq!(spans.largest(), 0);
    }

    #[test]
    fn the_first_place_that_is_long_enough_is_taken() {
        let mut spans = Spans::new(640);
        let taken: Vec<usize> = (0..5).map(|_| spans.take(128).unwrap()).collect();
        spans.give(taken[1], 128);
        spans.give(taken[3], 128);
        assert_eq!(spans.take(129), None);
        assert_eq!(spans.take(64), Some(128));
        assert_eq!(spans.take(128), Some(384));
        assert_eq!(spans.take(64), Some(192));
    }

    #[test]
    fn less_than_a_piece_is_nothing() {
        assert_eq!(Spans::new(63).take(1), None);
        assert_eq!(Spans::new(64).take(usize::MAX), None);
    }
}
