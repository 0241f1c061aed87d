// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of a sender and a receiver over one small ring.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p cabotage-lane --test loom_ring`. Payload words imitate
//! headers, so that a header polled too early or not cleared is taken for a record and caught. Each word has a
//! shadow cell, so that a body read while it is written is a race even where its value happens to be right.
#![cfg(loom)]

use cabotage_lane::ring::{Event, Look, OwnRing, Receiver, Sender, StageError, TheirRing};
use cabotage_lane::{Control, Controls};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

const TAG: u8 = 16;

/// What a forged record of one word would look like.
const FORGED: u64 = 16 << 32 | 8;

#[derive(Clone)]
struct Words(Arc<Vec<(AtomicU64, UnsafeCell<()>)>>);

impl Words {
    fn new(count: usize) -> Self {
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
        for (word, offset) in body.chunks(8).zip(0..) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            let (atomic, shadow) = self.place(at + offset);
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
        for (target, offset) in body.chunks_mut(8).zip(0..) {
            let (atomic, shadow) = self.place(at + offset);
            let word = shadow.with(|_| atomic.load(Ordering::Relaxed));
            target.copy_from_slice(&word.to_le_bytes()[..target.len()]);
        }
    }
}

/// The control words of both ends, from one of them.
struct View {
    own: Arc<Control>,
    peer: Arc<Control>,
}

impl Controls for View {
    fn own(&self) -> &Control {
        &self.own
    }

    fn peer(&self) -> &Control {
        &self.peer
    }
}

