// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a client of ALPC says beyond a link's own words. A test fails when a field of the sources has no row here.
//!
//! The kit asks to be let in with its HELLO; its requests are plain records, and the one with a view has a block. All
//! bodies but those with attributes are shorter than an attribute, so that a lie about one bends nothing else.

use super::{HANDLES_MAX, SECTION_BYTES_MAX};
use crate::hostile::field::{Field, Place, always};
use crate::hostile::link_fields::{FIELDS, frame, tag};

/// How many bytes a header has.
pub const HEADER_BYTES: usize = 32;
/// Where a message begins in a HELLO, in a record with one block, and in one with descriptors and no block.
const IN_HELLO: usize = 28;
const BEHIND_A_BLOCK: usize = 40;
const BEHIND_A_HEAD: usize = 16;
/// How many bytes the view of the kit says that it has.
pub const VIEW_BYTES: u64 = 5_000;

/// What messages say: the numbers of their words.
pub mod said {
    /// Let me in.
    pub const CONNECT: u16 = 1;
    /// You are in.
    pub const ACCEPT: u16 = 2;
    /// You are not.
    pub const REFUSE: u16 = 3;
    /// Answer this.
    pub const REQUEST: u16 = 4;
    /// This is the answer.
    pub const REPLY: u16 = 5;
    /// This is for you.
    pub const DATAGRAM: u16 = 6;
    /// Do not answer any more.
    pub const CANCEL: u16 = 7;
    /// There will be no answer.
    pub const LOST: u16 = 8;
    /// Copy from or to a range that you have declared.
    pub const COPY: u16 = 9;
    /// It is copied, or not.
    pub const COPIED: u16 = 10;
    /// These are handles of a message that follows.
    pub const HANDLES: u16 = 11;
}

/// The table.
pub static ALPC_FIELDS: &[Field] = &[
    in_header("header.id", 0, 64, "a number that was never used before, or whose request it is about"),
    in_header("header.about", 8, 64, "0, or the request that a callback is about"),
    in_header("header.body_bytes", 16, 32, "how many bytes follow the attributes").found(always),
    in_header("header.attributes_bytes", 20, 32, "how many bytes follow the header").found(always),
    in_header("header.valid", 24, 32, "which attributes there are, by Windows' bits"),
    in_header("header.word", 28, 16, "what the message says").cap(8).found(may_not_be_said),
    in_header("header.flags", 30, 16, "1 if the asker is blocked").found(is_reserved),
    in_header("short.word", 7, 8, "128, 64 if the asker is blocked, and what the message says"),
    asking("connect.word", 28, 16, "1: let me in").found(always),
    asking("connect.body_bytes", 16, 32, "the terms and the data").found(always),
    asking("terms.section_bytes_max", 32, 64, "the largest section that is mapped").cap(1 << 30),
    asking("terms.message_bytes_max", 40, 32, "the longest body of a message").cap(0xFFEF),
    asking("terms.inline_bytes_max", 44, 32, "up to where a body goes through the queue").cap(0xFFEF),
    asking("terms.views_max", 48, 32, "how many views are held at once").cap(64),
    asking("terms.handles_max", 52, 32, "how many handles come with one message").cap(512),
    asking("terms.direct_bytes_max", 56, 64, "the largest body that is read directly").cap(1 << 30),
    asking("terms.flags", 64, 64, "whether memory may be read, and the server act as the client").cap(2),
    declared("range.kind", 32, 16, "2: ranges").cap(4).found(is_no_attribute),
    declared("range.flags", 34, 16, "1 if the body is the first range"),
    declared("range.length", 36, 32, "how many bytes the list has").cap(24).found(always),
    declared("entry.base", 40, 64, "where the range lies, or 0").found(reaches_beyond),
    declared("entry.bytes", 48, 64, "how many bytes the range has"),
    declared("entry.access", 56, 64, "0 to be read, 1 to be written").cap(1).found(is_no_access),
    in_view("attributehead.kind", 32, 16, "1: a view").cap(4).found(is_no_attribute),
    in_view("attributehead.flags", 34, 16, "1 if the body is there, 2 if it is sealed"),
    in_view("attributehead.bytes", 36, 32, "8: how many bytes follow").cap(8).found(always),
    in_view("viewnote.bytes", 40, 64, "how many bytes of the view were sent")
        .cap(SECTION_BYTES_MAX)
        .found(is_above_the_cap),
    in_handles("handlesnote.handles", 40, 64, "how many handles there are").cap(HANDLES_MAX).found(always),
    in_handles("handlesnote.group", 48, 64, "which of its sender's messages with handles this is")
        .found(always),
];

