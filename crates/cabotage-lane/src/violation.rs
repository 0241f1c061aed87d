// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a peer did that the protocol forbids.
//!
//! The first violation ends a lane: recovery from a liar is where others went wrong, so there is none.

/// A rule of the lane that the peer broke. Nothing of what it wrote was acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A record header with bits set that mean nothing.
    #[error("the peer wrote a record header that means nothing ({header:#018x})")]
    Header {
        /// The word as it was read.
        header: u64,
    },
    /// A record longer than agreed.
    #[error("the peer wrote a record of {bytes} bytes, above the agreed {bytes_max}")]
    TooLong {
        /// What its header says.
        bytes: u64,
        /// What was agreed.
        bytes_max: u32,
    },
    /// A record that would run past the end of the ring, or a pad that does not end there.
    #[error("the peer wrote a record of {words} words, {words_left} before the end of the ring")]
    Boundary {
        /// What its header says, header included.
        words: u64,
        /// How many words are left before the end.
        words_left: u64,
    },
    /// A count of consumed words that went back, or beyond what was produced.
    #[error("the peer says it consumed {count} words; at least {least} and at most {most} is possible")]
    Count {
        /// What it says.
        count: u64,
        /// What it said before.
        least: u64,
        /// What there is.
        most: u64,
    },
    /// Bytes that do not lie inside the memory that they are said to lie in.
    #[error("the peer claims {bytes} bytes at {offset} of memory that has {bytes_max}")]
    Claim {
        /// Where they begin, as it says.
        offset: u64,
        /// How many, as it says.
        bytes: u64,
        /// How many bytes the memory has.
        bytes_max: u64,
    },
    /// A block in a slot that does not exist.
    #[error("the peer names slot {number} for a block; there are 64")]
    Slot {
        /// What it says.
        number: u32,
    },
    /// A block in a slot whose last block was not given back yet.
    #[error("the peer sent block {loan} in slot {slot}, which it has not got back yet")]
    SlotOut {
        /// The slot.
        slot: u32,
        /// The number of the loan, as it says.
        loan: u64,
    },
    /// A block whose number is not above that of the one before.
    #[error("the peer numbered a block {loan}, after {last} in the same slot")]
    Loan {
        /// What it says.
        loan: u64,
        /// What it said before.
        last: u64,
    },
    /// A block given back that is not out.
    #[error("the peer gave block {returned} back; {loan} is out, and {before} came back before")]
    Returned {
        /// What it says.
        returned: u64,
        /// What it could have said.
        loan: u64,
        /// What it said before.
        before: u64,
    },
    /// A count of messages with descriptors that went back, or beyond what was sent.
    #[error("the peer says it took {count} messages with descriptors; {least} to {most} are possible")]
    Filed {
        /// What it says.
        count: u64,
        /// What it said before.
        least: u64,
        /// What there is.
        most: u64,
    },
    /// A record, or the rest of its write, that ends where no lane comes to.
    #[error("the peer wrote {bytes} bytes and announced {rest} more, where a lane has {room} positions left")]
    Position {
        /// What the record has.
        bytes: u64,
        /// What is said to follow.
        rest: u64,
        /// What is possible.
        room: u64,
    },
    /// A position of taking that went back, or beyond what was published.
    #[error("the peer says it takes up to {position}; at least {least} and at most {most} is possible")]
    Taking {
        /// What it says.
        position: u64,
        /// What it said before.
        least: u64,
        /// What there is.
        most: u64,
    },
    /// A withdrawal that ends before an earlier one, inside a record, or where no lane comes to.
    #[error("the peer says it withdrew up to {position}; at least {least} is possible")]
    Withdrawn {
        /// What it says.
        position: u64,
        /// Where the record or the earlier withdrawal ends.
        least: u64,
    },
    /// A withdrawal of what was taken before, or that begins behind its end.
    #[error("the peer says all before {position} stands; at least {least} and at most {most} is possible")]
    Last {
        /// What it says.
        position: u64,
        /// What was taken.
        least: u64,
        /// Where the withdrawal ends.
        most: u64,
    },
    /// An index of records that is never as a publisher leaves it between two records.
    #[error("the publisher's index led nowhere in {tries} looks")]
    Restless {
        /// How often it was looked at.
        tries: u32,
    },
}
