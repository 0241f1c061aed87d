// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server of ALPC does with the client that is attacked, step by step, and what it says that no server may say.
//!
//! The client asks the same in the same order each time ([`super::victim_client`]), so its requests have known numbers,
//! and a step waits for as many messages of the client as come before it.

use super::fields::{attribute, message, said, short, terms};
use super::script::{attach, hand};
use super::server_fields::RANGE_BYTES;
use super::{HANDLES_MAX, VIEWS_MAX};
use crate::hostile::frames;
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::tag;
use crate::hostile::script::{self, Step};

/// A server, from the client that comes to goodbye.
pub static SERVER: &[Step] = &[
    ("connect", |_| {}),
    ("accept", accept),
    ("outbox", script::outbox),
    ("reply", |liar| after(liar, 1, &message(said::REPLY, 1, 0, &[], b"echo"))),
    ("copy-from", |liar| after(liar, 2, &copy(2, 1, 0, 0))),
    ("copy-to", copy_to),
    ("copied", |liar| after(liar, 4, &message(said::REPLY, 2, 0, &[], b"read"))),
    ("call-back", |liar| after(liar, 5, &call_back(1, 3))),
    ("called-back", |liar| after(liar, 6, &message(said::REPLY, 3, 0, &[], b"called"))),
    ("view", |liar| {
        heard(liar, 7);
        attach(liar, 2, &viewed(4));
    }),
    ("handles", |liar| {
        heard(liar, 8);
        send_handles(liar, 5);
    }),
    ("lose", |liar| after(liar, 9, &message(said::LOST, 6, 0, &[], b""))),
    ("short", |liar| after(liar, 10, &short(said::REPLY, 7, b"short"))),
    ("bye", script::bye),
];

/// A server whose only records with attachments are those of handles: the client is given its handles first of all.
pub static HANDING: &[Step] = &[
    ("connect", |_| {}),
    ("accept", accept),
    ("outbox", script::outbox),
    ("handles", |liar| {
        heard(liar, 1);
        send_handles(liar, 1);
    }),
    ("bye", script::bye),
];

/// The steps in which this field is written.
pub fn steps_of(field: &str) -> &'static [Step] {
    if field.starts_with("replyhandles.") { HANDING } else { SERVER }
}

/// Behind this step the client makes the request that lends memory.
pub const LENT: usize = 4;

/// What must end its sayer at once, each said by a server to a client that has made the request that lends memory.
pub static BREACHES: &[Step] = &[
    ("half a header", |liar| say(liar, &message(said::REPLY, 2, 0, &[], b"")[..20])),
    ("half a reply", |liar| {
        let whole = message(said::REPLY, 2, 0, &[], &[7; 100]);
        say(liar, &whole[..whole.len() - 40]);
    }),
    ("a reply that nobody asked for", |liar| say(liar, &message(said::REPLY, 77, 0, &[], b""))),
    ("the loss of what was never asked", |liar| say(liar, &message(said::LOST, 77, 0, &[], b""))),
    ("a cancel of what never was", |liar| say(liar, &message(said::CANCEL, 77, 0, &[], b""))),
    ("a callback about what was never asked", |liar| say(liar, &call_back(1, 77))),
    ("the number of a callback twice", |liar| {
        say(liar, &call_back(1, 2));
        say(liar, &call_back(1, 2));
    }),
    ("a wish to be let in", |liar| say(liar, &message(said::CONNECT, 0, 0, &[], &terms()))),
    ("a second acceptance", |liar| say(liar, &accepted())),
    ("the answer to a copy request", |liar| say(liar, &message(said::COPIED, 1, 0, &[], b""))),
    ("a copy beyond the range", |liar| say(liar, &copy(2, 1, 0, 1))),
    ("a copy whose end overflows", |liar| say(liar, &copy(2, 1, 0, u64::MAX))),
    ("a copy of a range that is not there", |liar| say(liar, &copy(2, 1, 2, 0))),
    ("a copy of a request that was never made", |liar| say(liar, &copy(77, 1, 0, 0))),
    ("half a copy request", |liar| say(liar, &message(said::COPY, 2, 1, &[], &[0; 16]))),
    ("a view that did not come", |liar| {
        say(liar, &message(said::REPLY, 2, 0, &attribute(1, 1, &[5_000]), b""));
    }),
    ("more views than are taken", |liar| {
        for loan in 1..=u64::from(VIEWS_MAX) + 1 {
            attach(liar, loan, &message(said::DATAGRAM, 0, 0, &attribute(1, 1, &[5_000]), b""));
        }
    }),
    ("handles that did not come", |liar| {
        say(liar, &message(said::REPLY, 2, 0, &attribute(3, 0, &[1, 1]), b""));
    }),
    ("more handles than are taken", |liar| {
        let too_many = HANDLES_MAX + 1;
        hand(liar, &message(said::REPLY, 2, 0, &attribute(3, 0, &[too_many, 1]), b""), too_many);
    }),
    ("more handles ahead of a message than are taken", |liar| {
        for _ in 0..2 {
            hand(liar, &message(said::HANDLES, 1, 0, &[], b""), HANDLES_MAX / 2 + 1);
        }
    }),
    ("a flood of datagrams", |liar| {
        for _ in 0..1_100 {
            liar.write(tag::PLAIN, &message(said::DATAGRAM, 0, 0, &[], b"news"));
            liar.ring();
        }
    }),
];

fn say(liar: &mut Liar, bytes: &[u8]) {
    liar.send(tag::PLAIN, bytes);
}

fn accepted() -> Vec<u8> {
    message(said::ACCEPT, 0, 0, &[], &terms())
}

/// HELLO, with the acceptance.
fn accept(liar: &mut Liar) {
    liar.say(frames::hello(Some(&accepted())), &[]);
}

/// Waits for so many messages of the client.
fn heard(liar: &mut Liar, messages: u32) {
    liar.wait_until(|liar| {
        liar.heard().outbox.is_some() && liar.heard().early + liar.heard().messages >= messages
    });
}

/// Says something when so many messages of the client have come.
fn after(liar: &mut Liar, messages: u32, bytes: &[u8]) {
    heard(liar, messages);
    say(liar, bytes);
    liar.settle();
}

/// A wish to read a whole range from `offset` on.
fn copy(request: u64, number: u8, range: u64, offset: u64) -> Vec<u8> {
    let words = [range, offset, RANGE_BYTES as u64, 0];
    about(message(said::COPY, request, 0, &[], &words.map(u64::to_le_bytes).concat()), number)
}

/// A wish to write the second range, with what is to be written.
fn copy_to(liar: &mut Liar) {
    heard(liar, 3);
    let words = [1, 0, 8_192, 1_u64];
    attach(liar, 1, &about(message(said::COPY, 2, 0, &[], &words.map(u64::to_le_bytes).concat()), 2));
}

fn call_back(number: u64, request: u8) -> Vec<u8> {
    about(message(said::REQUEST, number, 1, &[], b"?"), request)
}

/// The same message, about this.
fn about(mut message: Vec<u8>, number: u8) -> Vec<u8> {
    message[8] = number;
    message
}

/// A reply with its body in a view.
fn viewed(request: u64) -> Vec<u8> {
    message(said::REPLY, request, 0, &attribute(1, 1, &[5_000]), b"")
}

/// A reply with two handles, of which the first goes ahead of it.
fn send_handles(liar: &mut Liar, request: u64) {
    hand(liar, &message(said::HANDLES, 1, 0, &[], b""), 1);
    hand(liar, &message(said::REPLY, request, 0, &attribute(3, 0, &[2, 1]), b""), 1);
}
