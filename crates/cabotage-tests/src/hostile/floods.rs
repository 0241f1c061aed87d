// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of everything: connections, bells, HELLOs, descriptors, segments, messages, lies.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, Scope};
use cabotage_os::socket::Socket;

use super::channel::fields::KNOCK;
use super::frames::{self, Purpose};
use super::liar::{A_MOMENT, Liar};
use super::link_fields::{frame, tag};
use super::tasks::{self, Task};
use super::victim;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a link that is over may take to hang up before it is left alone.
const PATIENCE: Duration = Duration::from_secs(5);

/// One kind of flood.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    /// What it is called.
    pub name: &'static str,
    /// A gush of it; answers how many messages or connections that were.
    gush: fn(&mut Source) -> u64,
    /// Whether the victim must say that a rule was broken, each time.
    pub is_fault: bool,
}

/// Each kind.
pub const FLOODS: &[Flood] = &[
    Flood { name: "connections", gush: connection, is_fault: false },
    Flood { name: "bells", gush: bells, is_fault: false },
    Flood { name: "messages", gush: messages, is_fault: false },
    Flood { name: "questions-without-a-reader", gush: questions, is_fault: false },
    Flood { name: "hellos", gush: hellos, is_fault: true },
    Flood { name: "descriptors", gush: descriptors, is_fault: true },
    Flood { name: "segments", gush: segments, is_fault: true },
    Flood { name: "lies", gush: lie, is_fault: true },
    Flood { name: "lies-in-a-row", gush: lies_in_a_row, is_fault: true },
];

impl Flood {
    /// The flood of this name.
    pub fn find(name: &str) -> Self {
        let found = FLOODS.iter().find(|flood| flood.name == name);
        *found.unwrap_or_else(|| panic!("no flood is called {name}"))
    }
}

/// Where a flood comes from.
#[derive(Debug)]
pub struct Source {
    place: Scratch,
    flood: Flood,
    /// The kind of the victim's name, the name, and what is said with each HELLO.
    target: (Kind, &'static str, Option<&'static [u8]>),
    /// A link on which both outboxes have gone, for floods that need one.
    met: Option<Liar>,
    /// How many links there were.
    links: u64,
}

impl Source {
    /// A flood of this kind, against the victim of this place.
    pub fn new(place: &str, flood: &str) -> Self {
        Self::of(place, flood, (Kind::Link, victim::NAME, None))
    }

    /// The same against the producer of a channel of this name.
    pub fn of_channel(place: &str, name: &'static str, flood: &str) -> Self {
        Self::of(place, flood, (Kind::Channel, name, Some(KNOCK)))
    }

    fn of(place: &str, flood: &str, target: (Kind, &'static str, Option<&'static [u8]>)) -> Self {
        Self { place: Scratch::of(place), flood: Flood::find(flood), target, met: None, links: 0 }
    }

    /// Some more of it; answers how many messages or connections that were.
    pub fn gush(&mut self) -> u64 {
        (self.flood.gush)(self)
    }

    /// How many links there were, once there will be no more.
    pub fn end(mut self) -> u64 {
        if let Some(mut liar) = self.met.take() {
            liar.say(vec![frame::BYE], &[]);
            liar.hear();
        }
        self.links
    }

    fn connect(&mut self) -> Socket {
        let (kind, name, _) = self.target;
        let name: Name = name.parse().expect("a name");
        let how = ConnectOptions::new().scope(Scope::System);
        self.links += 1;
        let met = self.place.registry().connect(kind, &name, how, soon());
        met.expect("a victim that listens")
    }

    /// A link on which a HELLO was said and nothing more.
    fn greeted(&mut self) -> Liar {
        let liar = Liar::new(self.connect(), None, A_MOMENT);
        liar.say(frames::hello(self.target.2), &[]);
        liar
    }

    /// The link on which both outboxes have gone, a new one where the last is over.
    fn met(&mut self) -> Liar {
        match self.met.take() {
            Some(liar) if !liar.heard().has_hung_up => liar,
            _ => {
                let mut liar = self.greeted();
                liar.hand_over();
                liar.send(tag::PLAIN, &tasks::ask(Task::Echo));
                liar.wait_until(|liar| liar.heard().messages > 0);
                liar
            }
        }
    }
}

fn connection(source: &mut Source) -> u64 {
    drop(source.connect());
    1
}

fn bells(source: &mut Source) -> u64 {
    let mut liar = source.met();
    let rung = (0..64).filter(|_| liar.say(vec![frame::BELL], &[])).count();
    liar.hear();
    source.met = Some(liar);
    rung as u64
}

fn messages(source: &mut Source) -> u64 {
    let mut liar = source.met();
    for _ in 0..64 {
        liar.send(tag::PLAIN, &tasks::ask(Task::Nothing));
    }
    liar.hear();
    source.met = Some(liar);
    64
}

/// The answers to these are never taken.
fn questions(source: &mut Source) -> u64 {
    let mut liar = source.met();
    let asked = (0..64).filter(|_| liar.write_if_room(tag::PLAIN, &tasks::ask(Task::Bytes(1_200)))).count();
    liar.ring();
    source.met = Some(liar);
    asked as u64
}

fn hellos(source: &mut Source) -> u64 {
    let liar = source.greeted();
    until_it_ends(liar, |liar| liar.say(frames::hello(None), &[]))
}

fn descriptors(source: &mut Source) -> u64 {
    let file = File::open("/dev/null").expect("/dev/null");
    let liar = source.greeted();
    until_it_ends(liar, |liar| {
        liar.send_descriptors(&[file.as_fd(); 8]);
        true
    })
}

fn segments(source: &mut Source) -> u64 {
    let liar = source.greeted();
    until_it_ends(liar, |liar| {
        drop(liar.segment(Purpose::Block));
        true
    })
}

/// One bad message on a link of its own.
fn lie(source: &mut Source) -> u64 {
    let liar = source.greeted();
    liar.say(vec![255], &[]);
    until_it_ends(liar, |_| false) + 1
}

/// Many on one link, of which the first ends it.
fn lies_in_a_row(source: &mut Source) -> u64 {
    let liar = source.greeted();
    let said = (0..200_u8).filter(|number| liar.say(vec![9 + number % 240; 40], &[])).count();
    until_it_ends(liar, |_| false) + said as u64
}

/// Says more and more until the victim has hung up; answers how often.
fn until_it_ends(mut liar: Liar, mut more: impl FnMut(&mut Liar) -> bool) -> u64 {
    let mut said = 0;
    while said < 1_000 && more(&mut liar) {
        said += 1;
        liar.hear();
        if liar.heard().has_hung_up {
            return said;
        }
    }
    liar.wait_for_end(PATIENCE);
    said
}
