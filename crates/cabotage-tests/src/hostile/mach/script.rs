// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a holder of a send right does, step by step, and what it says that no holder may say.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cabotage_os::memfd::{Memfd, ONE_WAY};
use cabotage_os::sealed::Region;
use cabotage_os::socket::Socket;

use super::fields::MEMORY_BYTES;
use super::words::{Entry, Record, brief, kind, reply, word};
use crate::hostile::frames::{self, head};
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::tag;
use crate::hostile::script::{self, Step};

/// What the victim does with a message, by the first byte of its body; any other is echoed.
pub mod wish {
    /// Answer with a send-once right of yours.
    pub const GRANT: u8 = b'g';
}

/// A holder, from the look-up to goodbye. It sends five messages by its right, as many as the port queues.
pub static HOLDER: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("message", |liar| say(liar, &Record::message(b"news"))),
    ("question", |liar| ask(liar, &Record::message(b"echo").answered_by(1).bytes())),
    ("carry", carry),
    ("grant", |liar| ask(liar, &Record::message(&[wish::GRANT]).answered_by(4).bytes())),
    ("use", |liar| say(liar, &Record::message(b"once").token(1))),
    ("grant-again", |liar| ask(liar, &Record::message(&[wish::GRANT]).answered_by(5).bytes())),
    ("destroy", |liar| say(liar, &Record::of(word::UNUSED).token(2))),
    ("fork", |liar| fork(liar, 7)),
    ("release", |liar| say(liar, &Record::of(word::RELEASE))),
    ("bye", script::bye),
];

/// One that passes a right of its own on.
pub static PASSING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("pass", pass),
    ("bye", script::bye),
];

/// One that sends memory that nobody changes any more.
pub static SEALING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("sealed", |liar| sealed(liar, immutable())),
    ("bye", script::bye),
];

/// One that says nothing but messages with the short header.
pub static BRIEF: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("brief", |liar| {
        liar.send(tag::PLAIN, &brief(0, b"brief"));
        liar.settle();
    }),
    ("brief question", |liar| ask(liar, &brief(1, b"echo"))),
    ("bye", script::bye),
];

/// One that makes another link to the port.
pub static FORKING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("fork", |liar| fork(liar, 7)),
    ("bye", script::bye),
];

/// One that moves a port of its own to the victim, as far as it can without being asked.
pub static MOVING: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("welcomed", welcomed),
    ("offer", |liar| with_end(liar, &Record::of(word::OFFER).body(1_u64.to_le_bytes()))),
    ("give", |liar| with_end(liar, &Record::of(word::GIVE).body(0_u64.to_le_bytes()))),
    ("queued", |liar| say(liar, &Record::message(b"queued"))),
    ("whole", |liar| say(liar, &Record::of(word::WHOLE).body(whole(1, 1)))),
    ("arrive", |liar| say(liar, &Record::carrying(&[Entry::of(kind::RECEIVE, 1)]))),
    ("bye", script::bye),
];

/// The steps in which this field is written.
pub fn steps_of(field: &str) -> &'static [Step] {
    match field.strip_prefix("mach.").and_then(|rest| rest.split('.').next()) {
        Some("passed") => PASSING,
        Some("sealed") => SEALING,
        Some("fork") => FORKING,
        Some("brief") => BRIEF,
        _ => HOLDER,
    }
}

/// Behind this step a holder may send.
pub const WELCOMED: usize = 4;

