// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much sealed memory of one holder waits in messages at the port: each piece is a descriptor of the owner's process,
//! and memory that stays when its sender ends. Counted at both ends, as messages are: see [`credit`](super::credit).
//!
//! The owner says at the start how much may wait. What is too much its holder sends as a copy. Where nothing waits one
//! piece of any size is taken.

use std::collections::VecDeque;

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) pieces: u32,
    pub(crate) bytes: u64,
}

impl Amount {
    /// Nothing.
    pub(crate) const NONE: Self = Self { pieces: 0, bytes: 0 };
    /// What every owner takes, and so what a holder may send that was not told yet.
    pub(crate) const MAX: Self = Self { pieces: 128, bytes: 1 << 30 };

    /// With another piece.
    pub(crate) fn and(self, bytes: u64) -> Self {
        Self { pieces: self.pieces + 1, bytes: self.bytes.saturating_add(bytes) }
    }
}

/// The count of one end.
#[derive(Debug)]
pub(crate) struct Sealed {
    max: Amount,
    all: Amount,
    /// What came in which message, by its number on the link.
    waiting: VecDeque<(u64, Amount)>,
}

/// What may still go in one message, or come.
#[derive(Debug)]
pub(crate) struct Left {
    max: Amount,
    all: Amount,
}

impl Default for Sealed {
    fn default() -> Self {
        Self { max: Amount::MAX, all: Amount::NONE, waiting: VecDeque::new() }
    }
}

impl Sealed {
    /// The owner says how much may wait.
    pub(crate) fn set_max(&mut self, max: Amount) {
        self.max = max;
    }

    /// How much more may wait.
    pub(crate) fn left(&self) -> Left {
        Left { max: self.max, all: self.all }
    }

    /// So much goes, or came, in the message of this number.
    pub(crate) fn add(&mut self, message: u64, amount: Amount) {
        if amount.pieces > 0 {
            self.all.pieces += amount.pieces;
            self.all.bytes = self.all.bytes.saturating_add(amount.bytes);
            self.waiting.push_back((message, amount));
        }
    }

    /// So many messages were taken, ever; answers whether there was any sealed memory in the last of them.
    pub(crate) fn taken(&mut self, messages: u64) -> bool {
        let mut had_any = false;
        while let Some((_, amount)) = self.waiting.front().copied().filter(|(number, _)| *number <= messages)
        {
            self.waiting.pop_front();
            self.all.pieces -= amount.pieces;
            self.all.bytes = self.all.bytes.saturating_sub(amount.bytes);
            had_any = true;
        }
        had_any
    }
}

impl Left {
    /// Takes a piece of so many bytes in; `false` if it is too much.
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        let with = self.all.and(bytes);
        let fits = with.pieces <= self.max.pieces && (self.all.pieces == 0 || with.bytes <= self.max.bytes);
        if fits {
            self.all = with;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Amount = Amount { pieces: 3, bytes: 100 };

    fn sealed() -> Sealed {
        Sealed { max: MAX, ..Sealed::default() }
    }

    #[test]
    fn so_many_pieces_wait_and_no_more() {
        let mut left = sealed().left();
        assert!(left.take(1) && left.take(1) && left.take(1) && !left.take(1));
    }

    #[test]
    fn one_piece_of_any_size_waits_alone() {
        let mut sealed = sealed();
        assert!(sealed.left().take(u64::MAX));
        sealed.add(1, Amount::NONE.and(u64::MAX));
        assert!(!sealed.left().take(1));
        assert!(sealed.taken(1) && sealed.left().take(1));
    }

    #[test]
    fn what_was_taken_makes_room_in_the_order_of_the_messages() {
        let mut sealed = sealed();
        sealed.add(2, Amount { pieces: 2, bytes: 60 });
        sealed.add(5, Amount { pieces: 1, bytes: 40 });
        assert!(!sealed.taken(1) && !sealed.left().take(1));
        assert!(sealed.taken(4) && !sealed.taken(4));
        assert!(sealed.left().take(60) && !sealed.left().take(61));
        assert!(sealed.taken(5));
        assert_eq!(sealed.all, Amount::NONE);
    }

    #[test]
    fn whoever_knows_of_less_that_was_taken_sends_no_more_than_fits() {
        for told in 0..=3 {
            let (mut holder, mut owner) = (sealed(), sealed());
            for number in 1..=3 {
                holder.add(number, Amount::NONE.and(number * 20));
                owner.add(number, Amount::NONE.and(number * 20));
            }
            holder.taken(told);
            owner.taken(3);
            for bytes in [0, 40, 41, 80, 101, u64::MAX] {
                assert!(!holder.left().take(bytes) || owner.left().take(bytes));
            }
        }
    }
}
