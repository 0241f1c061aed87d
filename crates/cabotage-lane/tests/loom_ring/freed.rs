// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room that a receiver tells of at each record, for a sender that would have to wait otherwise.

use cabotage_lane::ring::{Sight, StageError};
use loom::thread;

use super::lane::{FORGED, Sending, TAG, bytes, lane};

/// A sender whose ring is full to the last word that counts: a record of two words, five of one, an empty one.
fn fill(sender: &mut Sending) {
    sender.stage(&bytes(&[FORGED, FORGED]));
    (0..5).for_each(|_| sender.stage(&bytes(&[FORGED])));
    sender.stage(&[]);
    sender.lane.publish_to_a_spinner();
    assert!(matches!(sender.lane.stage(TAG, 0, &bytes(&[1])), Err(StageError::Full(_))));
}

/// One record is less than the part of a ring that is told of by itself, so nothing but this word orders the two ends.
#[test]
fn words_told_to_be_free_are_used_again_only_after_they_were_read() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        fill(&mut sender);
        let sending = thread::spawn(move || {
            sender.lane.look_at_freed().unwrap();
            let has_room = sender.lane.room_bytes() > 0;
            for body in [2, 3] {
                // The second lies where the first record of all was.
                let staged = sender.lane.stage(TAG, 0, &bytes(&[body]));
                assert_eq!(staged.is_ok(), has_room);
            }
        });
        assert!(matches!(receiver.lane.look().unwrap(), Sight::Record(_)));
        let mut body = [0; 16];
        receiver.lane.read(0, &mut body);
        assert_eq!(body[..], bytes(&[FORGED, FORGED])[..]);
        receiver.lane.consume();
        receiver.lane.tell_freed();
        sending.join().unwrap();
    });
}

/// Whoever sleeps for room is rung for the first record that makes some.
#[test]
fn a_sender_that_sleeps_for_room_is_rung_for_one_record() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        fill(&mut sender);
        let sending = thread::spawn(move || {
            loop {
                sender.lane.announce().unwrap();
                sender.lane.look_at_freed().unwrap();
                if sender.lane.room_bytes() > 0 {
                    break;
                }
                sender.own.hear();
            }
            sender.lane.awake();
        });
        assert!(matches!(receiver.lane.look().unwrap(), Sight::Record(_)));
        receiver.lane.consume();
        receiver.lane.tell_freed();
        receiver.answer();
        sending.join().unwrap();
    });
}
