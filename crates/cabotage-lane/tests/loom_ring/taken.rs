// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a receiver tells of each record, and what its sender reads back of the rest.

use cabotage_lane::ring::Sight;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::lane::{FORGED, Receiving, TAG, bytes, lane};

/// Takes the next record, if there is one, and tells that, where no other telling does.
fn take(receiver: &mut Receiving) -> Option<u64> {
    let Sight::Record(_) = receiver.lane.look().unwrap() else { return None };
    let mut word = [0; 8];
    receiver.lane.read(0, &mut word);
    receiver.lane.consume();
    receiver.lane.tell_taken();
    Some(u64::from_le_bytes(word))
}

/// The cell is whatever the record speaks of: read because of it, and used for something else once it is taken.
#[test]
fn what_was_told_to_be_taken_is_done_with() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        sender.stage(&bytes(&[FORGED]));
        sender.lane.publish_to_a_spinner();
        let place = Arc::new(UnsafeCell::new(()));
        let theirs = place.clone();
        let taking = thread::spawn(move || {
            theirs.with(|_| ());
            assert_eq!(take(&mut receiver), Some(FORGED));
        });
        if sender.lane.consumed() == sender.lane.published() {
            place.with_mut(|_| ());
        }
        taking.join().unwrap();
    });
}

/// A receiver that is given up may go on reading, so what is read back is neither moved nor overwritten.
#[test]
fn what_is_read_back_is_what_was_not_told_to_be_taken_though_its_receiver_goes_on() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let taking = thread::spawn(move || {
            let seen: Vec<_> = (0..3).map_while(|_| take(&mut receiver)).collect();
            assert!([FORGED, 2, 3].starts_with(&seen), "{seen:?}");
        });
        for body in [FORGED, 2, 3] {
            sender.lane.send_to_a_spinner(TAG, 0, &bytes(&[body])).unwrap();
        }
        let from = sender.lane.consumed();
        let mut rest = Vec::new();
        sender.lane.read_back(from, |_, body| rest.push(body.to_vec()));
        let taken = usize::try_from(from / 2).unwrap();
        assert_eq!(rest, [FORGED, 2, 3][taken..].iter().map(|word| bytes(&[*word])).collect::<Vec<_>>());
        taking.join().unwrap();
    });
}
