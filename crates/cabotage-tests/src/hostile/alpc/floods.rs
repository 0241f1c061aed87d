// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of what clients of ALPC may say: each flood is a gush after the other, over one link as long as that lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::fields::{RANGE_BYTES, attribute, message, said};
use super::liar::meet;
use super::script::{self, ACCEPTED, BREACHES, CLIENT, wish};
use crate::hostile::attacker::act;
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
    Flood { name: "datagrams", gush: datagrams },
    Flood { name: "requests-without-a-reader", gush: requests },
    Flood { name: "requests-that-are-kept", gush: kept },
    Flood { name: "views", gush: views },
    Flood { name: "handles", gush: handles },
    Flood { name: "handles-without-a-message", gush: strays },
    Flood { name: "bodies-that-never-come", gush: bodies },
    Flood { name: "breaches", gush: breach },
];

/// Where a flood comes from.
#[derive(Debug)]
pub struct Source {
    place: Scratch,
    flood: Flood,
    /// The link, as long as the victim keeps it.
    met: Option<Liar>,
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
        Self { place: Scratch::of(&place.to_string()), flood, met: None, numbered: 0 }
    }

    /// So much of it; answers how much it was.
    pub fn flow(mut self, amount: u64) -> u64 {
        let mut sent = 0;
        while sent < amount {
            sent += (self.flood.gush)(&mut self);
        }
        sent
    }

    /// A client that is in: the last one, or another if that is over.
    fn met(&mut self) -> Liar {
        match self.met.take() {
            Some(liar) if !liar.heard().has_hung_up => liar,
            _ => {
                self.numbered = 0;
                let mut liar = meet(&self.place, None, A_MOMENT);
                act(&mut liar, &CLIENT[..ACCEPTED]);
                liar
            }
        }
    }

    /// A number that was not used on this link.
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// A gush of messages, each said by `say` with a number of its own.
    fn gush_of(&mut self, say: impl Fn(&mut Liar, u64)) -> u64 {
        let mut liar = self.met();
        for _ in 0..GUSH {
            say(&mut liar, self.number());
        }
        liar.hear();
        self.met = Some(liar);
        GUSH
    }
}

/// A flood that flows until it is enough.
#[derive(Debug)]
pub(super) struct Flowing {
    is_enough: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Flowing {
    pub(super) fn begin(place: Scratch, name: &str) -> Self {
        let mut source = Source::new(&place, name);
        let is_enough = Arc::new(AtomicBool::new(false));
        let enough = Arc::clone(&is_enough);
        let thread = std::thread::spawn(move || {
            let mut sent = 0;
            while !enough.load(Ordering::Relaxed) {
                sent += (source.flood.gush)(&mut source);
            }
            sent
        });
        Self { is_enough, thread }
    }

    /// Ends it; answers how much it was.
    pub(super) fn enough(self) -> u64 {
        self.is_enough.store(true, Ordering::Relaxed);
        self.thread.join().expect("the flood's thread")
    }
}

fn connection(source: &mut Source) -> u64 {
    let mut liar = meet(&source.place, None, Duration::ZERO);
    act(&mut liar, &CLIENT[..2]);
    1
}

fn datagrams(source: &mut Source) -> u64 {
    source.gush_of(|liar, _| liar.send(tag::PLAIN, &message(said::DATAGRAM, 0, 0, &[], &[7; 200])))
}

/// The answers to these are never taken.
fn requests(source: &mut Source) -> u64 {
    source.gush_of(|liar, id| {
        liar.stop_reading();
        liar.write_if_room(tag::PLAIN, &message(said::REQUEST, id, 1, &[], &[7; 200]));
        liar.ring();
    })
}

fn kept(source: &mut Source) -> u64 {
    source.gush_of(|liar, id| script::request(liar, id, &[wish::KEEP]))
}

fn views(source: &mut Source) -> u64 {
    source.gush_of(|liar, id| script::send_view(liar, id, b""))
}

fn handles(source: &mut Source) -> u64 {
    source.gush_of(|liar, id| script::send_handles(liar, id, id, 4))
}

/// Handles whose message never comes, each of another one.
fn strays(source: &mut Source) -> u64 {
    source.gush_of(|liar, group| script::hand(liar, &message(said::HANDLES, group, 0, &[], b""), 4))
}

/// The body is the range, and is not sent when it is asked for.
fn bodies(source: &mut Source) -> u64 {
    source.gush_of(|liar, id| {
        let ranges = attribute(2, 1, &[0, RANGE_BYTES, 0]);
        liar.send(tag::PLAIN, &message(said::REQUEST, id, 1, &ranges, &[]));
    })
}

/// Something that ends the link, on one of its own.
fn breach(source: &mut Source) -> u64 {
    let place = usize::try_from(source.number()).unwrap_or(0) % BREACHES.len();
    let mut liar = meet(&source.place, None, A_MOMENT);
    act(&mut liar, &CLIENT[..ACCEPTED]);
    act(&mut liar, &BREACHES[place..=place]);
    1
}
