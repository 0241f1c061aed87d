// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that lies: it takes orders by lines, attacks the victim, and answers what it has seen.
//!
//! It may run as another user. What it does to the victim it does by the [`Liar`]; one honest link it has as well, by
//! which it asks for links that are served by a thread of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, Scope};
use cabotage_link::{Link, Options};
use cabotage_os::processor;
use cabotage_os::socket::Socket;

use super::floods::Source;
use super::liar::{A_MOMENT, Liar};
use super::lie::Lie;
use super::pipe::script::WHOLE_PIPE;
use super::script::{self, Step, WHOLE_LINK};
use super::{descriptors, pipe, victim};
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a liar waits for an end that must come.
const AN_END: Duration = Duration::from_secs(20);

/// Where a victim is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Behind its name: one link of a set.
    Name,
    /// At the end of a pair: a link of its own thread.
    Pair,
    /// Behind the name of its pipe: an instance with a thread of its own.
    Pipe,
}

impl Meeting {
    /// Each of those of a link.
    pub const ALL: [Self; 2] = [Self::Name, Self::Pair];
}

impl std::fmt::Display for Meeting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Pair => "pair",
            Self::Pipe => "pipe",
        })
    }
}

/// One attacker.
#[derive(Debug)]
pub struct Attacker {
    place: Scratch,
    errand: Link,
    /// Links that were prepared for something, or stay silent.
    waiting: Vec<Liar>,
    flood: Option<Flowing>,
}

/// A flood that flows until it is enough.
#[derive(Debug)]
struct Flowing {
    is_enough: Arc<AtomicBool>,
    thread: JoinHandle<String>,
}

/// Plays the attacker: the victim's place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let name: Name = victim::NAME.parse().expect("a name");
    let how = ConnectOptions::new().scope(Scope::System);
    let errand = Link::connect_in(&place.registry(), &name, how, Options::new(), soon());
    let mut errand = errand.expect("a victim that listens");
    // So many that the outboxes have gone before anybody counts.
    for _ in 0..64 {
        errand.send(b"echo", soon()).expect("an honest message");
        errand.receive(soon()).map(drop).expect("an honest answer");
    }
    let mut attacker = Attacker { place, errand, waiting: Vec::new(), flood: None };
    let kinds = descriptors::Kinds::new();
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["lie", meeting, field, value, manner] => attacker.lie(meeting, field, value, manner),
            ["fall-silent", meeting, steps] => {
                attacker.fall_silent(meeting, steps.parse().expect("a number"))
            }
            ["prepare", meeting, place, links] => {
                attacker.prepare(meeting, place, links.parse().expect("a number"))
            }
            ["strike", place, first] => attacker.strike(&kinds, place, first.parse().expect("a number")),
            ["drop"] => attacker.waiting.drain(..).count().to_string(),
            ["flood", flood, amount] => attacker.flood(flood, amount.parse().expect("a number")),
            ["pin", number] => pin(number),
            ["begin", flood, place] => attacker.begin(flood, place),
            ["enough"] => attacker.enough(),
            _ => panic!("an order that nobody understands: {order}"),
        };
        part.say(answer);
    }
}

impl Attacker {
    /// A fresh connection to the victim, on which nothing was said.
    pub fn meet(&mut self, meeting: &str) -> Socket {
        if meeting == "name" {
            let name: Name = victim::NAME.parse().expect("a name");
            let how = ConnectOptions::new().scope(Scope::System);
            let met = self.place.registry().connect(Kind::Link, &name, how, soon());
            return met.expect("a victim that listens");
        }
        if meeting == "pipe" {
            return pipe::meet(&self.place);
        }
        self.errand.send(victim::PAIR, soon()).expect("an honest message");
        let mut answer = self.errand.receive(soon()).expect("an honest answer");
        let far = answer.take_descriptors().pop().expect("the end of a pair");
        Socket::admit(far).expect("the end of a pair")
    }

