// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a header may stand where it stands.

use crate::record::{CONTINUE, Header, PAD, RETIRE, TAGS};
use crate::violation::Violation;

/// Whether a record with this header may begin at word `at` of a ring of so many words.
pub(crate) fn check(header: Header, at: u64, ring_words: u64, bytes_max: u32) -> Result<(), Violation> {
    let (words, words_left) = (header.words(), ring_words - at);
    let fits = match header.tag() {
        PAD => words == words_left && at != 0,
        CONTINUE | RETIRE => words == 2 && words <= words_left,
        tag if TAGS.contains(&tag) && header.bytes() > bytes_max.into() => {
            return Err(Violation::TooLong { bytes: header.bytes(), bytes_max });
        }
        tag if TAGS.contains(&tag) => words <= words_left,
        _ => return Err(Violation::Header { header: header.0 }),
    };
    match fits {
        true => Ok(()),
        false => Err(Violation::Boundary { words, words_left }),
    }
}
