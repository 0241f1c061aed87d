// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the records of one link end, noted by the producer itself: so a consumer's count, which may name the middle of
//! a record, only ever decides between whole ones.

/// The ends of the last records of one link: of as many as its ring can hold.
#[derive(Debug)]
pub(super) struct Ends {
    /// The low bits of each, at the number of its record modulo the length, a power of two.
    low: Box<[u32]>,
    /// How many records there were.
    count: u64,
    /// Where the last one ended.
    last: u64,
    /// Where the first one began, at the start of the ring.
    start: u64,
}

impl Ends {
    /// Before the first record, which begins at `start`, in a ring of so many words.
    pub(super) fn new(ring_words: usize, start: u64) -> Self {
        let mut ends = Self {
            low: vec![0; ring_words.next_power_of_two()].into_boxed_slice(),
            count: 0,
            last: start,
            start,
        };
        ends.write();
        ends
    }

    /// How many records there were.
    #[inline(always)]
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Where the last record ended.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Another record ends at this position.
    #[inline(always)]
    pub(super) fn note(&mut self, end: u64) {
        self.count += 1;
        self.last = end;
        self.write();
    }

    #[inline(always)]
    fn write(&mut self) {
        let at = self.place(self.count);
        self.low[at] = low(self.last);
    }

    #[inline(always)]
    fn place(&self, number: u64) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX) & (self.low.len() - 1)
    }

    /// How many of the records are consumed by one that says that it has consumed up to `position`, and where the next
    /// one begins, or will.
    ///
    /// What lies before that position may have been written again, also in the middle of a record: so that record is
    /// not read, and counts as consumed. A filler before the end of the ring may be consumed without the record behind
    /// it, which is whole then.
    pub(super) fn before(&self, position: u64) -> (u64, u64) {
        let (mut number, mut end, mut next) = (self.count, self.last, self.last);
        let oldest = self.count.saturating_sub(self.low.len() as u64 - 1);
        while end > position && number > oldest {
            (number, next) = (number - 1, end);
            // Between two ends that are noted lie fewer words than 32 bits count.
            end -= u64::from(low(end).wrapping_sub(self.low[self.place(number)]));
        }
        let begins = self.begins(end, next);
        if number < self.count && position > begins { (number + 1, next) } else { (number, begins) }
    }

    /// Where the record begins that ends at `next` and follows the one that ends at `end`.
    fn begins(&self, end: u64, next: u64) -> u64 {
        let ring_end = self.start + (end - self.start).next_multiple_of(self.low.len() as u64);
        if next > ring_end { ring_end } else { end }
    }
}

fn low(position: u64) -> u32 {
    u32::try_from(position & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_decides_between_whole_records() {
        let start = (1 << 32) - 5;
        let mut ends = Ends::new(16, start);
        assert_eq!(ends.before(start), (0, start));
        for number in 1..=4 {
            ends.note(start + 3 * number);
        }
        for (consumed, records) in [(0, 0), (1, 1), (2, 1), (3, 1), (5, 2), (6, 2), (11, 4), (12, 4), (99, 4)]
        {
            assert_eq!(ends.before(start + consumed), (records, start + 3 * records), "{consumed}");
        }
        assert_eq!(ends.before(0), (0, start));
    }

    /// Fourteen words of sixteen, then a record of three, which does not fit: two words of filler, and the start.
    #[test]
    fn a_filler_is_consumed_without_the_record_behind_it() {
        let mut ends = Ends::new(16, 100);
        ends.note(114);
        ends.note(119);
        for (consumed, found) in
            [(114, (1, 116)), (115, (1, 116)), (116, (1, 116)), (117, (2, 119)), (119, (2, 119))]
        {
            assert_eq!(ends.before(consumed), found, "{consumed}");
        }
        // One that ends with the ring has none before it.
        let mut ends = Ends::new(16, 100);
        [110, 116, 120].into_iter().for_each(|end| ends.note(end));
        assert_eq!((ends.before(110), ends.before(116)), ((1, 110), (2, 116)));
    }

    #[test]
    fn the_oldest_that_a_ring_can_hold_are_remembered() {
        let mut ends = Ends::new(8, 0);
        (1..=1000).for_each(|end| ends.note(end));
        for left in 0..8 {
            assert_eq!(ends.before(1000 - left), (1000 - left, 1000 - left));
        }
        assert_eq!(ends.before(0).0, 993, "what is older was consumed long ago");
    }
}
