// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic of loom's atomics, and ends that use it as processes do.

use cabotage_lane::Fencing;
use cabotage_lane::ring::{Look, OwnRing, StageError, TheirRing};
use cabotage_lane::topic::{Memory, Publisher, Sight, Subscriber, WhenSlow, Words, index_words};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::ends::Bell;

/// Words of a ring, each with the cell in whose place a body's bytes lie, if races count.
#[derive(Clone)]
pub(crate) struct Ring(Arc<Vec<(AtomicU64, UnsafeCell<()>)>>, WhenSlow);

impl Ring {
    fn new(count: usize, when_slow: WhenSlow) -> Self {
        Self(Arc::new((0..count).map(|_| (AtomicU64::new(0), UnsafeCell::new(()))).collect()), when_slow)
    }

    fn place(&self, at: u64) -> &(AtomicU64, UnsafeCell<()>) {
        &self.0[usize::try_from(at).unwrap()]
    }
}

impl OwnRing for Ring {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn store(&self, at: u64, word: u64, order: Ordering) {
        self.place(at).0.store(word, order);
    }

    fn write(&self, at: u64, body: &[u8]) {
        for (word, offset) in body.chunks(8).zip(0..) {
            let word = u64::from_le_bytes(word.try_into().unwrap());
            let (atomic, shadow) = self.place(at / 8 + offset);
            match self.1 {
                WhenSlow::Wait => shadow.with_mut(|_| atomic.store(word, Ordering::Relaxed)),
                WhenSlow::Drop => atomic.store(word, Ordering::Relaxed),
            }
        }
    }
}

impl TheirRing for Ring {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn load(&self, at: u64) -> u64 {
        self.place(at).0.load(Ordering::Relaxed)
    }

    fn read(&self, at: u64, body: &mut [u8]) {
        for (target, offset) in body.chunks_mut(8).zip(0..) {
            let (atomic, shadow) = self.place(at / 8 + offset);
            let word = match self.1 {
                WhenSlow::Wait => shadow.with(|_| atomic.load(Ordering::Relaxed)),
                WhenSlow::Drop => atomic.load(Ordering::Relaxed),
            };
            target.copy_from_slice(&word.to_le_bytes()[..target.len()]);
        }
    }
}

/// State words, which stand far apart in memory and close together here.
#[derive(Clone)]
pub(crate) struct Sparse(Arc<Vec<AtomicU64>>);

/// Words that follow one another.
#[derive(Clone)]
pub(crate) struct Dense(Arc<Vec<AtomicU64>>);

fn zeroes(count: usize) -> Arc<Vec<AtomicU64>> {
    Arc::new((0..count).map(|_| AtomicU64::new(0)).collect())
}

impl Words for Sparse {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn word(&self, at: u64) -> &AtomicU64 {
        &self.0[usize::try_from(at / 16 + at % 16).unwrap()]
    }
}

/// The index, which is dense.
impl Words for Dense {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn word(&self, at: u64) -> &AtomicU64 {
        &self.0[usize::try_from(at).unwrap() % self.0.len()]
    }
}

/// What stands for a map.
#[derive(Clone)]
pub(crate) enum Any {
    Sparse(Sparse),
    Dense(Dense),
}

impl Words for Any {
    fn words(&self) -> u64 {
        match self {
            Self::Sparse(words) => words.words(),
            Self::Dense(words) => words.words(),
        }
    }

    fn word(&self, at: u64) -> &AtomicU64 {
        match self {
            Self::Sparse(words) => words.word(at),
            Self::Dense(words) => words.word(at),
        }
    }
}

pub(crate) const PLACES: u32 = 2;

/// All memory and all bells of one topic.
#[derive(Clone)]
pub(crate) struct Topic {
    ring: Ring,
    board: Any,
    index: Any,
    roster: Any,
    when_slow: WhenSlow,
    pub(crate) bells: [Bell; PLACES as usize],
    pub(crate) room: Bell,
}

impl Topic {
    pub(crate) fn new(ring_words: usize, when_slow: WhenSlow) -> Self {
        let index = usize::try_from(index_words(ring_words as u64, 1)).unwrap();
        Self {
            ring: Ring::new(ring_words, when_slow),
            board: Any::Sparse(Sparse(zeroes(4))),
            index: Any::Dense(Dense(zeroes(index))),
            roster: Any::Sparse(Sparse(zeroes(2 + PLACES as usize))),
            when_slow,
            bells: Default::default(),
            room: Bell::default(),
        }
    }

