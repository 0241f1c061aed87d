// SPDX-License-Identifier: MIT OR Apache-2.0
//! One writer, many readers: the ring of records again, read by everybody who has taken a place on a roster.
//!
//! The publisher owns the ring, a **board** of state words and an **index** that says behind which position each of
//! the last records ends. The readers share the **roster**: a line for each, where its owner says how far it has
//! read, and one word for all by which they ask to be woken. Records are numbered, so that whoever misses some
//! knows how many.
//!
//! What happens to a slow reader is a property of the topic ([`WhenSlow`]):
//!
//! - **Wait**: the publisher's room ends at the slowest reader. A joiner writes its position, fences, and looks
//!   whether that position is still kept; the publisher says what it keeps (`oldest`), fences, and looks at all
//!   positions. One of the two sees the other.
//! - **Drop**: the publisher says what it keeps, fences, and overwrites the rest. A reader copies a record, fences,
//!   and looks at `oldest`: if its record is older, the copy is worth nothing and is dropped. So no span of the
//!   ring is ever lent.
//!
//! Readers and publisher trust each other here: a false word on the roster holds the publisher up or lets a record
//! be lost, and the memory has names that others can shrink. Still no word forms an address before it was checked.

mod index;
mod loan;
mod milestones;
mod publisher;
mod roster;
mod subscriber;

use crate::record::Tag;
use crate::sync::AtomicU64;

pub use loan::Loan;
pub use publisher::Publisher;
pub use roster::{Place, places, roster_words};
pub use subscriber::{Overtaken, Sight, Subscriber};

/// Words that several processes have mapped.
pub trait Words {
    /// How many: a power of two.
    fn words(&self) -> u64;
    /// The word at `at`; a place beyond the end is folded back.
    fn word(&self, at: u64) -> &AtomicU64;
}

/// What the publisher does when a reader is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhenSlow {
    /// It waits for the slowest, so that everybody gets everything.
    Wait,
    /// It goes on, and the slow one loses records and is told how many.
    Drop,
}

/// The memory of a topic, as one end sees it.
#[derive(Debug)]
pub struct Memory<W, P> {
    /// The publisher's state words: [`BOARD_WORDS`].
    pub board: W,
    /// Where the last records end: see [`index_words`].
    pub index: W,
    /// Who reads, and how far each is: see [`roster_words`].
    pub roster: P,
}

/// How many words a board has.
pub const BOARD_WORDS: u64 = 128;

/// How many words an index has that serves readers who want the last `history` records of a ring of `ring_words`
/// words. It is never so short that a reader that was overtaken could not find its way back.
pub fn index_words(ring_words: u64, history: u64) -> u64 {
    let wanted = history.saturating_add(1).saturating_mul(2).min(2 * ring_words);
    wanted.max(ring_words / 8).max(8).next_power_of_two()
}

/// How many parts of a ring go at a time when room is made, and how far a reader gets before it tells.
const PARTS: u64 = 8;

/// The tag of a record.
const RECORD: Tag = 16;
/// The tag of the first record of a publisher that has taken the topic over.
const FIRST: Tag = 17;

/// No count comes this far by counting, in words or in records: so one may be added to any that is not beyond.
const COUNT_MAX: u64 = 1 << 62;

/// Where the words of the board are, each on lines of its own.
mod board {
    /// The position before which nothing is kept: the start of a record.
    pub(super) const OLDEST: u64 = 0;
    /// The number of the record that was published last; 0 before the first.
    pub(super) const NEWEST: u64 = 16;
    /// How often the bell was rung.
    pub(super) const RUNG: u64 = 32;
    /// Not 0 while the publisher sleeps until the slowest reader comes to this position.
    pub(super) const WAITS: u64 = 48;
}
