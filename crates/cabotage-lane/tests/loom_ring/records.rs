// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records arrive whole, in order and once, however the ring turns.

use cabotage_lane::ring::StageError;
use loom::thread;

use super::lane::{FORGED, TAG, bytes, explore, lane};

#[test]
fn records_arrive_whole_in_order_and_once_though_bodies_imitate_headers() {
    explore(8, &[&[FORGED], &[FORGED]]);
}

#[test]
fn a_ring_that_wraps_shows_no_old_payload_as_a_record() {
    explore(8, &[&[FORGED], &[], &[FORGED], &[FORGED]]);
}

/// Seven of eight words, which is all there is: the eighth is where the receiver looks next.
#[test]
fn a_ring_may_be_exactly_full() {
    explore(8, &[&[FORGED], &[FORGED], &[FORGED], &[], &[1]]);
}

#[test]
fn words_are_used_again_only_after_they_were_read() {
    loom::model(|| {
        // Nothing but the count of consumed words orders the two ends here: no bell, no lock; and the receiver tells
        // of two records at once, so that no fence of an earlier telling stands between reading and telling.
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || {
            for body in 1..=6 {
                match sender.lane.stage(TAG, 0, &[body; 16]) {
                    Ok(()) => assert!(!sender.lane.publish()),
                    Err(error) => assert!(matches!(error, StageError::Full(_)), "{error}"),
                }
            }
        });
        for _look in 0..2 {
            receiver.look();
        }
        sending.join().unwrap();
    });
}

/// The second record looks like the first, so its sizes are foretold; its body is not.
#[test]
fn a_record_like_the_last_one_is_read_only_after_it_was_published() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || {
            for body in [FORGED, 2, 3] {
                sender.stage(&bytes(&[body]));
                sender.lane.publish_to_a_spinner();
            }
        });
        let mut seen = Vec::new();
        for _look in 0..3 {
            seen.extend(receiver.look());
        }
        assert!([[FORGED].to_vec(), [2].to_vec(), [3].to_vec()].starts_with(&seen), "{seen:?}");
        sending.join().unwrap();
    });
}

/// No fence of a look at the sleeper's word stands in for the order of publishing.
#[test]
fn a_record_sent_at_once_is_read_only_after_it_was_written() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || {
            for body in [FORGED, 2, 3] {
                sender.lane.send_to_a_spinner(TAG, 0, &bytes(&[body])).unwrap();
            }
        });
        let mut seen = Vec::new();
        for _look in 0..3 {
            seen.extend(receiver.look());
        }
        assert!([FORGED, 2, 3].map(|word| vec![word]).concat().starts_with(&seen.concat()), "{seen:?}");
        sending.join().unwrap();
    });
}

/// Once around a small ring, so that the words that are polled next hold old bodies.
#[test]
fn records_sent_at_once_arrive_in_order_with_those_staged_before_them_and_nothing_behind() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            for position in [0, 4, 8] {
                sender.wait_until_left(position);
                sender.stage(&bytes(&[FORGED]));
                if sender.lane.send(TAG, 0, &bytes(&[FORGED])).unwrap() {
                    sender.peer.ring();
                }
            }
            sender.wait_until_left(12);
            if sender.lane.send(TAG, 0, b"").unwrap() {
                sender.peer.ring();
            }
        });
        for _record in 0..6 {
            receiver.spin_for(&[FORGED]);
        }
        receiver.expect(&[]);
        assert_eq!(receiver.look(), None);
        sending.join().unwrap();
    });
}

#[test]
fn a_batch_is_seen_whole_or_not_at_all() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || {
            for body in [FORGED, 2, 3] {
                sender.stage(&bytes(&[body]));
            }
            sender.publish();
        });
        let mut seen = Vec::new();
        for _look in 0..4 {
            match receiver.look() {
                Some(body) => seen.extend(body),
                None => assert!(seen.is_empty() || seen.len() == 3, "{seen:?}"),
            }
        }
        sending.join().unwrap();
    });
}

/// One that does not fit the end of the ring takes a filler with it into the batch.
#[test]
fn a_batch_may_go_over_the_end_of_the_ring() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            sender.send(&[FORGED]);
            sender.send(&[FORGED]);
            sender.wait_until_left(4);
            for body in [&[FORGED][..], &[], &[2]] {
                sender.stage(&bytes(body));
            }
            sender.publish();
        });
        for body in [&[FORGED][..], &[FORGED], &[FORGED], &[], &[2]] {
            receiver.spin_for(body);
        }
        sending.join().unwrap();
    });
}

#[test]
fn a_record_written_in_place_is_seen_when_it_is_published_and_nothing_behind_it() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            for position in [0, 0, 0, 2] {
                sender.wait_until_left(position);
                sender.send_loan(&[FORGED]);
            }
        });
        for _record in 0..4 {
            receiver.spin_for(&[FORGED]);
        }
        assert_eq!(receiver.look(), None);
        sending.join().unwrap();
    });
}

/// What it left is the filler before the end of the ring; at its start lies an old header.
#[test]
fn a_loan_dropped_unstaged_behind_a_filler_shows_no_old_record() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            for body in [&[FORGED][..], &[FORGED], &[FORGED], &[]] {
                sender.send(body);
            }
            sender.wait_until_left(7);
            assert_eq!(sender.lane.loan(TAG, 0, 8).unwrap().bytes(), 8);
            sender.publish();
            sender.send(&[9]);
        });
        for body in [&[FORGED][..], &[FORGED], &[FORGED], &[], &[9]] {
            receiver.spin_for(body);
        }
        sending.join().unwrap();
    });
}
