// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that a client of a named pipe does, step by step, as one that tells the truth does it.

use crate::hostile::frames;
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::{tag, word};
use crate::hostile::script::{self, Step};
use crate::hostile::tasks::{self, Task};

/// The steps of a client from HELLO to goodbye.
pub const WHOLE_PIPE: &[Step] = &[
    ("connect", |_| {}),
    ("hello", hello),
    ("outbox", script::outbox),
    ("plain", script::plain),
    ("wrap", script::wrap),
    ("ring", script::ring),
    ("parts", parts),
    ("withdraw", withdraw),
    ("stream", stream),
    ("sleep", script::sleep),
    ("bye", script::bye),
];

/// Without first data: all bytes of a pipe go by its ring.
fn hello(liar: &mut Liar) {
    liar.keep_accounts();
    liar.say(frames::hello(None), &[]);
    liar.wait_until(|liar| liar.heard().hellos > 0);
}

/// A message in three parts that nobody may take back, and one in two that its writer may.
fn parts(liar: &mut Liar) {
    let message = [tasks::ask(Task::Echo), vec![7; 288]].concat();
    for firm in [1 << 63, 0] {
        let cuts = if firm == 0 { vec![200, 100] } else { vec![100, 100, 100] };
        let (mut rest, mut at) = (message.len(), 0);
        for bytes in cuts {
            rest -= bytes;
            let tag = if at == 0 { tag::FIRST } else { tag::MORE };
            let head = (rest as u64 | firm).to_le_bytes();
            liar.write(tag, &[&head[..], &message[at..at + bytes]].concat());
            at += bytes;
        }
        liar.ring();
        liar.settle();
    }
}

/// A write beyond the quota of which the second half is taken back before it is there. What was taken of it by then
/// stands.
fn withdraw(liar: &mut Liar) {
    let begin = liar.written_bytes();
    let head = 3_000_u64.to_le_bytes();
    liar.write(tag::FIRST, &[&head[..], &[7; 1_000]].concat());
    let end = liar.written_bytes();
    liar.set(word::LAST, begin | 1 << 63);
    liar.set(word::WITHDRAWN, end);
    let taking = liar.taking().clamp(begin, end);
    liar.set(word::LAST, taking);
    liar.ring();
    liar.send(tag::PLAIN, &tasks::ask(Task::Echo));
    liar.settle();
}

/// More than the victim's quota, so that it has to ask how far we are.
fn stream(liar: &mut Liar) {
    for _ in 0..100 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Bytes(700)));
        liar.hear();
    }
    liar.settle();
}
