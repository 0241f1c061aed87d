// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record ring: variable-length messages in one-way memory, found by polling.
//!
//! **The header of a record is the bell of its data.** It is stored last, and the receiver polls exactly the word
//! where the next one will appear, so a small message costs one transfer of a cache line and there is no shared
//! tail. **The word after a record is cleared before the record is published**: old payload lies where headers
//! will be polled, and could forge one.
//!
//! Positions count words over the life of the lane and never wrap; a record's place is its position modulo the
//! ring. Room for a record is its words and the one after it. A record never runs past the end of the ring: a pad
//! record fills what is too short.
//!
//! Geometry (where the ring begins, how long it is, how long a record may be) is private to each end.

mod ahead;
mod check;
mod found;
mod loan;
mod receiver;
mod refusal;
mod sender;
mod shape;
mod waiting;

pub(crate) use check::check;
pub(crate) use waiting::follow;

use crate::sync::Ordering;

pub use ahead::{Ahead, survey};
pub use found::{Event, Glimpse, Look, Record, Sight};
pub use loan::Loan;
pub use receiver::Receiver;
pub use refusal::{ArmError, Full, StageError, TooLong};
pub use sender::{Keeping, Sender};
pub use shape::Shape;
pub use waiting::{Waiting, waiting};

/// Ring memory that this end writes.
pub trait OwnRing {
    /// How many words the ring has: a power of two.
    fn words(&self) -> u64;
    /// Stores word `at`: relaxed, or a header that publishes all before it with release.
    fn store(&self, at: u64, word: u64, order: Ordering);
    /// Stores bytes of a body, from byte `at` of the ring on.
    fn write(&self, at: u64, body: &[u8]);
    /// Says that what lies some records after word `at` will be written soon.
    fn expect(&self, at: u64) {
        let _ = at;
    }
    /// Says that a record of `words` words will be written at word `at` some time later, and that nobody looks beyond
    /// the line of its header meanwhile.
    fn expect_one(&self, at: u64, words: u64) {
        let _ = (at, words);
    }
    /// Says that a record of `words` words will be written at word `at` now, and that nobody looks there yet.
    fn expect_now(&self, at: u64, words: u64) {
        let _ = (at, words);
    }
}

/// Ring memory that the peer writes, at any time and not necessarily by our rules.
pub trait TheirRing {
    /// How many words the ring has: a power of two.
    fn words(&self) -> u64;
    /// Loads word `at`, relaxed; fence before acting on it.
    fn load(&self, at: u64) -> u64;
    /// Says that a record of `words` words has come at word `at` and will be read now.
    fn fetch(&self, at: u64, words: u64) {
        let _ = (at, words);
    }
    /// Copies bytes of a body, from byte `at` of the ring on, each byte loaded once.
    fn read(&self, at: u64, body: &mut [u8]);
}

/// Which part of a ring's words may be consumed before the peer is told, so that telling is rare.
pub(crate) const LAZY_FRACTION: u64 = 4;

/// How many words of a ring of `words` words no record but its last may fill: one for the header after it, and
/// four for a pad and the record that says that the lane goes on in another ring, so that a full one can be left.
/// Rings too short for that, which are there for models, keep the one.
pub(crate) const fn kept_words(words: u64) -> u64 {
    if words < 64 { 1 } else { 5 }
}

/// How many words of records an empty ring of `words` words takes.
pub fn words_max(words: u64) -> u64 {
    words - kept_words(words)
}

/// The longest record, in bytes, that a ring of `words` words carries without ever blocking itself: a record may
/// have to wait for a pad of its own length less a word, beside what was consumed and not yet told.
pub fn record_bytes_max(words: u64) -> u32 {
    let record_words = (words - words / LAZY_FRACTION - kept_words(words) - 1) / 2;
    u32::try_from((record_words - 1) * 8).unwrap_or(u32::MAX)
}
