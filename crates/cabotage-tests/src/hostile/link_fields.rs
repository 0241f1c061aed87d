// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every field of the protocol of links: the messages on the socket, the control words, the headers and bodies of
//! records. A test fails when a field of the sources has no row here.

use super::field::{Field, Place, always};

/// Kinds of messages on the socket: their first byte.
pub mod frame {
    /// Look at your lane.
    pub const BELL: u8 = 0;
    /// What the sender is.
    pub const HELLO: u8 = 1;
    /// The first segment of the sender's memory.
    pub const OUTBOX: u8 = 2;
    /// Another segment.
    pub const SEGMENT: u8 = 3;
    /// Descriptors for a record.
    pub const DESCRIPTORS: u8 = 4;
    /// The sender wants no link.
    pub const REFUSED: u8 = 5;
    /// Say HELLO once more.
    pub const AGAIN: u8 = 6;
    /// The sender has sent all it will.
    pub const BYE: u8 = 7;
    /// A message before there is memory.
    pub const EARLY: u8 = 8;
}

/// Tags of records.
pub mod tag {
    /// The rest of the ring is empty.
    pub const PAD: u8 = 1;
    /// The lane goes on in another ring.
    pub const CONTINUE: u8 = 2;
    /// A segment is used no more.
    pub const RETIRE: u8 = 3;
    /// Bytes.
    pub const PLAIN: u8 = 16;
    /// Bytes in a block.
    pub const BLOCK: u8 = 17;
    /// Descriptors, blocks and bytes.
    pub const ATTACHED: u8 = 18;
    /// The first part of a write, of a link with quotas.
    pub const FIRST: u8 = 32;
    /// The next part of the same write.
    pub const MORE: u8 = 33;
}

/// Where the control words lie in an outbox.
pub mod word {
    /// How many words of the victim's ring were consumed.
    pub const CONSUMED: usize = 0;
    /// The number of a sleep until a record comes.
    pub const ARMED: usize = 128;
    /// Whether the victim is to look after each message of its own.
    pub const ATTENTION: usize = 136;
    /// The number of a sleep until there is room.
    pub const WANTS_ROOM: usize = 256;
    /// How many messages with descriptors were taken.
    pub const FILED: usize = 384;
    /// Whether nothing follows.
    pub const CLOSED: usize = 392;
    /// The number of a sleep until a block comes back.
    pub const WANTS_BLOCK: usize = 400;
    /// How many words of the victim's ring were consumed, told at each record by the consumer of a channel.
    pub const TAKEN: usize = 408;
    /// Up to which byte the reader takes.
    pub const TAKING: usize = 512;
    /// The end of the last withdrawal.
    pub const WITHDRAWN: usize = 520;
    /// From where on nothing stands.
    pub const LAST: usize = 528;
    /// How many words of the victim's ring were consumed, told at each record by the reader of a link with quotas.
    pub const FREED: usize = 536;
    /// The loan given back last, for each slot.
    pub const RETURNED: usize = 640;
    /// Behind the last one.
    pub const END: usize = RETURNED + 64 * 8;
}

/// Where the first ring lies.
pub const RING_BYTE: usize = 4096;
/// How many words it has.
pub const RING_WORDS: usize = 512;
/// How many bytes an outbox has.
pub const OUTBOX_BYTES: usize = 8192;
/// How many bytes every other segment of the kit has.
pub const SEGMENT_BYTES: usize = 65536;

