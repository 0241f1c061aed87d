// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of the protocol of links, written by hand from its description and not by the library's code.

use super::link_fields::{frame, tag};

/// A HELLO of version 1, with first data or without.
pub fn hello(first: Option<&[u8]>) -> Vec<u8> {
    hello_of(1, 1, 256 << 20, first)
}

/// A HELLO that says this of itself.
pub fn hello_of(oldest: u16, newest: u16, message_bytes_max: u32, first: Option<&[u8]>) -> Vec<u8> {
    let mut message = vec![frame::HELLO];
    message.extend(b"cabotag");
    message.extend(18_u16.to_le_bytes());
    message.extend(oldest.to_le_bytes());
    message.extend(newest.to_le_bytes());
    message.extend(0_u32.to_le_bytes());
    message.extend(message_bytes_max.to_le_bytes());
    message.extend(0_u32.to_le_bytes());
    let bytes = first.map_or(u16::MAX, |first| u16::try_from(first.len()).unwrap_or(u16::MAX - 1));
    message.extend(bytes.to_le_bytes());
    message.extend(first.unwrap_or_default());
    message
}

/// The announcement of an outbox.
pub fn outbox(bytes: u32) -> Vec<u8> {
    [&[frame::OUTBOX][..], &bytes.to_le_bytes()].concat()
}

/// What a segment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A larger ring.
    Ring = 0,
    /// A block.
    Block = 1,
}

/// The announcement of a segment.
pub fn segment(number: u32, purpose: Purpose, bytes: u64) -> Vec<u8> {
    [&[frame::SEGMENT][..], &number.to_le_bytes(), &[purpose as u8], &bytes.to_le_bytes()].concat()
}

/// Descriptors for the record that names this number.
pub fn descriptors(sequence: u64, count: u8) -> Vec<u8> {
    [&[frame::DESCRIPTORS][..], &sequence.to_le_bytes(), &[count]].concat()
}

/// A message before there is memory.
pub fn early(bytes: &[u8]) -> Vec<u8> {
    [&[frame::EARLY], bytes].concat()
}

/// A refusal for want of a common version.
pub fn refused_version(oldest: u16, newest: u16) -> Vec<u8> {
    [&[frame::REFUSED, 1][..], &oldest.to_le_bytes(), &newest.to_le_bytes()].concat()
}

/// A refusal because a quota is used up.
pub fn refused_quota(resource: u8) -> Vec<u8> {
    vec![frame::REFUSED, 2, resource]
}

/// The word that stands before a record.
pub fn header(tag: u8, bytes: usize) -> u64 {
    u64::from(tag) << 32 | bytes as u64
}

/// How many words a record takes, its header included.
pub fn words(body_bytes: usize) -> usize {
    1 + body_bytes.div_ceil(8)
}

/// The filler of so many words.
pub fn pad(words: usize) -> u64 {
    header(tag::PAD, (words - 1) * 8)
}

/// What the record of a block says.
pub fn sent(segment: u32, slot: u32, loan: u64, bytes: u64) -> Vec<u8> {
    [&segment.to_le_bytes()[..], &slot.to_le_bytes(), &loan.to_le_bytes(), &bytes.to_le_bytes()].concat()
}

/// How a record with attachments begins.
pub fn head(sequence: u64, blocks: u32) -> Vec<u8> {
    [&sequence.to_le_bytes()[..], &blocks.to_le_bytes(), &[0; 4]].concat()
}
