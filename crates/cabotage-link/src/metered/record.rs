// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the records of a metered link are.
//!
//! A plain record is a whole write that was within the quota. Every other write goes in parts, each behind a word that
//! says how many bytes of the same write follow in later records, and whether this part may still be taken back.

use cabotage_lane::Tag;
use cabotage_lane::revoke::Mark;

/// The first part of a write.
pub(super) const FIRST: Tag = 32;
/// A part that goes on with the write of the record before.
pub(super) const MORE: Tag = 33;

/// How long the word is that a part begins with.
pub(super) const HEAD_BYTES: usize = 8;

/// Set in that word when nobody can take the part back.
const FIRM: u64 = 1 << 63;

/// What the word before a part says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// How many bytes of the write come in later records.
    pub(super) rest: u64,
    pub(super) is_firm: bool,
}

impl Part {
    pub(super) fn encode(self) -> [u8; HEAD_BYTES] {
        (self.rest | if self.is_firm { FIRM } else { 0 }).to_le_bytes()
    }

    pub(super) fn decode(word: [u8; HEAD_BYTES]) -> Self {
        let word = u64::from_le_bytes(word);
        Self { rest: word & !FIRM, is_firm: word & FIRM != 0 }
    }

    /// How its bytes count for who reads them.
    pub(super) fn mark(self) -> Mark {
        if self.is_firm { Mark::Firm } else { Mark::Revocable { rest: self.rest } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_a_part_gives_back_what_it_was_made_of() {
        for rest in [0, 1, 65_536, FIRM - 1] {
            for is_firm in [false, true] {
                let part = Part { rest, is_firm };
                assert_eq!(Part::decode(part.encode()), part);
            }
        }
    }
}
