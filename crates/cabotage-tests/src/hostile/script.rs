// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that the protocol of links has, step by step: what a truthful peer does once, and a liar does with its
//! lie in it. At each step it may also fall silent, be stopped or die.

use std::os::fd::AsFd;

use super::frames::{self, Purpose, head, sent};
use super::liar::Liar;
use super::link_fields::{frame, tag, word};
use super::tasks::{self, Task};

/// What is done in one step, and what it is called.
pub type Step = (&'static str, fn(&mut Liar));

/// The steps of a link from HELLO to goodbye.
pub const WHOLE_LINK: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("early", early),
    ("again", again),
    ("outbox", outbox),
    ("plain", plain),
    ("wrap", wrap),
    ("ring", ring),
    ("block", block),
    ("descriptors", descriptors),
    ("give-back", give_back),
    ("stream", stream),
    ("sleep", sleep),
    ("retire", retire),
    ("bye", bye),
];

/// Instead of a HELLO a refusal for want of a common version.
pub const REFUSING_THE_VERSION: &[Step] = &[("connect", |_| {}), ("refuse", refuse_version)];

/// Instead of a HELLO a refusal because a quota is used up.
pub const REFUSING_BY_QUOTA: &[Step] = &[("connect", |_| {}), ("refuse", refuse_by_quota)];

/// The steps in which this field is written.
pub fn steps_of(field: &str) -> &'static [Step] {
    match field.strip_prefix("refused.") {
        Some("resource") => REFUSING_BY_QUOTA,
        Some(_) => REFUSING_THE_VERSION,
        None => WHOLE_LINK,
    }
}

fn refuse_version(liar: &mut Liar) {
    liar.say(frames::refused_version(3, 4), &[]);
}

fn refuse_by_quota(liar: &mut Liar) {
    liar.say(frames::refused_quota(1), &[]);
}

fn hello(liar: &mut Liar) {
    liar.say(frames::hello(Some(&tasks::ask(Task::Echo))), &[]);
}

fn early(liar: &mut Liar) {
    liar.say(frames::early(&tasks::ask(Task::Echo)), &[]);
    liar.wait_until(|liar| liar.heard().hellos > 0);
}

pub(super) fn again(liar: &mut Liar) {
    liar.say(vec![frame::AGAIN], &[]);
    liar.wait_until(|liar| liar.heard().hellos > 1);
}

pub(super) fn outbox(liar: &mut Liar) {
    liar.hand_over();
}

pub(super) fn plain(liar: &mut Liar) {
    for _ in 0..3 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Echo));
    }
    liar.settle();
}

/// Requests of three words, which do not fill the first ring to its end.
pub(super) fn wrap(liar: &mut Liar) {
    for number in 0..190 {
        liar.write(tag::PLAIN, &tasks::ask(Task::Nothing));
        if number % 32 == 0 {
            liar.ring();
        }
    }
    liar.ring();
    liar.settle();
}

pub(super) fn ring(liar: &mut Liar) {
    liar.change_ring();
    liar.send(tag::PLAIN, &tasks::ask(Task::Echo));
    liar.settle();
}

/// Two blocks in one segment, the second beside descriptors.
pub(super) fn block(liar: &mut Liar) {
    let (number, map) = liar.segment(Purpose::Block);
    map.copy_from(0, b"what a block holds").expect("a block of the kit");
    liar.send(tag::BLOCK, &sent(number, 0, 1, 5_000));
    liar.send(tag::ATTACHED, &[head(0, 1), sent(number, 1, 2, 65_536)].concat());
    liar.settle();
}

pub(super) fn descriptors(liar: &mut Liar) {
    let file = std::fs::File::open("/dev/null").expect("/dev/null");
    let sequence = liar.send_descriptors(&[file.as_fd(), file.as_fd()]);
    liar.send(tag::ATTACHED, &[head(sequence, 0), tasks::ask(Task::Echo)].concat());
    liar.settle();
}

/// Blocks and descriptors of the victim, taken and given back.
fn give_back(liar: &mut Liar) {
    for number in 1..=4 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Block));
        liar.wait_until(|liar| liar.heard().blocks >= number);
    }
    for number in 1..=4 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Descriptor));
        liar.wait_until(|liar| liar.heard().parcels >= number);
    }
}

/// More than the victim's rings hold, so that it has to ask how far we are.
fn stream(liar: &mut Liar) {
    for _ in 0..100 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Bytes(1_200)));
        liar.hear();
    }
    liar.settle();
}

pub(super) fn sleep(liar: &mut Liar) {
    for at in [word::ARMED, word::WANTS_ROOM, word::WANTS_BLOCK] {
        liar.set(at, 1);
        liar.send(tag::PLAIN, &tasks::ask(Task::Echo));
        liar.settle();
        liar.set(at, 0);
    }
}

pub(super) fn retire(liar: &mut Liar) {
    liar.send(tag::RETIRE, &2_u32.to_le_bytes());
    liar.settle();
}

pub(super) fn bye(liar: &mut Liar) {
    liar.set(word::CLOSED, 1);
    liar.say(vec![frame::BYE], &[]);
}