/// The table.
pub static FIELDS: &[Field] = &[
    // HELLO
    in_frame("hello.kind", frame::HELLO, 0, 8, "1").cap(8).found(always),
    in_frame("hello.magic", frame::HELLO, 1, 56, "the letters `cabotag`").found(always),
    in_frame("hello.field_bytes", frame::HELLO, 8, 16, "18: the fields of version 1").cap(256).found(always),
    in_frame("hello.oldest", frame::HELLO, 10, 16, "1").found(always),
    in_frame("hello.newest", frame::HELLO, 12, 16, "1").found(is_zero),
    in_frame("hello.flags", frame::HELLO, 14, 32, "bit 0: takes part in membarriers"),
    in_frame("hello.message_bytes_max", frame::HELLO, 18, 32, "the longest message it takes").cap(256 << 20),
    in_frame("hello.port", frame::HELLO, 22, 32, "0").found(always),
    in_frame("hello.first_bytes", frame::HELLO, 26, 16, "how long the first data is").cap(4096).found(always),
    in_frame("hello.first", frame::HELLO, 28, 8, "the application's"),
    // OUTBOX
    in_frame("outbox.kind", frame::OUTBOX, 0, 8, "2").cap(8).found(always),
    in_frame("outbox.bytes", frame::OUTBOX, 1, 32, "8,192, the size of the memory").cap(8192).found(always),
    // SEGMENT
    in_frame("segment.kind", frame::SEGMENT, 0, 8, "3").cap(8).found(always),
    in_frame("segment.number", frame::SEGMENT, 1, 32, "one more than the last").cap(68).found(always),
    in_frame("segment.purpose", frame::SEGMENT, 5, 8, "0 for a ring, 1 for a block").found(always),
    in_frame("segment.bytes", frame::SEGMENT, 6, 64, "the size of the memory").cap(16 << 20).found(always),
    // DESCRIPTORS
    in_frame("descriptors.kind", frame::DESCRIPTORS, 0, 8, "4").cap(8).found(always),
    in_frame("descriptors.sequence", frame::DESCRIPTORS, 1, 64, "one more than the last").found(always),
    in_frame("descriptors.count", frame::DESCRIPTORS, 9, 8, "how many go with it").cap(64).found(always),
    // REFUSED
    in_frame("refused.kind", frame::REFUSED, 0, 8, "5").cap(8).found(always),
    in_frame("refused.code", frame::REFUSED, 1, 8, "1: no common version").cap(4).found(always),
    in_frame("refused.oldest", frame::REFUSED, 2, 16, "the oldest version it speaks").found(is_no_oldest),
    in_frame("refused.newest", frame::REFUSED, 4, 16, "the newest version it speaks").found(is_no_newest),
    in_frame("refused.resource", frame::REFUSED, 2, 8, "1 links, 2 bytes, 3 descriptors")
        .cap(3)
        .found(is_no_resource),
    // Messages of one byte, and one of bytes alone
    in_frame("bell.kind", frame::BELL, 0, 8, "0").cap(8).found(is_no_goodbye),
    in_frame("again.kind", frame::AGAIN, 0, 8, "6").cap(8).found(is_no_word_alone),
    in_frame("bye.kind", frame::BYE, 0, 8, "7").cap(8).found(is_no_bell),
    in_frame("early.kind", frame::EARLY, 0, 8, "8").cap(8).found(always),
    in_frame("early.bytes", frame::EARLY, 1, 8, "the application's"),
    // Control words
    in_words("control.consumed", word::CONSUMED, "words taken of the victim's ring").cap(512).found(is_huge),
    in_words("control.armed", word::ARMED, "0 while awake, else the number of a sleep"),
    in_words("control.attention", word::ATTENTION, "0: nothing is said that the victim has to heed at once"),
    in_words("control.wants_room", word::WANTS_ROOM, "0 while awake, else the number of a sleep"),
    in_words("control.filed", word::FILED, "messages with descriptors taken").cap(8).found(is_huge),
    in_words("control.closed", word::CLOSED, "0, and 1 at the end, or 2 where what is unread is destroyed"),
    in_words("control.wants_block", word::WANTS_BLOCK, "0 while awake, else the number of a sleep"),
    in_words("control.taken", word::TAKEN, "words taken of the victim's ring, told at each record").cap(512),
    in_words("control.taking", word::TAKING, "0: a link takes nothing back"),
    in_words("control.withdrawn", word::WITHDRAWN, "0: a link takes nothing back"),
    in_words("control.last", word::LAST, "0: a link takes nothing back"),
    in_words("control.freed", word::FREED, "0: a link without quotas does not tell it"),
    in_words("control.returned[0]", word::RETURNED, "the loan given back last").cap(64).found(is_huge),
    in_words("control.returned[63]", word::END - 8, "the loan given back last").cap(64),
    // Headers of records
    in_header("header.bytes", tag::PLAIN, 0, 32, "how long the body is").cap(1520).found(is_above_a_ring),
    in_header("header.tag", tag::PLAIN, 32, 8, "16 to 18, or 1 to 3 of the lane's own")
        .cap(18)
        .itself(1)
        .found(always),
    in_header("header.port", tag::PLAIN, 40, 24, "0").found(always),
    in_header("pad.bytes", tag::PAD, 0, 32, "all that is left before the ring's end").found(is_other_words),
    in_header("continue.bytes", tag::CONTINUE, 0, 32, "4").cap(8).found(is_no_short_record),
    in_header("retire.bytes", tag::RETIRE, 0, 32, "4").cap(8).found(is_no_short_record),
    // Bodies of records
    in_body("continue.segment", tag::CONTINUE, 0, 32, "the ring's number").found(always),
    in_body("retire.segment", tag::RETIRE, 0, 32, "a number that was announced").cap(68).found(is_no_segment),
    in_body("sent.segment", tag::BLOCK, 0, 32, "a number that was announced").found(always),
    in_body("sent.slot", tag::BLOCK, 4, 32, "below 64").cap(64).itself(63).found(is_no_slot),
    in_body("sent.loan", tag::BLOCK, 8, 64, "above the last one of the slot").found(is_zero),
    in_body("sent.bytes", tag::BLOCK, 16, 64, "at most the segment's size")
        .cap(65536)
        .found(is_above_a_segment),
    in_body("head.sequence", tag::ATTACHED, 0, 64, "of the descriptors' message; 0 for none")
        .found(is_not_zero),
    in_body("head.blocks", tag::ATTACHED, 8, 32, "how many blocks are named").cap(16).found(is_more),
    in_body("head.reserved", tag::ATTACHED, 12, 32, "0"),
    in_body("plain.bytes", tag::PLAIN, 0, 64, "the application's"),
];

