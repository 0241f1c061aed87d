// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a flood comes from that is a gush after the other, over one link as long as that lives: the same for every kind
//! of peer.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::attacker::act;
use super::liar::Liar;
use super::script::Step;
use crate::scratch::Scratch;

/// Messages in one gush.
pub(super) const GUSH: u64 = 16;

/// A kind of peer that floods, and what it keeps as long as its link lives.
pub trait Flooder: Debug + Default + Send + 'static {
    /// Each kind of its floods.
    const FLOODS: &'static [Flood<Self>];

    /// A fresh link to the victim of this place, on which nothing was said.
    fn meet(place: &Scratch, patience: Duration) -> Liar;

    /// One on which everything may be said.
    fn welcomed(place: &Scratch) -> Liar;

    /// How it begins, and what ends its link once it is welcome.
    fn steps() -> (&'static [Step], &'static [Step]);
}

/// One kind of flood.
#[derive(Debug)]
pub struct Flood<F: 'static> {
    /// What it is called.
    pub name: &'static str,
    /// A gush of it; answers how many messages or connections that were.
    pub(super) gush: fn(&mut Source<F>) -> u64,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Source<F: 'static> {
    pub(super) place: Scratch,
    gush: fn(&mut Self) -> u64,
    /// The link, as long as the victim keeps it.
    pub(super) link: Option<Liar>,
    /// What is kept as long.
    pub(super) flooder: F,
    /// How many messages have numbers.
    numbered: u64,
}

impl<F: Flooder> Source<F> {
    /// A flood of this name, against the victim of this place.
    ///
    /// # Panics
    /// There is none of this name.
    pub fn new(place: &Scratch, name: &str) -> Self {
        let found = F::FLOODS.iter().find(|flood| flood.name == name);
        let flood = found.unwrap_or_else(|| panic!("no flood is called {name}"));
        let place = Scratch::of(&place.to_string());
        Self { place, gush: flood.gush, link: None, flooder: F::default(), numbered: 0 }
    }

    /// So much of it; answers how much it was.
    pub fn flow(mut self, amount: u64) -> u64 {
        let mut sent = 0;
        while sent < amount {
            sent += (self.gush)(&mut self);
        }
        sent
    }

    /// A peer that may send: the last one, or another if that is over.
    pub(super) fn met(&mut self) -> Liar {
        match self.link.take() {
            Some(liar) if !liar.heard().has_hung_up => liar,
            _ => {
                self.numbered = 0;
                self.flooder = F::default();
                F::welcomed(&self.place)
            }
        }
    }

    /// A number that was not used on this link.
    pub(super) fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// A gush of messages, each said by `say` with a number of its own.
    pub(super) fn gush_of(&mut self, say: impl Fn(&mut Liar, u64)) -> u64 {
        let mut liar = self.met();
        for _ in 0..GUSH {
            say(&mut liar, self.number());
        }
        liar.hear();
        self.link = Some(liar);
        GUSH
    }
}

/// Connects, says HELLO, and goes.
pub(super) fn connection<F: Flooder>(source: &mut Source<F>) -> u64 {
    let mut liar = F::meet(&source.place, Duration::ZERO);
    act(&mut liar, &F::steps().0[..2]);
    1
}

/// Something that ends the link, on one of its own.
pub(super) fn breach<F: Flooder>(source: &mut Source<F>) -> u64 {
    let breaches = F::steps().1;
    let place = usize::try_from(source.number()).unwrap_or(0) % breaches.len();
    let mut liar = F::welcomed(&source.place);
    act(&mut liar, &breaches[place..=place]);
    1
}

/// A flood that flows until it is enough.
#[derive(Debug)]
pub(super) struct Flowing {
    is_enough: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Flowing {
    /// Begins one of this name, against the victim of this place.
    pub(super) fn begin<F: Flooder>(place: &Scratch, name: &str) -> Self {
        let mut source = Source::<F>::new(place, name);
        let is_enough = Arc::new(AtomicBool::new(false));
        let enough = Arc::clone(&is_enough);
        let thread = std::thread::spawn(move || {
            let mut sent = 0;
            while !enough.load(Ordering::Relaxed) {
                sent += (source.gush)(&mut source);
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
