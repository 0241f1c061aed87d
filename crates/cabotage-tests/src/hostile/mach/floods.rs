// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of what holders of a send right may say: each flood is a gush after the other, over one link as long as that
//! lives.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_os::socket::Socket;

use super::liar::{meet, welcomed};
use super::script::{self, BREACHES, HOLDER, ends, nothing, wish};
use super::words::{Entry, Record, kind, word};
use crate::hostile::attacker::act;
use crate::hostile::frames;
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::link_fields::tag;
use crate::scratch::Scratch;

/// Messages in one gush.
const GUSH: u64 = 16;

/// One kind of flood.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    /// What it is called.
    pub name: &'static str,
    /// A gush of it; answers how many messages or connections that were.
    gush: fn(&mut Source) -> u64,
}

/// Each kind.
pub const FLOODS: &[Flood] = &[
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

/// Where a flood comes from.
#[derive(Debug)]
pub struct Source {
    place: Scratch,
    flood: Flood,
    /// The link, as long as the victim keeps it.
    met: Option<Liar>,
    /// The other ends of links that were made, which stay.
    kept: Vec<Socket>,
    /// The same of those that were used.
    used: Vec<Liar>,
    /// How many messages have numbers.
    numbered: u64,
}

impl Source {
    /// A flood of this name, against the victim of this place.
    ///
    /// # Panics
    /// There is none of this name.
    pub fn new(place: &Scratch, name: &str) -> Self {
        let found = FLOODS.iter().find(|flood| flood.name == name);
        let flood = *found.unwrap_or_else(|| panic!("no flood is called {name}"));
        let place = Scratch::of(&place.to_string());
        Self { place, flood, met: None, kept: Vec::new(), used: Vec::new(), numbered: 0 }
    }

    /// So much of it; answers how much it was.
    pub fn flow(mut self, amount: u64) -> u64 {
        let mut sent = 0;
        while sent < amount {
            sent += (self.flood.gush)(&mut self);
        }
        sent
    }

    /// A holder that may send: the last one, or another if that is over.
    fn met(&mut self) -> Liar {
        match self.met.take() {
            Some(liar) if !liar.heard().has_hung_up => liar,
            _ => {
                self.numbered = 0;
                self.kept.clear();
                self.used.clear();
                welcomed(&self.place, A_MOMENT)
            }
        }
    }

    /// A number that was not used on this link.
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// A gush of records, each said by `say` with a number of its own.
    fn gush_of(&mut self, say: impl Fn(&mut Liar, u64)) -> u64 {
        let mut liar = self.met();
        for _ in 0..GUSH {
            say(&mut liar, self.number());
        }
        liar.hear();
        self.met = Some(liar);
        GUSH
    }

    /// A gush of these records, each with the end of a link, whose other ends stay.
    fn gush_with_ends(&mut self, record: impl Fn(u64) -> Record) -> u64 {
        let mut liar = self.met();
        for _ in 0..GUSH {
            let (end, other) = ends();
            let record = record(self.number()).descriptors(1);
            script::say_with(&mut liar, &record, &[end.as_fd()]);
            self.keep(other);
        }
        self.met = Some(liar);
        GUSH
    }

    /// So few that this process has descriptors left; then the link and all that came of it are over.
    fn keep(&mut self, end: Socket) {
        self.kept.push(end);
        if self.kept.len() > KEPT_MAX {
            self.kept.clear();
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

fn connection(source: &mut Source) -> u64 {
    let mut liar = meet(&source.place, None, Duration::ZERO);
    act(&mut liar, &HOLDER[..2]);
    1
}

/// More than the port queues, as soon as the victim is slow.
fn messages(source: &mut Source) -> u64 {
    source.gush_of(|liar, _| send(liar, &Record::message(&[7; 200])))
}

/// The answers to these are never taken. By a token of its own each, so that no queue is full.
fn questions(source: &mut Source) -> u64 {
    source.gush_of(|liar, number| {
        liar.stop_reading();
        send(liar, &Record::message(&[7; 200]).answered_by(number));
        liar.settle();
    })
}

/// Many in each message, of which the victim gives back every one.
fn tokens(source: &mut Source) -> u64 {
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
fn grants(source: &mut Source) -> u64 {
    source.gush_of(|liar, number| {
        send(liar, &Record::message(&[wish::GRANT]).answered_by(number));
        liar.settle();
        liar.hear();
    })
}

fn forks(source: &mut Source) -> u64 {
    source.gush_with_ends(|number| Record::of(word::FORK).token(number))
}

/// On each of the new links somebody says HELLO and hands memory over, so that it counts as used.
fn used_forks(source: &mut Source) -> u64 {
    let mut liar = source.met();
    let (end, other) = ends();
    let record = Record::of(word::FORK).token(source.number()).descriptors(1);
    script::say_with(&mut liar, &record, &[end.as_fd()]);
    drop(end);
    let user = Liar::new(other, None, Duration::ZERO);
    user.say(frames::hello(None), &[]);
    user.hand_over();
    source.used.push(user);
    if source.used.len() > USED_MAX {
        source.used.clear();
    }
    liar.hear();
    source.met = Some(liar);
    1
}

fn strange_forks(source: &mut Source) -> u64 {
    source.gush_of(|liar, number| {
        script::say_with(liar, &Record::of(word::FORK).token(number).descriptors(1), &[nothing().as_fd()]);
    })
}

fn rights(source: &mut Source) -> u64 {
    source.gush_with_ends(|number| {
        let claim = Entry { port: number, secret: 1, owner: (1, 0), ..Entry::of(kind::SEND, number) };
        Record::carrying(&[claim])
    })
}

fn memory(source: &mut Source) -> u64 {
    source.gush_of(|liar, _| script::sealed(liar, script::immutable()))
}

/// Descriptors whose message never comes.
fn ahead(source: &mut Source) -> u64 {
    source.gush_of(|liar, _| {
        let device = nothing();
        script::say_with(liar, &Record::of(word::AHEAD).descriptors(8), &[device.as_fd(); 8]);
    })
}

/// Ports that are about to come and never do.
fn offers(source: &mut Source) -> u64 {
    source.gush_with_ends(|number| Record::of(word::OFFER).body(number.to_le_bytes()))
}

/// Something that ends the link, on one of its own.
fn breach(source: &mut Source) -> u64 {
    let place = usize::try_from(source.number()).unwrap_or(0) % BREACHES.len();
    let mut liar = welcomed(&source.place, A_MOMENT);
    act(&mut liar, &BREACHES[place..=place]);
    1
}
