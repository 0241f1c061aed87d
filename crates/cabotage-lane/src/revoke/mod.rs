// SPDX-License-Identifier: MIT OR Apache-2.0
//! Revocable records: bytes that the reader may take at once, and the writer may take back until it does.
//!
//! A write beyond the reader's quota is readable before it is complete, and cancelling it removes what nobody has
//! read. Nobody may wait for a peer that can die at any step, so the two settle it with three words, each written
//! by one end: `taking` by the reader, `withdrawn` and `last` by the writer.
//!
//! **What is counted.** Bytes of records, in order, over the life of the lane: the first has position 0. Withdrawn
//! bytes keep their positions, so none is used twice and none wraps; a record of which the first bytes only were
//! read is divided at a position like any other range. Headers and pads do not count.
//!
//! **The reader** stores `taking`, the end of what it wants, fences, and loads `withdrawn`. A position at or
//! before its own is an old withdrawal: what it wants is its. A later one is the end of a withdrawal that may
//! concern it: it waits until `last` is decided, and takes no byte from `last` to `withdrawn`.
//!
//! **The writer** stores `last` with `UNDECIDED`, stores `withdrawn`, the end of all it has published, fences,
//! loads `taking`, and decides: what is being taken stands, the rest does not. Of the two looks across the
//! fences at least one sees the other's store: no byte is taken and withdrawn, none neither.
//!
//! **Once more.** `withdrawn` only grows, so the reader tells withdrawals apart by it alone. The words hold one
//! *gap* at a time. While the reader has not shown that it is past it (`taking` beyond it: it took a byte that
//! lies behind), the writer publishes behind it either firm records or one revocable write
//! ([`Admission::Held`] says so); withdrawing that one makes the gap longer. So `last` never has to tell of two.
//! Withdrawing a write that lies before the gap makes it longer too, at its front, though `withdrawn` may stay: a
//! reader that has not come to the gap looks at `last` with every take, and finds it undecided or the new one unless
//! the writer has seen what it is taking.
//!
//! **Death.** A writer may die between any two stores: the reader's wait is a value ([`Answer::WaitForLast`]), and
//! after [`Reader::hang_up`] it settles alone, by the rule for a writer that dies: a write that was incomplete
//! loses what was not read. A reader that dies is never waited for.

mod aftermath;
mod ahead;
mod gap;
mod reader;
mod writer;

pub use ahead::Ahead;
pub use reader::{Answer, Reader};
pub use writer::{Admission, Outcome, Writer};

/// Set in `last` while the writer has not decided; the position beside it stands in any case.
pub(crate) const UNDECIDED: u64 = 1 << 63;

/// No lane lives so long that a position reaches this.
pub(crate) const POSITION_MAX: u64 = UNDECIDED - 1;

/// What the header of a record must say, in the words of the layer above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The write was complete when it was published: nobody can take it back.
    Firm,
    /// The write is above the quota.
    Revocable {
        /// How many bytes of the same write come in later records.
        rest: u64,
    },
}
