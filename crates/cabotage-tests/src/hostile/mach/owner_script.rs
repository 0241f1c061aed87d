// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the owner of a port does with the holder that is attacked, step by step, and what it says that no owner may say.
//!
//! The holder asks the same in the same order each time ([`super::victim_holder`]), so its rights to be answered by have
//! known numbers, and a step waits for as many of its messages as come before it.

use std::os::fd::AsFd;

use super::fields::MEMORY_BYTES;
use super::script::{immutable, nothing, say, say_with, with_end};
use super::victim_holder::NEWS_COUNT;
use super::words::{Entry, Record, kind, word};
use crate::hostile::frames;
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::tag;
use crate::hostile::script::{self, Step};

/// How many messages the port says that it queues.
const LIMIT: u32 = 5;

/// An owner, from the holder that comes to the death of the port.
pub static OWNER: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcome", welcome),
    ("take", |liar| after(liar, LIMIT, &taken(LIMIT))),
    ("answer", |liar| after(liar, NEWS_COUNT + 1, &answer(1, b"echo"))),
    ("give", give),
    ("grant", grant),
    ("lose", |liar| after(liar, NEWS_COUNT + 5, &later(about(word::UNUSED, 4)))),
    ("pause", |liar| with_end(liar, &later(Record::of(word::PAUSE)))),
    ("resume", |liar| say(liar, &later(Record::of(word::RESUME)))),
    ("last", |liar| after(liar, NEWS_COUNT + 6, &later(answer(5, b"last")))),
    ("died", |liar| say(liar, &later(Record::of(word::DIED)))),
    ("bye", script::bye),
];

/// One whose only records with descriptors bring a right to send by.
static GIVING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcome", welcome),
    ("take", |liar| after(liar, LIMIT, &taken(LIMIT))),
    ("answer", |liar| after(liar, NEWS_COUNT + 1, &answer(1, b"echo"))),
    ("give", give),
    ("bye", script::bye),
];

/// One whose only record with a descriptor brings memory.
static GRANTING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcome", welcome),
    ("take", |liar| after(liar, LIMIT, &taken(LIMIT))),
    ("memory", |liar| {
        heard(liar, NEWS_COUNT + 1);
        let memory = Entry { port: MEMORY_BYTES, ..Entry::of(kind::SEALED, MEMORY_BYTES) };
        let record = now(Record::carrying(&[memory]).body(*b"echo").token(1).descriptors(1));
        say_with(liar, &record, &[immutable().as_fd()]);
    }),
    ("bye", script::bye),
];

/// One whose port moves to nobody. It does not welcome its holder, since that would be the first record that is as long
/// as the word that decides.
pub static MOVING_OWNER: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("limit", |liar| {
        heard(liar, 1);
        say(liar, &Record::of(word::TAKEN).body(LIMIT.to_le_bytes()));
    }),
    ("pause", |liar| with_end(liar, &Record::of(word::PAUSE))),
    ("moved", |liar| say(liar, &Record::of(word::MOVED).body(u64::from(LIMIT).to_le_bytes()))),
    ("bye", script::bye),
];

/// The steps in which this field is written.
pub fn steps_of(field: &str) -> &'static [Step] {
    match field.split('.').next() {
        Some("given") => GIVING,
        Some("granted") => GRANTING,
        Some("moved") => MOVING_OWNER,
        _ => OWNER,
    }
}

/// Behind this step the holder has asked the first time.
pub const ASKED: usize = 5;

