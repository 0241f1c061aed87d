// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of what holders of a send right may say.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_os::socket::Socket;

use super::liar::{meet, welcomed};
use super::script::{self, BREACHES, HOLDER, ends, nothing, wish};
use super::words::{Entry, Record, kind, word};
use crate::hostile::frames;
use crate::hostile::gushes::{Flood, Flooder, GUSH, Source, breach, connection};
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::link_fields::tag;
use crate::hostile::script::Step;
use crate::scratch::Scratch;

/// A holder that floods.
#[derive(Debug, Default)]
pub struct Holder {
    /// The other ends of links that were made, which stay.
    kept: Vec<Socket>,
    /// The same of those that were used.
    used: Vec<Liar>,
}

impl Flooder for Holder {
    const FLOODS: &'static [Flood<Self>] = FLOODS;

    fn meet(place: &Scratch, patience: Duration) -> Liar {
        meet(place, None, patience)
    }

    fn welcomed(place: &Scratch) -> Liar {
        welcomed(place, A_MOMENT)
    }

    fn steps() -> (&'static [Step], &'static [Step]) {
        (HOLDER, BREACHES)
    }
}

/// Each kind.
pub const FLOODS: &[Flood<Holder>] = &[
    Flood { name: "connections", gush: connection },
    Flood { name: "messages", gush: messages },
    Flood { name: "questions-without-a-reader", gush: questions },
    Flood { name: "tokens-without-a-reader", gush: tokens },
    Flood { name: "grants-that-are-kept", gush: grants },
    Flood { name: "forks", gush: forks },
    Flood { name: "forks-that-are-used", gush: used_forks },
    Flood { name: "forks-without-a-link", gush: strange_forks },
    Flood { name: "rights", gush: rights },
    Flood { name: "memory", gush: memory },
    Flood { name: "descriptors-ahead", gush: ahead },
    Flood { name: "offers", gush: offers },
    Flood { name: "breaches", gush: breach },
];

impl Source<Holder> {
    /// A gush of these records, each with the end of a link, whose other ends stay.
    fn gush_with_ends(&mut self, record: impl Fn(u64) -> Record) -> u64 {
        let mut liar = self.met();
        for _ in 0..GUSH {
            let (end, other) = ends();
            let record = record(self.number()).descriptors(1);
            script::say_with(&mut liar, &record, &[end.as_fd()]);
            self.keep(other);
        }
        self.link = Some(liar);
        GUSH
    }

    /// So few that this process has descriptors left; then the link and all that came of it are over.
    fn keep(&mut self, end: Socket) {
        self.flooder.kept.push(end);
        if self.flooder.kept.len() > KEPT_MAX {
            self.flooder.kept.clear();
        }
    }
}

/// How many ends of links stay at once: more than an owner takes of one holder that does not use them.
const KEPT_MAX: usize = 400;
/// How many of those that are used, each of which has memory.
const USED_MAX: usize = 200;

/// Sends without waiting for room.
fn send(liar: &mut Liar, record: &Record) {
    liar.write_if_room(tag::PLAIN, &record.bytes());
    liar.ring();
}

/// More than the port queues, as soon as the victim is slow.
fn messages(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, _| send(liar, &Record::message(&[7; 200])))
}

/// The answers to these are never taken. By a token of its own each, so that no queue is full.
fn questions(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, number| {
        liar.stop_reading();
        send(liar, &Record::message(&[7; 200]).answered_by(number));
        liar.settle();
    })
}

/// Many in each message, of which the victim gives back every one.
fn tokens(source: &mut Source<Holder>) -> u64 {
    const TOKENS: u64 = 100;
    source.gush_of(|liar, number| {
        liar.stop_reading();
        let first = number * TOKENS;
        let entries: Vec<_> = (first..first + TOKENS).map(|token| Entry::of(kind::TOKEN, token)).collect();
        liar.write(tag::PLAIN, &Record::carrying(&entries).bytes());
        liar.ring();
        liar.settle();
    })
}

/// Send-once rights of the victim, never used.
fn grants(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, number| {
        send(liar, &Record::message(&[wish::GRANT]).answered_by(number));
        liar.settle();
        liar.hear();
    })
}

fn forks(source: &mut Source<Holder>) -> u64 {
    source.gush_with_ends(|number| Record::of(word::FORK).token(number))
}

/// On each of the new links somebody says HELLO and hands memory over, so that it counts as used.
fn used_forks(source: &mut Source<Holder>) -> u64 {
    let mut liar = source.met();
    let (end, other) = ends();
    let record = Record::of(word::FORK).token(source.number()).descriptors(1);
    script::say_with(&mut liar, &record, &[end.as_fd()]);
    drop(end);
    let user = Liar::new(other, None, Duration::ZERO);
    user.say(frames::hello(None), &[]);
    user.hand_over();
    source.flooder.used.push(user);
    if source.flooder.used.len() > USED_MAX {
        source.flooder.used.clear();
    }
    liar.hear();
    source.link = Some(liar);
    1
}

fn strange_forks(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, number| {
        script::say_with(liar, &Record::of(word::FORK).token(number).descriptors(1), &[nothing().as_fd()]);
    })
}

fn rights(source: &mut Source<Holder>) -> u64 {
    source.gush_with_ends(|number| {
        let claim = Entry { port: number, secret: 1, owner: (1, 0), ..Entry::of(kind::SEND, number) };
        Record::carrying(&[claim])
    })
}

fn memory(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, _| script::sealed(liar, script::immutable()))
}

/// Descriptors whose message never comes.
fn ahead(source: &mut Source<Holder>) -> u64 {
    source.gush_of(|liar, _| {
        let device = nothing();
        script::say_with(liar, &Record::of(word::AHEAD).descriptors(8), &[device.as_fd(); 8]);
    })
}

/// Ports that are about to come and never do.
fn offers(source: &mut Source<Holder>) -> u64 {
    source.gush_with_ends(|number| Record::of(word::OFFER).body(number.to_le_bytes()))
}
