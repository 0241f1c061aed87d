// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a holder of a send right says beyond a link's own words. A test fails when a field of the sources has no row
//! here.
//!
//! The records of the kit that carry something without descriptors carry memory first; those with a descriptor are
//! met in scripts of their own, since other records of their tag are laid out otherwise. No other body is as long as the
//! first field of an entry.

use super::words::{HEADER_BYTES, word};
use crate::hostile::field::{Field, Place, always};
use crate::hostile::link_fields::{FIELDS, tag};

/// Where a record begins in one of the link with descriptors and no block.
const BEHIND_A_HEAD: usize = 16;
/// How many bytes the memory of the kit has.
pub const MEMORY_BYTES: u64 = 4096;

/// The table.
pub static MACH_FIELDS: &[Field] = &[
    in_header("mach.header.word", 0, 8, "what the record says").cap(20).found(is_no_word),
    in_header("mach.header.flags", 1, 8, "1 if the message is complex").found(is_reserved),
    in_header("mach.header.reply", 2, 8, "1: by a token").cap(3).found(is_no_reply),
    in_header("mach.header.reserved", 3, 8, "0").found(always),
    in_header("mach.header.id", 4, 32, "the user's number of the message"),
    in_header("mach.header.token", 8, 64, "0, or by which send-once right").found(was_none),
    in_header("mach.header.reply_token", 16, 64, "0, or a number that was never used before")
        .found(is_not_there),
    in_header("mach.header.taken", 24, 32, "0: a holder takes no messages").found(always),
    in_header("mach.header.body_bytes", 28, 32, "how many bytes the body has").cap(48 << 20).found(always),
    in_header("mach.header.entries", 32, 32, "how many entries follow").cap(4 * 16_383).found(always),
    in_header("mach.header.descriptors", 36, 32, "how many descriptors belong to it").cap(64).found(always),
    in_header("mach.brief.word", 0, 8, "21: a message with the short header").cap(21).found(always),
    in_header("mach.brief.kind", 1, 8, "0: not to be answered; 1: by the token").found(always),
    in_header("mach.brief.reserved", 2, 16, "0").found(always),
    in_header("mach.brief.id", 4, 32, "the user's number of the message"),
    in_header("mach.brief.token", 8, 32, "0, or a number that was never used before").found(is_not_there),
    in_header("mach.brief.taken", 12, 32, "0: a holder takes no messages").found(always),
    in_entry("mach.entry.number", 0, 64, "how many bytes the memory has").found(always),
    in_entry("mach.entry.port", 8, 64, "0").found(always),
    in_entry("mach.entry.secret", 16, 64, "0").found(always),
    in_entry("mach.entry.pid", 24, 32, "0").found(always),
    in_entry("mach.entry.uid", 28, 32, "0").found(always),
    in_entry("mach.entry.kind", 32, 16, "9: memory in the record").cap(14).found(always),
    in_entry("mach.entry.detail", 34, 16, "0").found(always),
    in_entry("mach.entry.reserved", 36, 32, "0").found(always),
    with_a_link("mach.passed.number", 0, 64, "0: its maker passes it on"),
    with_a_link("mach.passed.port", 8, 64, "the owner's number of the port"),
    with_a_link("mach.passed.secret", 16, 64, "the secret of the port"),
    with_a_link("mach.passed.pid", 24, 32, "the owner's process").found(is_nobody),
    with_a_link("mach.passed.uid", 28, 32, "the owner's user"),
    with_a_link("mach.passed.kind", 32, 16, "3: a send right").cap(14).found(always),
    with_a_link("mach.passed.detail", 34, 16, "0").found(always),
    with_a_link("mach.passed.reserved", 36, 32, "0").found(always),
    with_a_link("mach.sealed.number", 0, 64, "how many bytes the memory has")
        .cap(MEMORY_BYTES)
        .found(is_outside),
    with_a_link("mach.sealed.port", 8, 64, "how many bytes its object has").found(always),
    with_a_link("mach.sealed.secret", 16, 64, "where it begins in its object").found(always),
    Field::new("mach.fork.token", attached(8), 64, "the number of the fork").found(is_nothing),
    Field::new("mach.fork.descriptors", attached(36), 32, "1: the end of the link").found(always),
];

const fn in_header(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::PLAIN, byte }, bits, truth)
}

const fn in_entry(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::PLAIN, byte: HEADER_BYTES + byte }, bits, truth)
}

const fn with_a_link(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, attached(HEADER_BYTES + byte), bits, truth)
}

const fn attached(byte: usize) -> Place {
    Place::Body { tag: tag::ATTACHED, byte: BEHIND_A_HEAD + byte }
}

fn is_no_word(_: u64, lie: u64) -> bool {
    !(u64::from(word::WELCOME)..=u64::from(word::BRIEF)).contains(&lie)
}

fn is_reserved(_: u64, lie: u64) -> bool {
    lie & !1 != 0
}

fn is_no_reply(_: u64, lie: u64) -> bool {
    lie > 3
}

/// By no send-once right that it was granted.
fn was_none(truth: u64, _: u64) -> bool {
    truth == 0
}

/// A token where the header says that there is none, or none where it says that there is one.
fn is_not_there(truth: u64, lie: u64) -> bool {
    truth == 0 || lie == 0
}

/// A process has a number, and what it is fits.
fn is_nobody(_: u64, lie: u64) -> bool {
    lie == 0 || lie > i32::MAX as u64
}

fn is_nothing(_: u64, lie: u64) -> bool {
    lie == 0
}

fn is_outside(_: u64, lie: u64) -> bool {
    lie == 0 || lie > MEMORY_BYTES
}

/// All rows about a holder: a link's too.
pub fn all() -> impl Iterator<Item = &'static Field> {
    MACH_FIELDS.iter().chain(FIELDS)
}

/// Whether a word must cost whoever says it as the holder of a right, however it says it.
pub fn is_unknown(number: u8) -> bool {
    is_no_word(0, number.into())
}