    /// Goes through all steps with one lie, and waits for the victim to hang up if it must.
    fn lie(&mut self, meeting: &str, field: &str, value: &str, manner: &str) -> String {
        let found = pipe::fields::all().find(|known| known.name == field);
        let field = found.unwrap_or_else(|| panic!("no field is called {field}"));
        let value = value.parse().expect("a value");
        let lie = Lie { field, value, manner: manner.parse().expect("a manner") };
        // One who tells the truth is answered, however long that takes.
        let is_true = value == super::values::Value::Truth;
        let patience = if is_true { AN_END } else { A_MOMENT };
        let mut liar = Liar::new(self.meet(meeting), Some(lie), patience);
        let steps = if meeting == "pipe" { WHOLE_PIPE } else { script::steps_of(field.name) };
        act(&mut liar, steps);
        let told = liar.told();
        let has_ended = liar.wait_for_end(if told.must_be_found { AN_END } else { Duration::ZERO });
        format!("{} {} {has_ended}", told.times, told.must_be_found)
    }

    /// Goes through the first steps and says nothing more, until it is told to drop the link.
    fn fall_silent(&mut self, meeting: &str, steps: usize) -> String {
        let mut liar = Liar::new(self.meet(meeting), None, AN_END);
        let all = if meeting == "pipe" { WHOLE_PIPE } else { WHOLE_LINK };
        act(&mut liar, &all[..steps]);
        self.waiting.push(liar);
        all[steps - 1].0.to_owned()
    }

    /// Links that are ready for descriptors in this place.
    fn prepare(&mut self, meeting: &str, place: &str, links: usize) -> String {
        for _ in 0..links {
            let mut liar = Liar::new(self.meet(meeting), None, AN_END);
            descriptors::prepare(&mut liar, place);
            self.waiting.push(liar);
        }
        "prepared".to_owned()
    }

    /// Sends descriptors of every kind and in every number over what was prepared, from the `first` case on.
    fn strike(&mut self, kinds: &descriptors::Kinds, place: &str, first: usize) -> String {
        for (liar, case) in self.waiting.iter_mut().zip(descriptors::Case::all(kinds).skip(first)) {
            descriptors::strike(liar, kinds, place, case);
        }
        let mut left = Vec::new();
        for (at, mut liar) in self.waiting.drain(..).enumerate() {
            // What passes is taken, and ends when this end goes.
            let is_over = liar.wait_for(AN_END, |liar| {
                liar.heard().has_hung_up || place == "attachment" && liar.is_settled()
            });
            if !is_over {
                left.extend(descriptors::Case::all(kinds).nth(first + at));
                break; // one is enough to know
            }
        }
        format!("{left:?}")
    }
}

impl Attacker {
    /// So much of a flood; answers how much it was, and over how many links.
    fn flood(&self, flood: &str, amount: u64) -> String {
        let mut source = Source::new(&self.place.to_string(), flood);
        let mut sent = 0;
        while sent < amount {
            sent += source.gush();
        }
        format!("{sent} {}", source.end())
    }

    /// Begins a flood of the victim in this place.
    fn begin(&mut self, flood: &str, place: &str) -> String {
        let mut source = Source::new(place, flood);
        let is_enough = Arc::new(AtomicBool::new(false));
        let enough = is_enough.clone();
        let thread = std::thread::spawn(move || {
            let mut sent = 0;
            while !enough.load(Ordering::Relaxed) {
                sent += source.gush();
            }
            format!("{sent} {}", source.end())
        });
        self.flood = Some(Flowing { is_enough, thread });
        "begun".to_owned()
    }

    /// Ends it; answers as [`Attacker::flood`].
    fn enough(&mut self) -> String {
        let flood = self.flood.take().expect("a flood");
        flood.is_enough.store(true, Ordering::Relaxed);
        flood.thread.join().expect("the flood's thread")
    }
}

/// From now on this process runs on one processor.
pub(super) fn pin(number: &str) -> String {
    processor::pin(number.parse().expect("a number")).expect("a processor");
    format!("on {number}")
}

/// Goes through these steps, as long as the victim listens.
pub(super) fn act(liar: &mut Liar, steps: &[Step]) {
    for (_, step) in steps {
        if liar.heard().has_hung_up {
            break;
        }
        step(liar);
    }
}
