// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a record: one word that says what follows and how long it is.
//!
//! Zero means "nothing here yet", so every real header has a tag above zero. Bits 0 to 31 hold the body's bytes,
//! bits 32 to 39 the tag; the rest must be zero.

use std::ops::RangeInclusive;

use crate::violation::Violation;

/// How many bytes a ring counts in.
pub(crate) const WORD_BYTES: usize = 8;

/// What a record is, as its sender says; the lane only carries it.
pub type Tag = u8;

/// The tags a caller may give; those below are the lane's own.
pub const TAGS: RangeInclusive<Tag> = 16..=Tag::MAX;

/// The tag of the filler before the end of a ring.
pub(crate) const PAD: Tag = 1;
/// The tag of the last record of a ring: the lane goes on in another.
pub(crate) const CONTINUE: Tag = 2;

/// A header as it was sent or admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tag: Tag,
    pub(crate) bytes: u32,
}

impl Header {
    /// A header that fills `words` words, itself included, with a body of no meaning.
    pub(crate) fn pad(words: u64) -> Self {
        let bytes = (words - 1) * WORD_BYTES as u64;
        Self { tag: PAD, bytes: u32::try_from(bytes).expect("a ring is far smaller than 4 GiB") }
    }

    /// The word that stands in the ring.
    #[inline]
    pub(crate) fn word(self) -> u64 {
        u64::from(self.tag) << 32 | u64::from(self.bytes)
    }

    /// What a word that is not zero claims to be, if its bits have a meaning.
    #[inline]
    pub(crate) fn parse(word: u64) -> Result<Self, Violation> {
        let [b0, b1, b2, b3, tag, z0, z1, z2] = word.to_le_bytes();
        if tag == 0 || [z0, z1, z2] != [0; 3] {
            return Err(Violation::Header { header: word });
        }
        Ok(Self { tag, bytes: u32::from_le_bytes([b0, b1, b2, b3]) })
    }

    /// How many words the record takes, header included.
    #[inline]
    pub(crate) fn words(self) -> u64 {
        1 + u64::from(self.bytes).div_ceil(WORD_BYTES as u64)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_way_through_its_word() {
        for tag in [1, 16, 255] {
            for bytes in [0, 1, 8, 4096, u32::MAX] {
                let header = Header { tag, bytes };
                assert_eq!(Header::parse(header.word()), Ok(header));
            }
        }
    }

    #[test]
    fn bits_without_a_meaning_are_refused() {
        for word in [1, 0xFFFF_FFFF, 1 << 40 | 1 << 32, 1 << 63 | 16 << 32, u64::MAX] {
            assert_eq!(Header::parse(word), Err(Violation::Header { header: word }));
        }
    }

    #[test]
    fn words_round_up_and_count_the_header() {
        let words = [0, 1, 8, 9, 64, u32::MAX].map(|bytes| Header { tag: 16, bytes }.words());
        assert_eq!(words, [1, 2, 2, 3, 9, (1 << 29) + 1]);
    }
}