pub(super) const fn in_header(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::PLAIN, byte }, bits, truth)
}

pub(super) const fn declared(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::PLAIN, byte }, bits, truth)
}

pub(super) const fn asking(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Frame { kind: frame::HELLO, byte: IN_HELLO + byte }, bits, truth)
}

pub(super) const fn in_view(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::ATTACHED, byte: BEHIND_A_BLOCK + byte }, bits, truth)
}

/// The note of a message with handles is met in a script of its own: other records of this tag are laid out otherwise.
pub(super) const fn in_handles(name: &'static str, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag: tag::ATTACHED, byte: BEHIND_A_HEAD + byte }, bits, truth)
}

/// A client that is in says requests, replies, datagrams, cancels and losses.
fn may_not_be_said(_: u64, lie: u64) -> bool {
    !(u64::from(said::REQUEST)..=u64::from(said::LOST)).contains(&lie)
}

pub(super) fn is_reserved(_: u64, lie: u64) -> bool {
    lie & !1 != 0
}

pub(super) fn is_no_attribute(_: u64, lie: u64) -> bool {
    lie == 0 || lie > 64
}

fn reaches_beyond(_: u64, lie: u64) -> bool {
    lie > u64::MAX - RANGE_BYTES
}

fn is_no_access(_: u64, lie: u64) -> bool {
    lie > 1
}

pub(super) fn is_above_the_cap(_: u64, lie: u64) -> bool {
    lie > SECTION_BYTES_MAX
}

/// How many bytes the range of the kit has.
pub const RANGE_BYTES: u64 = 64;

/// All rows about a client: a link's too.
pub fn all() -> impl Iterator<Item = &'static Field> {
    ALPC_FIELDS.iter().chain(FIELDS)
}

/// A message: what it says, about which request, whether its asker is blocked, its attributes and its body.
pub fn message(word: u16, id: u64, flags: u16, attributes: &[u8], body: &[u8]) -> Vec<u8> {
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut message = [id.to_le_bytes(), [0; 8]].concat();
    message.extend(length(body));
    message.extend(length(attributes));
    message.extend([0; 4]);
    message.extend(word.to_le_bytes());
    message.extend(flags.to_le_bytes());
    message.extend(attributes);
    message.extend(body);
    message
}

/// A message that is nothing but a body: one word says what it is.
pub fn short(word: u16, id: u64, body: &[u8]) -> Vec<u8> {
    [&(1 << 63 | u64::from(word) << 56 | id).to_le_bytes()[..], body].concat()
}

/// An attribute: its kind, its flags, its bytes.
pub fn attribute(kind: u16, flags: u16, words: &[u64]) -> Vec<u8> {
    let bytes = u32::try_from(words.len() * 8).unwrap_or(u32::MAX);
    let mut attribute = [kind.to_le_bytes(), flags.to_le_bytes()].concat();
    attribute.extend(bytes.to_le_bytes());
    words.iter().for_each(|word| attribute.extend(word.to_le_bytes()));
    attribute
}

/// The request to be let in.
pub fn connect() -> Vec<u8> {
    message(said::CONNECT, 0, 0, &[], &terms())
}

/// What an end says that it takes: sections of 1 MiB, 16 views, 4 handles.
pub fn terms() -> Vec<u8> {
    let mut terms = (1_u64 << 20).to_le_bytes().to_vec();
    [0xFFEF_u32, 256, 16, 4].iter().for_each(|word| terms.extend(word.to_le_bytes()));
    [0_u64, 0].iter().for_each(|word| terms.extend(word.to_le_bytes()));
    terms
}
