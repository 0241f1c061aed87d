// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an end tells beside its records comes after what it did before.

use cabotage_lane::Controls;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::lane::{FORGED, bytes, lane};

/// The lane's one promise about closing: see it, look once more, and nothing is lost. The last record was published
/// without a look at the sleeper's word, so that no fence of that look stands in for the order of closing.
#[test]
fn whoever_sees_that_a_lane_is_closed_and_looks_once_more_loses_nothing() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            for body in [FORGED, 2] {
                sender.stage(&bytes(&[body]));
                sender.lane.publish_to_a_spinner();
            }
            sender.lane.controls().own().close();
        });
        let mut seen = Vec::new();
        let mut is_closed = false;
        loop {
            match receiver.look() {
                Some(body) => seen.extend(body),
                None if is_closed => break,
                None if receiver.lane.controls().peer().is_closed() => is_closed = true,
                None => thread::yield_now(),
            }
        }
        assert_eq!(seen, [FORGED, 2]);
        sending.join().unwrap();
    });
}

/// The cell is the place of a message with descriptors: taken, told, and only then used for the next.
#[test]
fn what_was_told_to_be_filed_has_been_taken() {
    loom::model(|| {
        let (sender, receiver) = lane(8);
        let place = Arc::new(UnsafeCell::new(()));
        let theirs = place.clone();
        let filing = thread::spawn(move || {
            theirs.with(|_| ());
            receiver.lane.controls().own().tell_filed(1);
        });
        if sender.lane.controls().peer().admit_filed(0, 1).unwrap() == 1 {
            place.with_mut(|_| ());
        }
        filing.join().unwrap();
    });
}