/// What must end its sayer's link at once, each said to a holder that has asked something.
pub static BREACHES: &[Step] = &[
    ("half a header", |liar| liar.send(tag::PLAIN, &Record::message(b"").bytes()[..20])),
    ("half an answer", |liar| liar.send(tag::PLAIN, &answer(1, &[7; 100]).bytes()[..80])),
    ("a second welcome", |liar| say(liar, &now(welcomed()))),
    ("a right that is given back by its owner", |liar| say(liar, &now(Record::of(word::RELEASE)))),
    ("a fork of an owner", |liar| with_end(liar, &now(Record::of(word::FORK).token(1)))),
    ("a message to a port that is its own", |liar| say(liar, &now(Record::message(b"to myself")))),
    ("an answer that nobody asked for", |liar| say(liar, &answer(99, b"echo"))),
    ("the loss of what was never asked", |liar| say(liar, &about(word::UNUSED, 99))),
    ("a link for an answer that nobody waits for", |liar| with_end(liar, &about(word::MATERIALISE, 99))),
    ("an answer twice", |liar| {
        heard(liar, NEWS_COUNT + 1);
        say(liar, &answer(1, b"echo"));
        say(liar, &answer(1, b"echo"));
    }),
    ("more taken than was sent", |liar| say(liar, &taken(1_000))),
    ("fewer taken than before", |liar| say(liar, &taken(1))),
    ("the end of a move that never was", |liar| say(liar, &now(Record::of(word::MOVED).body([0; 8])))),
    ("a move that is taken back and never began", |liar| say(liar, &now(Record::of(word::RESUME)))),
    ("a pause twice", |liar| {
        pause(liar);
        pause(liar);
    }),
    ("a new owner's word on an old link", |liar| say(liar, &now(Record::of(word::HERE).body([0; 8])))),
    ("an end of a port that does not move", |liar| with_end(liar, &now(Record::of(word::GIVE).body([0; 8])))),
    ("a right that became a link unasked", |liar| say(liar, &about(word::DETACHED, 9))),
    ("a link for a send right as for one to answer by", |liar| {
        with_end(liar, &now(Record::of(word::DETACH)))
    }),
    ("a right that went home and was never given", |liar| {
        answer_with(liar, &[Entry::of(kind::HOME, 77)]);
    }),
    ("the same number for two rights", |liar| {
        answer_with(liar, &[Entry::of(kind::TOKEN, 5), Entry::of(kind::TOKEN, 5)]);
    }),
    ("a receive right that did not come", |liar| answer_with(liar, &[Entry::of(kind::RECEIVE, 5)])),
    ("memory in a block that did not come", |liar| answer_with(liar, &[Entry::of(kind::BLOCK, 5_000)])),
    ("a device, as sealed memory", |liar| {
        heard(liar, NEWS_COUNT + 1);
        let entry = Entry { port: MEMORY_BYTES, ..Entry::of(kind::SEALED, MEMORY_BYTES) };
        let record = now(Record::carrying(&[entry]).token(1).descriptors(1));
        say_with(liar, &record, &[nothing().as_fd()]);
    }),
];

fn hello(liar: &mut Liar) {
    liar.say(frames::hello(None), &[]);
}

fn welcomed() -> Record {
    let (port, secret) = (1_u64 << 32 | 1, 77_u64);
    let (sealed, sealed_bytes) = (8, 1 << 20);
    let numbers = [port, secret, u64::from(LIMIT) | sealed << 32, sealed_bytes];
    Record::of(word::WELCOME).body(numbers.map(u64::to_le_bytes).concat())
}

fn welcome(liar: &mut Liar) {
    liar.wait_until(|liar| liar.heard().hellos > 0);
    liar.send(tag::PLAIN, &welcomed().bytes());
}

/// Behind [`ASKED`] each record says that so many were taken as were then.
fn now(record: Record) -> Record {
    Record { taken: LIMIT, ..record }
}

/// And later that three were that asked something.
fn later(record: Record) -> Record {
    Record { taken: NEWS_COUNT + 3, ..record }
}

/// So many messages were taken, and as many may wait as before.
fn taken(taken: u32) -> Record {
    Record { taken, ..Record::of(word::TAKEN).body(LIMIT.to_le_bytes()) }
}

/// A word about a right to answer by.
fn about(word: u8, token: u64) -> Record {
    now(Record::of(word).token(token))
}

/// The answer to a question.
fn answer(token: u64, body: &[u8]) -> Record {
    now(Record::message(body).token(token))
}

/// Waits for so many messages of the holder.
fn heard(liar: &mut Liar, messages: u32) {
    liar.wait_until(|liar| {
        let heard = liar.heard();
        heard.outbox.is_some() && heard.count(word::MESSAGE) + heard.count(word::BRIEF) >= messages
    });
}

/// Says something when so many messages have come.
fn after(liar: &mut Liar, messages: u32, record: &Record) {
    heard(liar, messages);
    say(liar, record);
}

/// A send right to a port of this process, as it says.
fn give(liar: &mut Liar) {
    heard(liar, NEWS_COUNT + 2);
    let claim = Entry {
        port: 1 << 32 | 2,
        secret: 78,
        owner: (std::process::id(), cabotage_os::process::own_uid()),
        ..Entry::of(kind::SEND, 0)
    };
    with_end(liar, &now(Record::carrying(&[claim]).token(2)));
}

/// Sealed memory, and a right to send one message.
fn grant(liar: &mut Liar) {
    heard(liar, NEWS_COUNT + 3);
    let memory = Entry { port: MEMORY_BYTES, ..Entry::of(kind::SEALED, MEMORY_BYTES) };
    let record = later(Record::carrying(&[memory, Entry::of(kind::TOKEN, 1)]).token(3).descriptors(1));
    say_with(liar, &record, &[immutable().as_fd()]);
}

/// An answer that carries this.
fn answer_with(liar: &mut Liar, entries: &[Entry]) {
    heard(liar, NEWS_COUNT + 1);
    say(liar, &now(Record::carrying(entries).token(1)));
}

/// The port is about to move; the end to its new owner leads nowhere.
fn pause(liar: &mut Liar) {
    with_end(liar, &now(Record::of(word::PAUSE)));
}
