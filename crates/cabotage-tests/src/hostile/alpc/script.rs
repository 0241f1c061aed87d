// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a client of ALPC does, step by step, and what it says that no client may say.

use std::fs::File;
use std::os::fd::AsFd;

use super::fields::{RANGE_BYTES, VIEW_BYTES, attribute, connect, message, said, short};
use super::{HANDLES_MAX, VIEWS_MAX};
use crate::hostile::frames::{self, Purpose, head, sent};
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::tag;
use crate::hostile::script::{self, Step};

/// What the victim does with a request, by the first byte of its body; any other is echoed.
pub mod wish {
    /// Read the first range.
    pub const READ: u8 = b'r';
    /// Call me back.
    pub const CALL_BACK: u8 = b'c';
    /// Keep it, and do not answer.
    pub const KEEP: u8 = b'k';
}

/// A client, from the connection to goodbye.
pub static CLIENT: &[Step] = &[
    ("connect", |_| {}),
    ("ask", ask),
    ("outbox", script::outbox),
    ("accepted", accepted),
    ("request", |liar| request(liar, 1, b"echo")),
    ("datagram", |liar| liar.send(tag::PLAIN, &message(said::DATAGRAM, 0, 0, &[], b"news"))),
    ("cancel", cancel),
    ("declare", declare),
    ("view", view),
    ("called-back", |liar| request(liar, 5, &[wish::CALL_BACK])),
    ("short", |liar| liar.send(tag::PLAIN, &short(said::REQUEST, 6, b"echo"))),
    ("handles", |liar| send_handles(liar, 7, 1, 2)),
    ("bye", script::bye),
];

/// A client whose only records with attachments are those of handles.
pub static HANDING: &[Step] = &[
    ("connect", |_| {}),
    ("ask", ask),
    ("outbox", script::outbox),
    ("accepted", accepted),
    ("handles", |liar| send_handles(liar, 7, 1, 2)),
    ("bye", script::bye),
];

/// The steps in which this field is written.
pub fn steps_of(field: &str) -> &'static [Step] {
    if field.starts_with("handlesnote.") { HANDING } else { CLIENT }
}

/// Behind this step a client is in.
pub const ACCEPTED: usize = 4;

/// What must end its sayer at once, each said by a client that is in, but for those before.
pub static BREACHES: &[Step] = &[
    ("a request before it is let in", |liar| {
        liar.say(frames::hello(Some(&message(said::REQUEST, 1, 0, &[], b"x"))), &[]);
    }),
    ("half a header", |liar| say(liar, &message(said::REQUEST, 1, 0, &[], b"")[..20])),
    ("half a request", |liar| {
        let whole = message(said::REQUEST, 1, 0, &[], &[7; 100]);
        say(liar, &whole[..whole.len() - 40]);
    }),
    ("a second wish to be let in", |liar| say(liar, &connect())),
    ("an acceptance", |liar| say(liar, &message(said::ACCEPT, 0, 0, &[], &[0; 40]))),
    ("a reply to a request that is not its own", |liar| say(liar, &message(said::REPLY, 77, 0, &[], b""))),
    ("the loss of a request that is not its own", |liar| say(liar, &message(said::LOST, 77, 0, &[], b""))),
    ("a cancel of what never was", |liar| say(liar, &message(said::CANCEL, 77, 0, &[], b""))),
    ("the number of a request twice", |liar| {
        request(liar, 1, b"once");
        request(liar, 1, b"twice");
    }),
    ("a request without a number", |liar| request(liar, 0, b"nobody")),
    ("a short message that sets what is reserved", |liar| {
        let mut bytes = short(said::REQUEST, 1, b"");
        bytes[7] |= 0x30;
        say(liar, &bytes);
    }),
    ("a short message that asks to be let in", |liar| say(liar, &short(said::CONNECT, 0, &[0; 40]))),
    ("ranges that overflow", |liar| {
        let ranges = attribute(2, 0, &[u64::MAX - 3, 64, 0]);
        say(liar, &message(said::REQUEST, 1, 1, &ranges, &[wish::READ]));
    }),
    ("more ranges than may be", |liar| {
        let ranges = attribute(2, 0, &[1; 3 * 65]);
        say(liar, &message(said::REQUEST, 1, 1, &ranges, &[wish::READ]));
    }),
    ("a view that did not come", |liar| {
        say(liar, &message(said::REQUEST, 1, 1, &attribute(1, 1, &[VIEW_BYTES]), b""));
    }),
    ("more views than are taken", |liar| {
        for id in 1..=u64::from(VIEWS_MAX) + 1 {
            send_view(liar, id, &[wish::KEEP]);
        }
    }),
    ("handles that did not come", |liar| {
        say(liar, &message(said::REQUEST, 1, 1, &attribute(3, 0, &[1, 1]), b""));
    }),
    ("fewer handles than it says", |liar| {
        hand(liar, &message(said::REQUEST, 1, 1, &attribute(3, 0, &[3, 1]), b""), 2);
    }),
    ("more handles than are taken", |liar| {
        let too_many = HANDLES_MAX + 1;
        hand(liar, &message(said::REQUEST, 1, 1, &attribute(3, 0, &[too_many, 1]), b""), too_many);
    }),
    ("more handles ahead of a message than are taken", |liar| {
        for _ in 0..2 {
            hand(liar, &message(said::HANDLES, 1, 0, &[], b""), HANDLES_MAX / 2 + 1);
        }
    }),
];

