// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server of ALPC says beyond a link's own words. A test fails when a field of the sources has no row here or
//! among those of clients.
//!
//! The first record of the kit is the reply to the first request, so a lie about headers is told in it. All bodies of
//! plain records but copy requests are shorter than a word, so that a lie about one bends nothing else.

use super::fields::{
    asking, declared, in_handles, in_header, in_view, is_above_the_cap, is_no_attribute, is_reserved, said,
};
use super::{HANDLES_MAX, SECTION_BYTES_MAX};
use crate::hostile::field::{Field, always};

/// How many bytes the first range of the victim has, which may be read.
pub const RANGE_BYTES: usize = 64;

/// The table.
pub static SERVER_FIELDS: &[Field] = &[
    asking("accept.word", 28, 16, "2: you are in").cap(3).found(is_no_refusal),
    asking("accept.body_bytes", 16, 32, "the terms and the data").found(always),
    asking("accept.section_bytes_max", 32, 64, "the largest section that is mapped").cap(1 << 30),
    asking("accept.message_bytes_max", 40, 32, "the longest body of a message").cap(0xFFEF),
    asking("accept.inline_bytes_max", 44, 32, "up to where a body goes through the queue").cap(0xFFEF),
    asking("accept.views_max", 48, 32, "how many views are held at once").cap(64),
    asking("accept.handles_max", 52, 32, "how many handles come with one message").cap(512),
    asking("accept.direct_bytes_max", 56, 64, "the largest body that is read directly").cap(1 << 30),
    asking("accept.flags", 64, 64, "whether memory may be read").cap(2),
    in_header("reply.id", 0, 64, "the request that it answers").found(is_not_the_first),
    in_header("reply.about", 8, 64, "0, the request that a callback is about, or the number of a copy"),
    in_header("reply.body_bytes", 16, 32, "how many bytes follow the attributes").found(always),
    in_header("reply.attributes_bytes", 20, 32, "how many bytes follow the header").found(always),
    in_header("reply.valid", 24, 32, "which attributes there are, by Windows' bits"),
    in_header("reply.word", 28, 16, "what the message says").cap(11).found(may_not_be_said),
    in_header("reply.flags", 30, 16, "1 if the asker is blocked").found(is_reserved),
    in_header("reply.short", 7, 8, "128, 64 if the asker is blocked, and what the message says"),
    declared("copywanted.range", 32, 64, "which range").found(always),
    declared("copywanted.offset", 40, 64, "where in the range").found(always),
    declared("copywanted.bytes", 48, 64, "how many bytes").cap(64 << 10).found(is_longer_than_the_range),
    declared("copywanted.access", 56, 64, "0 to read, 1 to write").cap(1).found(always),
    in_view("replyview.kind", 32, 16, "1: a view").cap(4).found(is_no_attribute),
    in_view("replyview.flags", 34, 16, "1 if the body is there, 2 if it is sealed"),
    in_view("replyview.length", 36, 32, "8: how many bytes follow").cap(8).found(always),
    in_view("replyview.bytes", 40, 64, "how many bytes of the view were sent")
        .cap(SECTION_BYTES_MAX)
        .found(is_above_the_cap),
    in_handles("replyhandles.handles", 40, 64, "how many handles there are").cap(HANDLES_MAX).found(always),
    in_handles("replyhandles.group", 48, 64, "which of its sender's messages with handles this is")
        .found(always),
];

/// Who is refused has met no liar.
fn is_no_refusal(_: u64, lie: u64) -> bool {
    lie != u64::from(said::REFUSE)
}

/// The first reply is to request 1, and no other was made yet.
fn is_not_the_first(truth: u64, lie: u64) -> bool {
    truth == 1 && lie != 1
}

/// Instead of the first reply: datagrams, losses, cancels of callbacks that never were, and handles that do not come
/// are no replies, and of these a datagram, a loss and handles are no lies that can be found.
fn may_not_be_said(truth: u64, lie: u64) -> bool {
    let may_be = [said::REPLY, said::DATAGRAM, said::LOST, said::HANDLES];
    truth == u64::from(said::REPLY) && !may_be.map(u64::from).contains(&lie)
}

fn is_longer_than_the_range(_: u64, lie: u64) -> bool {
    lie > RANGE_BYTES as u64
}
