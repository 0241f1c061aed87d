// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a record looks like, worked out of its header once and foretold for the next.

use crate::record::{Header, Port, Tag};

/// A plain header, checked, with what follows from it.
///
/// Most records look like the one before. Where the next header is the same word, sizes are taken from here and
/// not worked out of the word just loaded: then the processor need not wait for the word to know where the body
/// and the next header lie, and fetches them meanwhile. That is worth a cache line's journey for each record.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub(crate) header: Header,
    pub(crate) words: u64,
    pub(crate) bytes: usize,
}

impl Shape {
    /// A shape that no record has: nothing is as long.
    pub(crate) const NONE: Self = Self { header: Header(u64::MAX), words: u64::MAX, bytes: 0 };

    pub(crate) fn of(header: Header) -> Self {
        let bytes = usize::try_from(header.bytes()).unwrap_or(0); // 32 bits
        Self { header, words: header.words(), bytes }
    }

    /// What the sender says the record is.
    #[inline]
    pub fn tag(&self) -> Tag {
        self.header.tag()
    }

    /// Which conversation the sender says it belongs to.
    #[inline]
    pub fn port(&self) -> Port {
        self.header.port()
    }

    /// How many bytes the body has.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
