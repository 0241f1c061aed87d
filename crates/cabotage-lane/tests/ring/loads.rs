// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is loaded from a peer's ring, how often, and that a word which is another one at each load does no harm.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cabotage_lane::ring::{Event, Receiver, Sight, TheirRing};
use cabotage_lane::{Fencing, MappedControls};

use super::lane::{OUTBOX_BYTES, PORT, RING_WORDS, Random, TAG, header, memory};

/// A ring whose words come from a function, anew at every load.
struct Fickle<F> {
    words: u64,
    word: RefCell<F>,
    seen: Rc<Seen>,
}

/// What was loaded since somebody looked.
#[derive(Default)]
struct Seen {
    headers: Cell<usize>,
    body_bytes: Cell<usize>,
}

impl Seen {
    fn take(&self) -> (usize, usize) {
        (self.headers.take(), self.body_bytes.take())
    }
}

impl<F: FnMut(u64) -> u64> TheirRing for Fickle<F> {
    fn words(&self) -> u64 {
        self.words
    }

    fn load(&self, at: u64) -> u64 {
        assert!(at < self.words, "word {at} of a ring of {}", self.words);
        self.seen.headers.set(self.seen.headers.get() + 1);
        self.word.borrow_mut()(at)
    }

    fn read(&self, at: u64, body: &mut [u8]) {
        let end = at + body.len() as u64;
        assert!(at >= 8 && end <= self.words * 8, "bytes {at} to {end} of a ring of {} words", self.words);
        self.seen.body_bytes.set(self.seen.body_bytes.get() + body.len());
        body.fill(0xA5);
    }
}

fn controls() -> MappedControls {
    MappedControls::new(memory(OUTBOX_BYTES).0, memory(OUTBOX_BYTES).1).unwrap()
}

fn fickle<F: FnMut(u64) -> u64>(words: u64, word: F) -> (Fickle<F>, Rc<Seen>) {
    let seen = Rc::new(Seen::default());
    (Fickle { words, word: RefCell::new(word), seen: seen.clone() }, seen)
}

#[test]
fn a_ring_whose_words_change_with_every_load_is_survived() {
    let random = Rc::new(RefCell::new(Random(0x9E37_79B9_7F4A_7C15)));
    let ring = |words| {
        let random = random.clone();
        fickle(words, move |_| random.borrow_mut().likely_word()).0
    };
    let (controls, mut records) = (controls(), 0);
    for lane in 0..20_000_u64 {
        let mut receiver = Receiver::new(ring(8 << (lane % 7)), controls.clone(), Fencing::Both);
        for call in 0..200 {
            let is_over = match call % 5 {
                0 => receiver.has_news().is_err(),
                1 => receiver.arm().is_err(),
                2 => matches!(receiver.continue_in(ring(RING_WORDS)), Err((_, Some(_)))),
                _ => match receiver.receive() {
                    Ok(Event::Record(record)) => {
                        let mut body = vec![0; record.bytes()];
                        assert_eq!(record.copy_to(&mut body), record.bytes());
                        records += 1;
                        false
                    }
                    found => found.is_err(),
                },
            };
            if is_over {
                assert!(receiver.look().is_err());
                break;
            }
        }
    }
    assert!(records > 10_000, "{records} records came: nothing was tried");
}

#[test]
fn the_header_of_a_record_like_the_last_one_is_loaded_once_and_so_is_each_byte_of_its_body() {
    let usual = u64::from(PORT) << 40 | header(TAG.into(), 56);
    let (ring, seen) = fickle(RING_WORDS, move |_| usual);
    let mut receiver = Receiver::new(ring, controls(), Fencing::Both);
    let mut loads = Vec::new();
    for _record in 0..1_000 {
        let Sight::Record(_) = receiver.look().unwrap() else { panic!("nothing came") };
        let record = receiver.take();
        record.copy_to(&mut [0; 100]);
        drop(record);
        loads.push(seen.take());
    }
    assert_eq!(loads[0], (2, 56), "the first is looked at closely");
    assert!(loads[1..].iter().all(|loads| *loads == (1, 56)), "{loads:?}");
}

#[test]
fn a_header_that_changes_after_the_look_changes_nothing() {
    let usual = u64::from(PORT) << 40 | header(TAG.into(), 8);
    let (mut random, mut load) = (Random(7), 0);
    // The first two loads make a record usual; from then on only every second load shows it.
    let (ring, _) = fickle(RING_WORDS, move |_| {
        load += 1;
        if load <= 2 || load % 2 == 1 { usual } else { random.word() }
    });
    let mut receiver = Receiver::new(ring, controls(), Fencing::Both);
    for _record in 0..100 {
        let Ok(Sight::Record(_)) = receiver.look() else { panic!("not as usual") };
        let record = receiver.take();
        assert_eq!((record.bytes(), record.tag(), record.port()), (8, TAG, PORT));
    }
}

#[test]
fn an_empty_ring_costs_one_load_a_look() {
    let (ring, seen) = fickle(RING_WORDS, |_| 0);
    let mut receiver = Receiver::new(ring, controls(), Fencing::Both);
    for _look in 0..100 {
        assert!(matches!(receiver.look().unwrap(), Sight::Empty));
        assert_eq!(seen.take(), (1, 0));
    }
}
