// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an owner of a port says to a holder beyond a link's own words.
//!
//! The first record of the kit is the welcome, so a lie about headers is told in it: no number of its header but its word
//! and its length is set. No other plain record of a script is as long as the welcome, so that a lie about that bends
//! nothing else.

use super::fields::MEMORY_BYTES;
use super::words::HEADER_BYTES;
use crate::hostile::field::{Field, Place, always};
use crate::hostile::link_fields::tag;

/// Where a record begins in one of the link with descriptors and no block.
const BEHIND_A_HEAD: usize = 16;

/// The table.
pub static OWNER_FIELDS: &[Field] = &[
    plain("owner.header.word", 0, 8, "1, and what each further record says").cap(21).found(always),
    plain("owner.header.flags", 1, 8, "0; 1 in a complex message").found(always),
    plain("owner.header.reply", 2, 8, "0: it asks nothing").cap(3).found(always),
    plain("owner.header.reserved", 3, 8, "0").found(always),
    plain("owner.header.id", 4, 32, "0").found(always),
    plain("owner.header.token", 8, 64, "0; in an answer, the right that it is by").found(always),
    plain("owner.header.reply_token", 16, 64, "0").found(always),
    plain("owner.header.taken", 24, 32, "how many messages it has taken").found(is_more_than_sent),
    plain("owner.header.body_bytes", 28, 32, "how many bytes the body has").cap(48 << 20).found(always),
    plain("owner.header.entries", 32, 32, "0").cap(4 * 16_383).found(always),
    plain("owner.header.descriptors", 36, 32, "0").cap(64).found(always),
    plain("welcome.port", 40, 64, "its number of the port"),
    plain("welcome.secret", 48, 64, "the port's secret"),
    plain("welcome.limit", 56, 32, "how many messages the port queues").cap(1_024),
    plain("welcome.sealed", 60, 32, "how many pieces of sealed memory may wait there").cap(64),
    plain("welcome.sealed_bytes", 64, 64, "how many bytes they may have").cap(1 << 30),
    given("given.number", 0, 64, "0: its maker gives it"),
    given("given.port", 8, 64, "its number of the port"),
    given("given.secret", 16, 64, "the secret of the port"),
    given("given.pid", 24, 32, "its process").found(is_nobody),
    given("given.uid", 28, 32, "its user"),
    given("given.kind", 32, 16, "3: a send right").cap(14).found(always),
    given("given.detail", 34, 16, "0").found(always),
    given("given.reserved", 36, 32, "0").found(always),
    given("granted.number", 0, 64, "how many bytes the memory has").cap(MEMORY_BYTES).found(is_outside),
    given("granted.port", 8, 64, "how many bytes its object has").found(always),
    given("granted.secret", 16, 64, "where it begins in its object").found(always),
    Field::new(
        "moved.heard",
        Place::Body { tag: tag::PLAIN, byte: HEADER_BYTES },
        64,
        "how many it has heard",
    )
    .found(always),
];

const fn plain(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::PLAIN, byte }, bits, truth)
}

const fn given(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    let byte = BEHIND_A_HEAD + HEADER_BYTES + byte;
    Field::new(name, Place::Body { tag: tag::ATTACHED, byte }, bits, truth)
}

/// More than a holder sends in all.
fn is_more_than_sent(_: u64, lie: u64) -> bool {
    lie > 100
}

/// A process has a number, and what it is fits.
fn is_nobody(_: u64, lie: u64) -> bool {
    lie == 0 || lie > i32::MAX as u64
}

fn is_outside(_: u64, lie: u64) -> bool {
    lie == 0 || lie > MEMORY_BYTES
}
