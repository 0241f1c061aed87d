// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both ends of a guarded channel say beyond a link's own words. A test fails when a field of the sources has no
//! row here.
//!
//! The kit's consumer knocks with its HELLO; its producer answers by an early message, which is the first thing that
//! the consumer receives, as it would be in a ring.

use crate::hostile::field::{Field, Place, always};
use crate::hostile::link_fields::{FIELDS, frame};

/// What a consumer says to be let in.
pub const KNOCK: &[u8] = b"cbknock\x01";

/// The table.
pub static CHANNEL_FIELDS: &[Field] = &[
    in_knock("knock.magic", 0, 64, "the letters `cbknock`, and version 1").found(always),
    in_answer("answer.magic", 0, 64, "the letters `cbdoor `, and version 1").found(always),
    in_answer("answer.generation", 8, 64, "which producer of the name it is"),
    in_answer("answer.first", 16, 64, "the number of the record that comes first"),
    in_answer("answer.ring_bytes", 24, 64, "how many bytes the ring has").cap(16 << 20),
    in_answer("answer.is_taken", 32, 32, "0: come in"),
    in_answer("answer.pid", 36, 32, "0, or who has the place"),
    in_answer("answer.uid", 40, 32, "0, or whose process that is"),
    in_answer("answer.reserved", 44, 32, "0"),
];

const fn in_knock(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Frame { kind: frame::HELLO, byte: 28 + byte }, bits, truth)
}

const fn in_answer(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Frame { kind: frame::EARLY, byte: 1 + byte }, bits, truth)
}

/// All rows about a channel: a link's too.
pub fn all() -> impl Iterator<Item = &'static Field> {
    CHANNEL_FIELDS.iter().chain(FIELDS)
}

/// The words of a producer that lets its peer in.
pub fn answer() -> Vec<u8> {
    let words = [u64::from_le_bytes(*b"cbdoor \x01"), 1, 0, 4096, 0, 0];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
