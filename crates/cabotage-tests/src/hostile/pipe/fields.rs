// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both ends of a named pipe say beyond a link's own words, and words of a link that mean more there. A test fails
//! when a field of the sources has no row here.

use crate::hostile::field::{Field, Place, always};
use crate::hostile::link_fields::{FIELDS, SEGMENT_BYTES, tag, word};

/// The table.
pub static PIPE_FIELDS: &[Field] = &[
    // The word before a part of a write
    in_body("part.rest", tag::FIRST, 0, 64, "how many bytes of the write come in later records")
        .cap(QUOTA_BYTES)
        .found(always),
    in_body("part.is_firm", tag::FIRST, 7, 8, "0, or the sign bit when nobody can take it back")
        .cap(0x80)
        .found(is_no_sign),
    in_body("more.rest", tag::MORE, 0, 64, "the same, less what this record holds")
        .cap(QUOTA_BYTES)
        .found(is_other_rest),
    // Headers
    in_header("pipe.header.bytes", 0, 32, "how long the body is").cap(1520).found(is_above_a_ring),
    in_header("pipe.header.tag", 32, 8, "16 for a whole write, 32 and 33 for parts")
        .cap(33)
        .itself(1)
        .found(is_no_write),
    // Control words
    in_words("pipe.taking", word::TAKING, "how many bytes of the victim's were taken")
        .cap(QUOTA_BYTES)
        .found(is_huge),
    in_words("pipe.freed", word::FREED, "words taken of the victim's ring, told at each record").cap(512),
    in_words("pipe.consumed", word::CONSUMED, "words taken of the victim's ring").cap(512),
    // Found when a record is read that may be taken back; who says goodbye before that is gone.
    in_words("pipe.withdrawn", word::WITHDRAWN, "the end of what was taken back last"),
    in_words("pipe.last", word::LAST, "from where on nothing stands"),
    in_words("pipe.closed", word::CLOSED, "0, 1 at the end, and 2 when what is unread is destroyed").cap(2),
];

/// The quota of the victim, in bytes.
pub const QUOTA_BYTES: u64 = 2_000;

const fn in_body(name: &'static str, tag: u8, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag, byte }, bits, truth)
}

const fn in_header(name: &'static str, bit: u32, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Header { tag: tag::PLAIN, bit }, bits, truth)
}

const fn in_words(name: &'static str, byte: usize, truth: &'static str) -> Field {
    Field::new(name, Place::Word { byte }, 64, truth)
}

/// All rows about a pipe: a link's too.
pub fn all() -> impl Iterator<Item = &'static Field> {
    PIPE_FIELDS.iter().chain(FIELDS)
}

fn is_no_sign(_: u64, lie: u64) -> bool {
    lie & 0x7F != 0
}

/// A part that says it is firm goes on with the same write.
fn is_other_rest(truth: u64, lie: u64) -> bool {
    lie & (u64::MAX >> 1) != truth & (u64::MAX >> 1)
}

/// The longest record of the rings of the kit is shorter.
fn is_above_a_ring(_: u64, lie: u64) -> bool {
    lie > SEGMENT_BYTES as u64
}

/// What is no write is an unknown kind, or one of the lane's own in a wrong place; a write may begin anywhere.
fn is_no_write(_: u64, lie: u64) -> bool {
    ![tag::PLAIN, tag::FIRST].map(u64::from).contains(&lie)
}

/// More than anything can have been.
fn is_huge(_: u64, lie: u64) -> bool {
    lie >= 1 << 40
}
