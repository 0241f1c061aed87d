// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lane goes on in another ring, comes back to the first, and retires what it left.

use cabotage_lane::ring::Sight;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::lane::{FORGED, Receiving, Sending, Words, bytes, lane};

/// Goes on in `ring`, asleep or awake until it is announced as `expected`; answers the old one.
fn follow(receiver: &mut Receiving, ring: Words, expected: u32) -> Words {
    loop {
        match receiver.lane.look().unwrap() {
            Sight::Continue { segment } => {
                assert_eq!(segment, expected);
                let left = receiver.lane.continue_in(ring).map_err(|_| "a change of mind").unwrap();
                receiver.answer();
                return left;
            }
            Sight::Empty => receiver.sleep(),
            other => panic!("nobody sent {other:?}"),
        }
    }
}

/// Goes on in `ring`; answers the old one and where it ended.
fn go_on(sender: &mut Sending, ring: Words, segment: u32) -> (Words, u64) {
    let (left, end, ring_bell) = sender.lane.continue_in(ring, segment).map_err(|(_, error)| error).unwrap();
    if ring_bell {
        sender.peer.ring();
    }
    (left, end)
}

#[test]
fn a_lane_goes_on_in_a_larger_ring_without_losing_its_place() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let larger = Words::new(16);
        let theirs = larger.clone();
        let sending = thread::spawn(move || {
            sender.send(&[FORGED]);
            let (_, end) = go_on(&mut sender, larger, 7);
            sender.send(&[7, 7]);
            (sender, end)
        });
        receiver.expect(&[FORGED]);
        follow(&mut receiver, theirs, 7);
        receiver.expect(&[7, 7]);
        let (mut sender, end) = sending.join().unwrap();
        assert!(sender.lane.has_left(end).unwrap());
    });
}

/// The first word of the first ring is an old header, and the word after it imitates one.
#[test]
fn a_lane_comes_back_to_its_first_ring_which_shows_nothing_old() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let other = Words::new(8);
        let theirs = other.clone();
        let sending = thread::spawn(move || {
            sender.send(&[FORGED]);
            let (first, end) = go_on(&mut sender, other, 1);
            sender.wait_until_left(end);
            go_on(&mut sender, first, 0);
            sender.send(&[9]);
        });
        receiver.expect(&[FORGED]);
        let first = follow(&mut receiver, theirs, 1);
        follow(&mut receiver, first, 0);
        receiver.expect(&[9]);
        sending.join().unwrap();
    });
}

/// Room in the new ring is counted from where it began, not from what was consumed of the old one.
#[test]
fn a_new_ring_is_filled_while_the_old_one_is_read() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let other = Words::new(8);
        let theirs = other.clone();
        let sending = thread::spawn(move || {
            sender.send(&[1]);
            go_on(&mut sender, other, 1);
            for body in 2..=4 {
                sender.stage(&bytes(&[body]));
            }
            sender.publish();
            sender.send(&[5]);
        });
        receiver.expect(&[1]);
        follow(&mut receiver, theirs, 1);
        for body in 2..=5 {
            receiver.expect(&[body]);
        }
        sending.join().unwrap();
    });
}

/// The cell is the segment's memory: its reader's last look and its owner's farewell must not meet.
#[test]
fn a_retired_segment_goes_only_after_its_reader_has_forgotten_it() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let segment = Arc::new(UnsafeCell::new(()));
        let theirs = segment.clone();
        let sending = thread::spawn(move || {
            sender.lane.stage_retirement(3).unwrap();
            sender.publish();
            sender.wait_until_left(2);
            segment.with_mut(|_| ());
        });
        loop {
            match receiver.lane.look().unwrap() {
                Sight::Retire { segment } => break assert_eq!(segment, 3),
                Sight::Empty => receiver.sleep(),
                other => panic!("nobody sent {other:?}"),
            }
        }
        theirs.with(|_| ());
        assert_eq!(receiver.look(), None);
        sending.join().unwrap();
    });
}