/// What must end its sayer's link, each said by a holder that was welcomed.
pub static BREACHES: &[Step] = &[
    ("half a header", |liar| liar.send(tag::PLAIN, &Record::message(b"").bytes()[..20])),
    ("half a message", |liar| liar.send(tag::PLAIN, &Record::message(&[7; 100]).bytes()[..80])),
    ("a welcome of a holder", |liar| say(liar, &Record::of(word::WELCOME).body([0; 32]))),
    ("a limit of a holder", |liar| say(liar, &Record::of(word::TAKEN).body([9, 0, 0, 0]))),
    ("the death of a port that is not its own", |liar| say(liar, &Record::of(word::DIED))),
    ("the end of a move that never was", |liar| say(liar, &Record::of(word::WHOLE).body(whole(0, 0)))),
    ("a new owner's word", |liar| say(liar, &Record::of(word::HERE).body([0; 8]))),
    ("an end of a port that does not move", |liar| {
        with_end(liar, &Record::of(word::GIVE).body([0; 8]));
    }),
    ("an answer that nobody asked for", |liar| say(liar, &Record::of(word::DETACHED).token(9))),
    ("a link for a right that it is not", |liar| with_end(liar, &Record::of(word::DETACH))),
    ("a message by a token that was never granted", |liar| say(liar, &Record::message(b"").token(9))),
    ("the loss of a token that was never granted", |liar| say(liar, &Record::of(word::UNUSED).token(9))),
    ("a link for a token that was never granted", |liar| {
        with_end(liar, &Record::of(word::MATERIALISE).token(9));
    }),
    ("a token twice", |liar| {
        ask(liar, &Record::message(&[wish::GRANT]).answered_by(1).bytes());
        say(liar, &Record::message(b"once").token(1));
        say(liar, &Record::message(b"twice").token(1));
    }),
    ("a token that was used is said to be lost", |liar| {
        ask(liar, &Record::message(&[wish::GRANT]).answered_by(1).bytes());
        say(liar, &Record::message(b"once").token(1));
        say(liar, &Record::of(word::UNUSED).token(1));
    }),
    ("a token home that was never granted", |liar| {
        say(liar, &Record { reply: (reply::HOME, 5), ..Record::message(b"") });
    }),
    ("a carried token home that was never granted", |liar| {
        say(liar, &Record::carrying(&[Entry::of(kind::HOME, 5)]));
    }),
    ("the same number for two tokens", |liar| {
        say(liar, &Record::carrying(&[Entry::of(kind::TOKEN, 5), Entry::of(kind::TOKEN, 5)]));
    }),
    ("a number of a token from before", |liar| {
        ask(liar, &Record::message(b"echo").answered_by(5).bytes());
        say(liar, &Record::message(b"echo").answered_by(4));
    }),
    ("a right to a port that is not on its way", |liar| {
        say(liar, &Record::carrying(&[Entry::of(kind::OWN_ONCE, 0)]));
    }),
    ("a receive right that did not come", |liar| {
        say(liar, &Record::carrying(&[Entry::of(kind::RECEIVE, 5)]));
    }),
    ("memory in a block that did not come", |liar| {
        say(liar, &Record::carrying(&[Entry::of(kind::BLOCK, 5_000)]));
    }),
    ("a right to reply by in an entry that is not there", |liar| {
        say(liar, &Record { reply: (reply::ENTRY, 0), ..Record::message(b"") });
    }),
    ("an array that is longer than its record", |liar| {
        let array = Entry { detail: 17, ..Entry::of(kind::PORTS, 3) };
        say(liar, &Record::carrying(&[array, Entry::of(kind::NULL, 0)]));
    }),
    ("a message after the right was given back", |liar| {
        say(liar, &Record::of(word::RELEASE));
        say(liar, &Record::message(b"still here"));
    }),
    ("a right that is given back twice", |liar| {
        say(liar, &Record::of(word::RELEASE));
        say(liar, &Record::of(word::RELEASE));
    }),
    ("a fork after the right was given back", |liar| {
        say(liar, &Record::of(word::RELEASE));
        fork(liar, 1);
    }),
    ("a fork without a link", |liar| say(liar, &Record::of(word::FORK).token(1).descriptors(1))),
    ("more descriptors than it says", |liar| {
        say_with(liar, &Record::of(word::FORK).token(1).descriptors(1), &[nothing().as_fd(); 2]);
    }),
    ("fewer descriptors than it says", |liar| {
        let files = [Entry::of(kind::FILE, 0); 3];
        say_with(liar, &Record::carrying(&files).descriptors(3), &[nothing().as_fd(); 2]);
    }),
    ("descriptors that went ahead of nothing", |liar| {
        say_with(liar, &Record::of(word::AHEAD).descriptors(2), &[nothing().as_fd(); 2]);
        say(liar, &Record::message(b"without them"));
    }),
    ("memory that can be written, as sealed", |liar| {
        sealed(liar, Memfd::create("hostile", MEMORY_BYTES).expect("memory").into());
    }),
    ("memory that its maker can write, as sealed", |liar| {
        let memory = Memfd::create("hostile", MEMORY_BYTES).expect("memory");
        memory.seal(ONE_WAY).expect("seals");
        sealed(liar, memory.into());
    }),
    ("a device, as sealed", |liar| sealed(liar, nothing())),
];

/// A record without descriptors, and waits until the victim has taken it.
pub(super) fn say(liar: &mut Liar, record: &Record) {
    liar.send(tag::PLAIN, &record.bytes());
    liar.settle();
}