/// A bell as a socket gives it: rings are kept until they are heard.
#[derive(Clone, Default)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    fn ring(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }

    fn hear(&self) {
        let mut rung = self.0.0.lock().unwrap();
        while !*rung {
            rung = self.0.1.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// Both ends of a lane, with the bells that wake them.
struct Lane {
    sender: Sender<Words, View>,
    receiver: Receiver<Words, View>,
    to_receiver: Bell,
    to_sender: Bell,
}

fn lane(ring_words: usize) -> Lane {
    let ring = Words::new(ring_words);
    let controls = [Arc::new(Control::default()), Arc::new(Control::default())];
    let view = |own: usize| View { own: controls[own].clone(), peer: controls[1 - own].clone() };
    Lane {
        sender: Sender::new(ring.clone(), view(0)),
        receiver: Receiver::new(ring, view(1)),
        to_receiver: Bell::default(),
        to_sender: Bell::default(),
    }
}

type Ends<'a> = (&'a mut Sender<Words, View>, &'a Bell, &'a Bell);

/// Sends one record, sleeping for room as a link does.
fn send((sender, to_receiver, to_sender): Ends<'_>, body: &[u8]) {
    loop {
        match sender.stage(TAG, body) {
            Ok(()) => break,
            Err(StageError::Full(_)) => {
                if sender.arm_for_room(u32::try_from(body.len()).unwrap()).unwrap() {
                    to_sender.hear();
                }
                sender.awake();
            }
            Err(other) => panic!("{other}"),
        }
    }
    if sender.publish() {
        to_receiver.ring();
    }
}

/// Receives one record of exactly `body`, sleeping until it comes.
fn expect(receiver: &mut Receiver<Words, View>, (own, to_sender): (&Bell, &Bell), body: &[u8]) {
    loop {
        let done = match receiver.receive().unwrap() {
            Event::Record(record) => {
                let mut seen = vec![0; record.bytes()];
                record.copy_to(&mut seen);
                assert_eq!(seen, body);
                true
            }
            Event::Continue { segment } => panic!("an unasked ring {segment}"),
            Event::Empty => false,
        };
        if receiver.take_bell() {
            to_sender.ring();
        }
        if done {
            return;
        }
        match receiver.arm().unwrap() {
            Look::Ready => {}
            Look::Armed => own.hear(),
        }
        receiver.disarm();
        if receiver.take_bell() {
            to_sender.ring();
        }
    }
}

/// Explores a lane that carries `bodies` one by one, both ends sleeping whenever they must.
fn explore(ring_words: usize, bodies: &'static [&'static [u64]]) {
    loom::model(move || {
        let Lane { mut sender, mut receiver, to_receiver, to_sender } = lane(ring_words);
        let bells = (to_receiver.clone(), to_sender.clone());
        let sending = thread::spawn(move || {
            for body in bodies {
                send((&mut sender, &bells.0, &bells.1), &bytes(body));
            }
        });
        for body in bodies {
            expect(&mut receiver, (&to_receiver, &to_sender), &bytes(body));
        }
        sending.join().unwrap();
    });
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn records_arrive_whole_in_order_and_once_though_bodies_imitate_headers() {
    explore(8, &[&[FORGED], &[FORGED]]);
}

#[test]
fn a_ring_that_wraps_shows_no_old_payload_as_a_record() {
    explore(8, &[&[FORGED], &[], &[FORGED], &[FORGED]]);
}

#[test]
fn a_sender_that_sleeps_for_room_is_woken() {
    explore(8, &[&[1], &[2], &[3], &[4], &[5]]);
}

#[test]
fn words_are_used_again_only_after_they_were_read() {
    loom::model(|| {
        // Nothing but the count of consumed words orders the two ends here: no bell, no lock; and the receiver tells
        // of two records at once, so that no fence of an earlier telling stands between reading and telling.
        let Lane { mut sender, mut receiver, .. } = lane(16);
        let sending = thread::spawn(move || {
            for body in 1..=6 {
                match sender.stage(TAG, &[body; 16]) {
                    Ok(()) => assert!(!sender.publish()),
                    Err(error) => assert!(matches!(error, StageError::Full(_)), "{error}"),
                }
            }
        });
        for _look in 0..2 {
            if let Event::Record(record) = receiver.receive().unwrap() {
                record.copy_to(&mut [0; 16]);
            }
        }
        sending.join().unwrap();
    });
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    loom::model(|| {
        let Lane { mut sender, mut receiver, .. } = lane(16);
        let sending = thread::spawn(move || {
            for body in [FORGED, 2, 3] {
                sender.stage(TAG, &body.to_le_bytes()).unwrap();
            }
            let _ = sender.publish();
        });
        let mut seen = Vec::new();
        for _look in 0..4 {
            match receiver.receive().unwrap() {
                Event::Record(record) => {
                    let mut body = [0; 8];
                    record.copy_to(&mut body);
                    seen.push(u64::from_le_bytes(body));
                }
                _ => assert!(seen.is_empty() || seen.len() == 3, "{seen:?}"),
            }
        }
        sending.join().unwrap();
    });
}

#[test]
fn a_lane_goes_on_in_a_larger_ring_without_losing_its_place() {
    loom::model(|| {
        let Lane { mut sender, mut receiver, .. } = lane(8);
        let larger = Words::new(16);
        let theirs = larger.clone();
        let sending = thread::spawn(move || {
            sender.stage(TAG, &FORGED.to_le_bytes()).unwrap();
            let _ = sender.publish();
            let (_old, end, _bell) = sender.continue_in(larger, 7).map_err(|(_, error)| error).unwrap();
            sender.stage(TAG, &[7; 16]).unwrap();
            let _ = sender.publish();
            (sender, end)
        });
        let mut larger = Some(theirs);
        let mut sizes = Vec::new();
        while sizes.len() < 2 {
            let announced = match receiver.receive().unwrap() {
                Event::Record(record) => {
                    sizes.push(record.bytes());
                    None
                }
                Event::Continue { segment } => Some(segment),
                Event::Empty => {
                    thread::yield_now();
                    None
                }
            };
            if let Some(segment) = announced {
                assert_eq!(segment, 7);
                assert!(receiver.continue_in(larger.take().unwrap()).is_ok());
            }
        }
        assert_eq!(sizes, [8, 16]);
        let (mut sender, end) = sending.join().unwrap();
        assert!(sender.has_left(end).unwrap());
    });
}
