// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a record: one word that says what follows and how long it is.
//!
//! Zero means "nothing here yet", so every real header has a tag above zero. Bits 0 to 31 hold the body's bytes,
//! bits 32 to 39 the tag, bits 40 to 63 the port: which of several conversations on one lane the record belongs
//! to. The lane only carries tag and port.

use std::ops::RangeInclusive;

/// How many bytes a ring counts in.
pub(crate) const WORD_BYTES: usize = 8;

/// What a record is, as its sender says; the lane only carries it.
pub type Tag = u8;

/// Which conversation of a lane a record belongs to: at most [`PORT_MAX`].
pub type Port = u32;

/// The greatest port.
pub const PORT_MAX: Port = (1 << 24) - 1;

/// The tags a caller may give; those below are the lane's own.
pub const TAGS: RangeInclusive<Tag> = 16..=Tag::MAX;

/// The tag of the filler before the end of a ring.
pub(crate) const PAD: Tag = 1;
/// The tag of the news that a segment is used no more.
pub(crate) const RETIRE: Tag = 3;
/// The tag of the last record of a ring: the lane goes on in another.
pub(crate) const CONTINUE: Tag = 2;

/// A header as it stands in the ring. One word in one register: taken apart only where a part is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header(pub(crate) u64);

impl Header {
    #[inline]
    pub(crate) fn new(tag: Tag, port: Port, bytes: u32) -> Self {
        Self(u64::from(port) << 40 | u64::from(tag) << 32 | u64::from(bytes))
    }

    /// A header of the lane's own.
    pub(crate) fn own(tag: Tag, bytes: u32) -> Self {
        Self::new(tag, 0, bytes)
    }

    /// A header that fills `words` words, itself included, with a body of no meaning.
    pub(crate) fn pad(words: u64) -> Self {
        let bytes = (words - 1) * WORD_BYTES as u64;
        Self::own(PAD, u32::try_from(bytes).expect("a ring is far smaller than 4 GiB"))
    }

    #[inline]
    pub(crate) fn tag(self) -> Tag {
        self.0.to_le_bytes()[4]
    }

    #[inline]
    pub(crate) fn port(self) -> Port {
        Port::try_from(self.0 >> 40).unwrap_or(0) // 24 bits
    }

    #[inline]
    pub(crate) fn bytes(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }

    /// How many words the record takes, header included.
    #[inline]
    pub(crate) fn words(self) -> u64 {
        1 + self.bytes().div_ceil(WORD_BYTES as u64)
    }
}

/// How many words a record with a body of `bytes` bytes takes, header included.
#[inline]
pub(crate) fn words_for(bytes: usize) -> u64 {
    1 + bytes.div_ceil(WORD_BYTES) as u64
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_back_what_it_was_made_of() {
        for tag in [1, 16, 255] {
            for (port, bytes) in [(0, 0), (1, 1), (PORT_MAX, 8), (0x00AB_CDEF, 4096), (0, u32::MAX)] {
                let header = Header::new(tag, port, bytes);
                assert_eq!((header.tag(), header.port(), header.bytes()), (tag, port, bytes.into()));
            }
        }
    }

    #[test]
    fn words_round_up_and_count_the_header() {
        let words = [0, 1, 8, 9, 64, u32::MAX].map(|bytes| Header::own(16, bytes).words());
        assert_eq!(words, [1, 2, 2, 3, 9, (1 << 29) + 1]);
    }
}