const fn in_frame(name: &'static str, kind: u8, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Frame { kind, byte }, bits, truth).itself(kind as u64)
}

const fn in_words(name: &'static str, byte: usize, truth: &'static str) -> Field {
    Field::new(name, Place::Word { byte }, 64, truth)
}

const fn in_header(name: &'static str, tag: u8, bit: u32, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Header { tag, bit }, bits, truth)
}

const fn in_body(name: &'static str, tag: u8, byte: usize, bits: u32, truth: &'static str) -> Field {
    Field::new(name, Place::Body { tag, byte }, bits, truth)
}

fn is_zero(_: u64, lie: u64) -> bool {
    lie == 0
}

fn is_not_zero(_: u64, lie: u64) -> bool {
    lie != 0
}

/// More than anything can have been.
fn is_huge(_: u64, lie: u64) -> bool {
    lie >= 1 << 40
}

/// A goodbye is in order at any time.
fn is_no_goodbye(_: u64, lie: u64) -> bool {
    lie != u64::from(frame::BYE)
}

/// A bell, a goodbye or an early message without a byte is in order as well.
fn is_no_word_alone(_: u64, lie: u64) -> bool {
    ![frame::BELL, frame::BYE, frame::EARLY].map(u64::from).contains(&lie)
}

fn is_no_bell(_: u64, lie: u64) -> bool {
    lie != u64::from(frame::BELL)
}

fn is_no_oldest(_: u64, lie: u64) -> bool {
    !(1..=4).contains(&lie)
}

fn is_no_newest(_: u64, lie: u64) -> bool {
    lie < 3
}

fn is_no_resource(_: u64, lie: u64) -> bool {
    !(1..=3).contains(&lie)
}

/// The longest record of the rings of the kit is shorter.
fn is_above_a_ring(_: u64, lie: u64) -> bool {
    lie > SEGMENT_BYTES as u64
}

fn is_other_words(truth: u64, lie: u64) -> bool {
    lie.div_ceil(8) != truth.div_ceil(8)
}

fn is_no_short_record(_: u64, lie: u64) -> bool {
    !(1..=8).contains(&lie)
}

fn is_no_segment(_: u64, lie: u64) -> bool {
    lie == 0 || lie > 2
}

fn is_no_slot(_: u64, lie: u64) -> bool {
    lie >= 64
}

fn is_above_a_segment(_: u64, lie: u64) -> bool {
    lie > SEGMENT_BYTES as u64
}

fn is_more(truth: u64, lie: u64) -> bool {
    lie > truth
}