/// How many of them come before the client is in.
pub const BEFORE: usize = 1;

fn say(liar: &mut Liar, bytes: &[u8]) {
    liar.send(tag::PLAIN, bytes);
}

/// HELLO, with the wish to be let in.
pub fn ask(liar: &mut Liar) {
    liar.say(frames::hello(Some(&connect())), &[]);
}

/// Waits for the answer.
pub fn accepted(liar: &mut Liar) {
    liar.wait_until(|liar| liar.heard().hellos > 0 && liar.heard().outbox.is_some());
}

/// A synchronous request.
pub fn request(liar: &mut Liar, id: u64, body: &[u8]) {
    liar.send(tag::PLAIN, &message(said::REQUEST, id, 1, &[], body));
    liar.settle();
}

/// An asynchronous request, and its cancel.
fn cancel(liar: &mut Liar) {
    liar.write(tag::PLAIN, &message(said::REQUEST, 2, 0, &[], &[wish::KEEP]));
    liar.send(tag::PLAIN, &message(said::CANCEL, 2, 0, &[], b""));
    liar.settle();
}

/// A request that declares a range of memory, and copies nothing when it is asked to.
fn declare(liar: &mut Liar) {
    let ranges = attribute(2, 0, &[0, RANGE_BYTES, 0]);
    liar.send(tag::PLAIN, &message(said::REQUEST, 3, 1, &ranges, &[wish::READ]));
    liar.settle();
}

/// A request with its body in a view.
fn view(liar: &mut Liar) {
    send_view(liar, 4, b"");
}

/// A request with a view, in which its body is if it has no other.
pub(super) fn send_view(liar: &mut Liar, id: u64, body: &[u8]) {
    let flags = u16::from(body.is_empty());
    let attributes = attribute(1, flags, &[VIEW_BYTES]);
    let request = message(said::REQUEST, id, 1, &attributes, body);
    attach(liar, id, &request);
}

/// A message with a block in a segment of its own.
pub(super) fn attach(liar: &mut Liar, loan: u64, message: &[u8]) {
    let (number, _map) = liar.segment(Purpose::Block);
    let slot = u32::try_from(loan % 64).unwrap_or(0);
    liar.send(tag::ATTACHED, &[&head(0, 1)[..], &sent(number, slot, loan, 8_192), message].concat());
    liar.settle();
}

/// A request with so many handles, of which the first goes ahead of it.
pub(super) fn send_handles(liar: &mut Liar, id: u64, group: u64, handles: u64) {
    hand(liar, &message(said::HANDLES, group, 0, &[], b""), 1);
    hand(liar, &message(said::REQUEST, id, 1, &attribute(3, 0, &[handles, group]), b""), handles - 1);
}

/// A message in a record with so many descriptors.
pub(super) fn hand(liar: &mut Liar, message: &[u8], descriptors: u64) {
    let file = File::open("/dev/null").expect("/dev/null");
    let all = vec![file.as_fd(); usize::try_from(descriptors).unwrap_or(0)];
    let sequence = liar.send_descriptors(&all);
    liar.send(tag::ATTACHED, &[&head(sequence, 0)[..], message].concat());
    liar.settle();
}