    fn memory(&self) -> Memory<Any, Any> {
        let Self { board, index, roster, .. } = self.clone();
        Memory { board, index, roster }
    }

    pub(crate) fn publish(&self) -> Publishing {
        self.publish_fencing(Fencing::Both)
    }

    pub(crate) fn publish_fencing(&self, fencing: Fencing) -> Publishing {
        let (ring, memory) = (self.ring.clone(), self.memory());
        let lane = Publisher::resume(ring, memory, self.when_slow, PLACES, fencing, 0).unwrap();
        Publishing { lane, topic: self.clone() }
    }

    pub(crate) fn read(&self, place: u32, history: u64) -> Reading {
        let (ring, memory) = (self.ring.clone(), self.memory());
        let lane = Subscriber::join(ring, memory, self.when_slow, place, Fencing::Both, history).unwrap();
        let mut reading = Reading { lane, topic: self.clone(), missed: 0 };
        reading.answer();
        reading
    }
}

/// The publishing end with all bells.
pub(crate) struct Publishing {
    pub(crate) lane: Publisher<Ring, Any, Any>,
    pub(crate) topic: Topic,
}

/// A reading end with its bell.
pub(crate) struct Reading {
    pub(crate) lane: Subscriber<Ring, Any, Any>,
    topic: Topic,
    pub(crate) missed: u64,
}

/// What word `at` of record `number` is: a header of a record of one word, but for the bits that tell the number.
pub(crate) fn word(number: u64, at: usize) -> u64 {
    (number * 16 + at as u64) << 40 | 16 << 32 | 8
}

pub(crate) fn body(number: u64, words: usize) -> Vec<u8> {
    (0..words).flat_map(|at| word(number, at).to_le_bytes()).collect()
}

impl Publishing {
    /// Sends a record of these bytes, sleeping for room where it must.
    pub(crate) fn send_bytes(&mut self, body: &[u8]) {
        let must_ring = loop {
            match self.lane.send(body) {
                Ok(must_ring) => break must_ring,
                Err(StageError::Full(_)) => self.sleep(),
                Err(other) => panic!("{other}"),
            }
        };
        if must_ring {
            self.ring();
        }
    }

    pub(crate) fn send(&mut self, words: usize) {
        let number = self.lane.published() + 1;
        self.send_bytes(&body(number, words));
    }

    fn sleep(&mut self) {
        self.lane.announce();
        if !self.lane.make_some_room() {
            self.topic.room.hear();
        }
        self.lane.awake();
    }

    /// Sleeps until everybody has read everything.
    pub(crate) fn wait_until_read(&mut self) {
        while !self.lane.lagging().is_empty() {
            self.lane.announce();
            if !self.lane.lagging().is_empty() {
                self.topic.room.hear();
            }
            self.lane.awake();
        }
    }

    pub(crate) fn ring(&self) {
        self.topic.bells.iter().for_each(Bell::ring);
    }
}

impl Reading {
    /// Looks once; whether a record was taken, which is the one that its number says.
    pub(crate) fn look(&mut self) -> bool {
        let found = match self.lane.look().unwrap() {
            Sight::Record(shape) | Sight::First(shape) => {
                let (number, mut copy) = (self.lane.number(), vec![0; shape.bytes()]);
                match self.lane.take(&mut copy) {
                    Ok(bytes) => {
                        assert_eq!(copy, body(number, bytes / 8), "record {number}");
                        true
                    }
                    Err(_) => self.catch_up(),
                }
            }
            Sight::Overtaken => self.catch_up(),
            Sight::Empty => false,
        };
        self.answer();
        found
    }

    fn catch_up(&mut self) -> bool {
        let missed = self.lane.catch_up().unwrap();
        assert!(missed > 0, "whoever was overtaken has missed something");
        self.missed += missed;
        false
    }

    pub(crate) fn answer(&mut self) {
        if self.lane.take_bell() {
            self.topic.room.ring();
        }
    }

    /// Takes everything up to record `last`, spinning.
    pub(crate) fn spin_to(&mut self, last: u64) {
        while self.lane.number() <= last {
            if !self.look() {
                thread::yield_now();
            }
        }
    }

    /// Takes everything up to record `last`, sleeping.
    pub(crate) fn sleep_to(&mut self, last: u64) {
        while self.lane.number() <= last {
            if !self.look() {
                self.sleep();
            }
        }
    }

    pub(crate) fn sleep(&mut self) {
        let found = self.lane.arm().unwrap();
        self.answer();
        if found == Look::Armed {
            self.topic.bells[usize::try_from(self.lane.place()).unwrap()].hear();
        }
    }
}
