// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a consumer does that knocks on a guarded channel, and what a producer does that has its name, step by step.

use std::os::fd::AsFd;
use std::time::Duration;

use super::fields::{KNOCK, answer};
use crate::hostile::frames::{self, Purpose, head, sent};
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::{frame, tag, word};
use crate::hostile::script::{self, Step};

/// How long one waits to be let in: a producer sees to its door in its own calls.
const LET_IN_WITHIN: Duration = Duration::from_secs(20);

/// A consumer, from the knock to goodbye.
pub static CONSUMER: &[Step] = &[
    ("connect", |_| {}),
    ("knock", knock),
    ("early", early),
    ("outbox", script::outbox),
    ("admitted", admitted),
    ("again", script::again),
    ("take", take),
    ("sleep", sleep),
    ("give-back", give_back),
    ("plain", unasked_records),
    ("block", unasked_block),
    ("descriptors", unasked_descriptors),
    ("bells", bells),
    ("bye", script::bye),
];

/// Behind this step a consumer has the place.
pub const ADMITTED: usize = 5;

/// A producer, from the moment in which it has accepted somebody.
pub static PRODUCER: &[Step] = &[
    ("accept", |_| {}),
    ("hello", hello),
    ("answer", welcome),
    ("again", script::again),
    ("outbox", script::outbox),
    ("plain", script::plain),
    ("wrap", script::wrap),
    ("ring", script::ring),
    ("sleep", script::sleep),
    ("retire", retire),
    ("bells", bells),
    ("bye", script::bye),
];

/// A producer that sends a block, which no channel carries.
pub static WITH_A_BLOCK: &[Step] = &[
    ("accept", |_| {}),
    ("hello", hello),
    ("answer", welcome),
    ("outbox", script::outbox),
    ("block", script::block),
    ("bye", script::bye),
];

/// A producer that sends descriptors, which no channel carries either.
pub static WITH_DESCRIPTORS: &[Step] = &[
    ("accept", |_| {}),
    ("hello", hello),
    ("answer", welcome),
    ("outbox", script::outbox),
    ("descriptors", script::descriptors),
    ("bye", script::bye),
];

/// The steps of a producer in which this field is written; all but [`PRODUCER`] break a rule as they stand.
pub fn producer_of(field: &str) -> &'static [Step] {
    let is_about = |what: &[&str]| what.iter().any(|begin| field.starts_with(begin));
    if is_about(&["sent."]) {
        WITH_A_BLOCK
    } else if is_about(&["head.", "descriptors."]) {
        WITH_DESCRIPTORS
    } else {
        PRODUCER
    }
}

/// Behind this step a consumer has been let in by such a producer.
pub const ANSWERED: usize = 3;

/// How many records such a producer sends.
pub const RECORDS: u64 = 197;

/// Says HELLO and knocks.
pub fn knock(liar: &mut Liar) {
    liar.say(frames::hello(Some(KNOCK)), &[]);
}

/// Says HELLO, and nothing that belongs to a channel.
pub fn hello(liar: &mut Liar) {
    liar.say(frames::hello(None), &[]);
    liar.wait_until(|liar| liar.heard().hellos > 0);
}

/// Lets a consumer in.
pub fn welcome(liar: &mut Liar) {
    liar.say(frames::early(&answer()), &[]);
}

/// Waits for the answer to the knock.
pub fn admitted(liar: &mut Liar) {
    liar.wait_for(LET_IN_WITHIN, |liar| liar.heard().messages > 0);
}

/// Something more than the knock, which nobody has asked for.
fn early(liar: &mut Liar) {
    liar.say(frames::early(b"and let me in"), &[]);
}

fn take(liar: &mut Liar) {
    let before = liar.heard().messages;
    liar.wait_until(|liar| liar.heard().messages > before + 2);
}

fn sleep(liar: &mut Liar) {
    for at in [word::ARMED, word::WANTS_ROOM, word::WANTS_BLOCK] {
        liar.set(at, 1);
        take(liar);
        liar.set(at, 0);
    }
}

/// Blocks and descriptors that were never lent.
fn give_back(liar: &mut Liar) {
    for at in [word::RETURNED, word::END - 8, word::FILED] {
        liar.set(at, 1);
    }
}

/// A producer reads no records: they fill the liar's own ring.
fn unasked_records(liar: &mut Liar) {
    for _ in 0..3 {
        liar.send(tag::PLAIN, b"nobody reads this");
    }
}

fn unasked_block(liar: &mut Liar) {
    let (number, _map) = liar.segment(Purpose::Block);
    liar.send(tag::BLOCK, &sent(number, 0, 1, 5_000));
}

fn unasked_descriptors(liar: &mut Liar) {
    let file = std::fs::File::open("/dev/null").expect("/dev/null");
    let sequence = liar.send_descriptors(&[file.as_fd(), file.as_fd()]);
    liar.send(tag::ATTACHED, &head(sequence, 0));
}

/// Takes a segment back that was never used.
fn retire(liar: &mut Liar) {
    drop(liar.segment(Purpose::Ring));
    script::retire(liar);
}

fn bells(liar: &mut Liar) {
    for _ in 0..64 {
        liar.say(vec![frame::BELL], &[]);
    }
}
