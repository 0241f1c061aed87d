// SPDX-License-Identifier: MIT OR Apache-2.0
//! One number that a peer writes and its victim reads: where it stands, how wide it is, which lies must be found.
//!
//! A protocol is described by a table of these, and everything else follows from the table: which values are lies,
//! where a racing writer writes, what the oracle demands. A new protocol adds a table and its steps.

use super::values::Value;

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a message on the socket of this kind, from this byte on.
    Frame {
        /// The first byte of the message.
        kind: u8,
        /// Which byte of the message.
        byte: usize,
    },
    /// A word of the memory that the peer hands over, at this byte.
    Word {
        /// Which byte of the memory.
        byte: usize,
    },
    /// In the word before a record of this tag, from this bit on.
    Header {
        /// What the record is.
        tag: u8,
        /// Which bit of the word.
        bit: u32,
    },
    /// In the body of a record of this tag, from this byte on.
    Body {
        /// What the record is.
        tag: u8,
        /// Which byte of the body.
        byte: usize,
    },
}

impl Place {
    /// Whether it lies in memory that the peer can rewrite while it is read. A message on a socket was copied by
    /// the kernel, so nobody can race with its reader.
    pub fn can_race(self) -> bool {
        !matches!(self, Self::Frame { .. })
    }
}

/// Whether a lie must be found: given what a truthful peer would have written, and what was written instead.
pub type MustBeFound = fn(truth: u64, lie: u64) -> bool;

/// See the [module](self).
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The struct or message and the field's name in it, as the sources call them.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// How many bits it has.
    pub bits: u32,
    /// What a truthful peer writes there.
    pub truth: &'static str,
    /// The greatest value that means something, or the size of what it counts.
    pub cap: u64,
    /// The value by which the thing that holds the field would name itself.
    pub itself: u64,
    /// Which lies end the link. What need not be found harms the liar alone.
    pub must_be_found: MustBeFound,
}

impl Field {
    /// A field of `bits` bits at `place`, of which every value may pass.
    pub const fn new(name: &'static str, place: Place, bits: u32, truth: &'static str) -> Self {
        Self { name, place, bits, truth, cap: 1, itself: 0, must_be_found: never }
    }

    /// With the greatest value that means something.
    #[must_use]
    pub const fn cap(mut self, cap: u64) -> Self {
        self.cap = cap;
        self
    }

    /// With the value by which its holder would name itself.
    #[must_use]
    pub const fn itself(mut self, itself: u64) -> Self {
        self.itself = itself;
        self
    }

    /// With the lies that must be found.
    #[must_use]
    pub const fn found(mut self, must_be_found: MustBeFound) -> Self {
        self.must_be_found = must_be_found;
        self
    }

    /// The greatest value that fits.
    pub fn max(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// What stands there instead of `truth`.
    pub fn lie(&self, truth: u64, value: Value) -> u64 {
        value.instead_of(truth & self.max(), self) & self.max()
    }

    /// Whether writing this value is a lie that must be found.
    pub fn is_found(&self, truth: u64, value: Value) -> bool {
        let (truth, lie) = (truth & self.max(), self.lie(truth, value));
        lie != truth && (self.must_be_found)(truth, lie)
    }
}

/// Any value may pass: it costs the liar alone.
pub fn never(_: u64, _: u64) -> bool {
    false
}

/// There is one right value.
pub fn always(_: u64, _: u64) -> bool {
    true
}
