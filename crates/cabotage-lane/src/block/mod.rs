// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocks: large payloads that stay where they were written, and are read there by the peer.
//!
//! The sender [takes](Pool::take) a loan from its pool, fills it and sends a small record that names it; the receiver
//! [admits](Borrowed::admit) the record and holds the block until it is dropped, on whatever thread. Dropping stores
//! the loan's number into a word of the receiver's *own* outbox: giving back can neither fail nor wait, and takes no
//! room in a ring. The sender looks at those words when it needs memory, so a segment is mapped once and used again
//! and again.
//!
//! **The sender can rewrite a block while it is read**: it is never called immutable (docs/zero-copy.md).
//!
//! A slot is free, loaned to our own user, or out with the peer. Each loan of a pool has a number of its own, counting
//! up, so a word that was stored for an earlier loan says nothing about a later one.
//!
//! When the peer dies there is nothing to reclaim: the pool is dropped, and the memory lives until its last map is
//! gone; a block that is still held keeps its own.

mod borrowed;
mod loan;
mod pool;
#[cfg(not(loom))]
mod reading;
#[cfg(not(loom))]
mod writing;

pub use borrowed::{Borrowed, GiveBack, Held, Returns};
pub use loan::Loan;
pub use pool::{NewSegment, Pool, Retired, SEGMENT_BYTES_MIN, TakeError, Taken};
#[cfg(not(loom))]
pub use reading::{Block, MappedReturns};
#[cfg(not(loom))]
pub use writing::BlockMut;

use crate::control::BLOCK_SLOTS;
use crate::plain::word_of;
use crate::violation::Violation;

/// One of the places for blocks that an outbox has, proved to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(u8);

impl Slot {
    /// The slot of this number.
    ///
    /// # Errors
    /// [`Violation::Slot`] from [`BLOCK_SLOTS`] on.
    pub fn admit(number: u32) -> Result<Self, Violation> {
        match u8::try_from(number) {
            Ok(slot) if usize::from(slot) < BLOCK_SLOTS => Ok(Self(slot)),
            _ => Err(Violation::Slot { number }),
        }
    }

    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    #[inline]
    pub(crate) fn bit(self) -> u64 {
        1 << self.0
    }

    /// The slots whose bits are set, lowest first.
    pub(crate) fn of(mut bits: u64) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let lowest = u8::try_from(bits.trailing_zeros()).ok().filter(|_| bits != 0)?;
            bits &= bits - 1;
            Some(Self(lowest))
        })
    }
}

/// Where the first and the last line of a block lie, for hints about them.
#[cfg(not(loom))]
fn ends(start: *const u8, bytes: usize) -> [*const u8; 2] {
    [start, start.wrapping_add(bytes.saturating_sub(1))]
}

crate::plain! {
    /// What the record of a block says. As it comes from a peer it is a claim, and proves nothing.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Sent {
        /// The sender's number for the memory.
        pub segment: u32,
        /// The slot, below [`BLOCK_SLOTS`].
        pub slot: u32,
        /// The number of the loan: above that of every earlier block in the slot.
        pub loan: u64,
        /// How many bytes of the memory, from its start.
        pub bytes: u64,
    }
}

impl Sent {
    /// As it stands in a record.
    #[inline]
    pub fn words(&self) -> [u64; 3] {
        [word_of([self.segment, self.slot]), self.loan, self.bytes]
    }
}

const _: () = assert!(BLOCK_SLOTS == 64, "a word has one bit for each slot");

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::plain::bytes_of;

    #[test]
    fn the_words_of_a_record_have_its_bytes() {
        let sent = Sent { segment: 1, slot: 2, loan: 3, bytes: u64::MAX };
        assert_eq!(sent.words().map(u64::to_ne_bytes).concat(), bytes_of(&sent));
    }

    #[test]
    fn slots_are_admitted_up_to_the_last_and_found_by_their_bits() {
        assert!(Slot::admit(0).is_ok() && Slot::admit(63).is_ok());
        for number in [64, 255, 256, 256 + 5, u32::MAX] {
            assert_eq!(Slot::admit(number), Err(Violation::Slot { number }));
        }
        assert_eq!(Slot::of(1 << 63 | 0b101).map(Slot::index).collect::<Vec<_>>(), [0, 2, 63]);
        assert_eq!(Slot::of(u64::MAX).count(), BLOCK_SLOTS);
        assert_eq!(Slot::of(0).count(), 0);
    }
}
