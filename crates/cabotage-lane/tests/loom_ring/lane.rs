// SPDX-License-Identifier: MIT OR Apache-2.0
//! A ring of loom's atomics, bells, and the two ends of a lane that use them as a link does.

use cabotage_lane::ring::{Look, OwnRing, Receiver, Sender, Sight, StageError, TheirRing};
use cabotage_lane::{Control, Fencing, Tag};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::ends::{Bell, View};

pub(crate) const TAG: Tag = 16;

/// What a forged record of one word would look like.
pub(crate) const FORGED: u64 = 16 << 32 | 8;

/// Words that this end writes or the peer does, each with the cell in whose place a body's bytes lie.
#[derive(Clone)]
pub(crate) struct Words(Arc<Vec<(AtomicU64, UnsafeCell<()>)>>);

impl Words {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new((0..count).map(|_| (AtomicU64::new(0), UnsafeCell::new(()))).collect()))
    }

    fn place(&self, at: u64) -> &(AtomicU64, UnsafeCell<()>) {
        &self.0[usize::try_from(at).unwrap()]
    }
}

impl OwnRing for Words {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn store(&self, at: u64, word: u64, order: Ordering) {
        self.place(at).0.store(word, order);
    }

    fn write(&self, at: u64, body: &[u8]) {
        assert_eq!(at % 8, 0, "models write whole words");
        for (word, offset) in body.chunks(8).zip(0..) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            let (atomic, shadow) = self.place(at / 8 + offset);
            shadow.with_mut(|_| atomic.store(u64::from_le_bytes(bytes), Ordering::Relaxed));
        }
    }
}

impl TheirRing for Words {
    fn words(&self) -> u64 {
        self.0.len() as u64
    }

    fn load(&self, at: u64) -> u64 {
        self.place(at).0.load(Ordering::Relaxed)
    }

    fn read(&self, at: u64, body: &mut [u8]) {
        assert_eq!(at % 8, 0, "models read whole words");
        for (target, offset) in body.chunks_mut(8).zip(0..) {
            let (atomic, shadow) = self.place(at / 8 + offset);
            let word = shadow.with(|_| atomic.load(Ordering::Relaxed));
            target.copy_from_slice(&word.to_le_bytes()[..target.len()]);
        }
    }
}

/// One end with the bell that wakes it and the one it rings.
pub(crate) struct Sending {
    pub(crate) lane: Sender<Words, View>,
    pub(crate) own: Bell,
    pub(crate) peer: Bell,
}

/// As [`Sending`].
pub(crate) struct Receiving {
    pub(crate) lane: Receiver<Words, View>,
    pub(crate) own: Bell,
    pub(crate) peer: Bell,
}

pub(crate) fn lane(ring_words: usize) -> (Sending, Receiving) {
    lane_that_fences(ring_words, Fencing::Both)
}

pub(crate) fn lane_that_fences(ring_words: usize, fencing: Fencing) -> (Sending, Receiving) {
    let ring = Words::new(ring_words);
    let controls = [Arc::new(Control::default()), Arc::new(Control::default())];
    let view = |own: usize| View { own: controls[own].clone(), peer: controls[1 - own].clone() };
    let (to_sender, to_receiver) = (Bell::default(), Bell::default());
    let mut sender = Sender::new(ring.clone(), view(0));
    sender.meet(view(0), fencing);
    let receiver = Receiver::new(ring, view(1), fencing);
    (
        Sending { lane: sender, own: to_sender.clone(), peer: to_receiver.clone() },
        Receiving { lane: receiver, own: to_receiver, peer: to_sender },
    )
}

impl Sending {
    /// Stages one record, sleeping for room as a link does.
    pub(crate) fn stage(&mut self, body: &[u8]) {
        loop {
            match self.lane.stage(TAG, 0, body) {
                Ok(()) => return,
                Err(StageError::Full(_)) => {
                    if self.lane.arm_for_room(body.len()).unwrap() {
                        self.own.hear();
                    }
                    self.lane.awake();
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    pub(crate) fn publish(&mut self) {
        if self.lane.publish() {
            self.peer.ring();
        }
    }

    pub(crate) fn send(&mut self, body: &[u64]) {
        self.stage(&bytes(body));
        self.publish();
    }

    /// As [`Sending::send`], written in place.
    pub(crate) fn send_loan(&mut self, body: &[u64]) {
        let mut loan = self.lane.loan(TAG, 0, body.len() * 8).unwrap();
        loan.write_at(0, &bytes(body));
        loan.stage();
        self.publish();
    }

    /// Spins until everything before `end` is consumed.
    pub(crate) fn wait_until_left(&mut self, end: u64) {
        while !self.lane.has_left(end).unwrap() {
            thread::yield_now();
        }
    }
}

impl Receiving {
    /// Looks once; the body of what is there.
    pub(crate) fn look(&mut self) -> Option<Vec<u64>> {
        let found = match self.lane.look().unwrap() {
            Sight::Record(shape) => {
                let mut body = vec![0; shape.bytes()];
                self.lane.take().copy_to(&mut body);
                Some(body.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect())
            }
            Sight::Empty => None,
            news => panic!("nobody sends {news:?}"),
        };
        self.answer();
        found
    }

    /// Rings the sender if it must be rung.
    pub(crate) fn answer(&mut self) {
        if self.lane.take_bell() {
            self.peer.ring();
        }
    }

    /// Receives one record of exactly `body`, sleeping until it comes.
    pub(crate) fn expect(&mut self, body: &[u64]) {
        loop {
            if let Some(seen) = self.look() {
                return assert_eq!(seen, body);
            }
            self.sleep();
        }
    }

    /// Receives one record of exactly `body`, spinning until it comes.
    pub(crate) fn spin_for(&mut self, body: &[u64]) {
        loop {
            if let Some(seen) = self.look() {
                return assert_eq!(seen, body);
            }
            thread::yield_now();
        }
    }

    /// Sleeps until there is something, or seems to be.
    pub(crate) fn sleep(&mut self) {
        let found = self.lane.arm().unwrap();
        self.answer();
        if found == Look::Armed {
            self.own.hear();
        }
        self.lane.disarm();
    }
}

pub(crate) fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Explores a lane that carries `bodies` one by one, both ends sleeping whenever they must.
pub(crate) fn explore(ring_words: usize, bodies: &'static [&'static [u64]]) {
    explore_fencing(ring_words, bodies, Fencing::Both);
}

pub(crate) fn explore_fencing(ring_words: usize, bodies: &'static [&'static [u64]], fencing: Fencing) {
    loom::model(move || {
        let (mut sender, mut receiver) = lane_that_fences(ring_words, fencing);
        let sending = thread::spawn(move || bodies.iter().for_each(|body| sender.send(body)));
        bodies.iter().for_each(|body| receiver.expect(body));
        sending.join().unwrap();
    });
}