/// A question, and waits for its answer.
fn ask(liar: &mut Liar, record: &[u8]) {
    let answers = |liar: &Liar| liar.heard().count(word::MESSAGE) + liar.heard().count(word::BRIEF);
    let before = answers(liar);
    liar.send(tag::PLAIN, record);
    liar.wait_until(|liar| answers(liar) > before);
}

/// A record with these descriptors, which need not be those of which it speaks.
pub(super) fn say_with(liar: &mut Liar, record: &Record, descriptors: &[BorrowedFd<'_>]) {
    let sequence = liar.send_descriptors(descriptors);
    liar.send(tag::ATTACHED, &[&head(sequence, 0)[..], &record.bytes()].concat());
    liar.settle();
}

/// The same with one end of a link, whose other end goes at once.
pub(super) fn with_end(liar: &mut Liar, record: &Record) {
    let (end, _gone) = ends();
    say_with(liar, &record.clone().descriptors(1), &[end.as_fd()]);
}

/// Two ends of what may become a link.
pub(super) fn ends() -> (OwnedFd, Socket) {
    let (end, other) = Socket::pair().expect("a pair");
    (end.into_fd().expect("no child"), other)
}

/// Something that is neither an end of a link nor memory.
pub(super) fn nothing() -> OwnedFd {
    File::open("/dev/null").expect("/dev/null").into()
}

fn hello(liar: &mut Liar) {
    liar.say(frames::hello(None), &[]);
}

/// Waits for the owner's first word, which comes with its HELLO.
pub(super) fn welcomed(liar: &mut Liar) {
    liar.wait_until(|liar| liar.heard().hellos > 0 && liar.heard().outbox.is_some());
}

pub(super) fn fork(liar: &mut Liar, number: u64) {
    with_end(liar, &Record::of(word::FORK).token(number));
}

/// Memory, no right and a token, beside a body.
fn carry(liar: &mut Liar) {
    let entries = [Entry::of(kind::INLINE, 6), Entry::of(kind::NULL, 0), Entry::of(kind::TOKEN, 3)];
    let record = Record { memory: b"memory".to_vec(), ..Record::carrying(&entries) };
    // The reply's token is granted first, and numbers only grow.
    ask(liar, &record.body(*b"body").answered_by(2).bytes());
}

/// A right to a port of this process, as it says.
fn pass(liar: &mut Liar) {
    let claim = Entry {
        port: 1 << 32 | 1,
        secret: 77,
        owner: (std::process::id(), cabotage_os::process::own_uid()),
        ..Entry::of(kind::SEND, 0)
    };
    with_end(liar, &Record::carrying(&[claim]));
}

/// This as sealed memory.
pub(super) fn sealed(liar: &mut Liar, memory: OwnedFd) {
    let entry = Entry { port: MEMORY_BYTES, ..Entry::of(kind::SEALED, MEMORY_BYTES) };
    say_with(liar, &Record::carrying(&[entry]).descriptors(1), &[memory.as_fd()]);
}

/// What may be called sealed.
pub(super) fn immutable() -> OwnedFd {
    let bytes = usize::try_from(MEMORY_BYTES).unwrap_or(usize::MAX);
    Region::create("hostile", bytes).expect("memory").seal().expect("sealed memory").into()
}

/// That so many ends and messages of a port were all.
fn whole(ends: u64, messages: u64) -> Vec<u8> {
    let mut body = [ends.to_le_bytes(), messages.to_le_bytes()].concat();
    for number in [0_u32, 0, 5, 0] {
        body.extend(number.to_le_bytes());
    }
    body.extend([0; 8]);
    body
}

/// Records in which something stands for a descriptor, that say they have so many.
pub(super) fn receptacles(count: u32) -> Vec<Record> {
    let many = |entry: Entry| Record::carrying(&vec![entry; count as usize]);
    let sealed = Entry { port: MEMORY_BYTES, ..Entry::of(kind::SEALED, MEMORY_BYTES) };
    let records = [
        many(Entry::of(kind::SEND, 0)),
        many(Entry::of(kind::ONCE, 0)),
        many(Entry::of(kind::FILE, 0)),
        many(sealed),
        Record { reply: (reply::ENTRY, 0), ..many(Entry::of(kind::ONCE, 0)) },
        Record::of(word::FORK).token(1),
        Record::of(word::AHEAD),
        Record::of(word::OFFER).body([1, 0, 0, 0, 0, 0, 0, 0]),
        Record::of(word::PAUSE),
        Record::of(word::DETACH),
    ];
    records.map(|record| record.descriptors(count)).into()
}
