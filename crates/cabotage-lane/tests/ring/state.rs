// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the ends tell each other beside the records: closing, descriptors taken, the end.

use cabotage_lane::ring::{ArmError, StageError};
use cabotage_lane::{Controls, Violation};

use super::lane::{Lane, PORT, TAG, lane, next, segment, send};

const LIE: Violation = Violation::Slot { number: 64 };

#[test]
fn a_closed_lane_says_so_and_keeps_what_was_sent_before() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"last");
    assert!(!receiver.controls().peer().is_closed());
    sender.controls().own().close();
    assert!(receiver.controls().peer().is_closed());
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"last");
    assert_eq!(next(&mut receiver).unwrap(), None);
    assert!(!sender.controls().peer().is_closed(), "each end closes for itself");
}

#[test]
fn a_count_of_descriptors_taken_is_believed_between_what_was_known_and_what_was_sent() {
    let Lane { sender, receiver, .. } = lane();
    let peer = sender.controls().peer();
    assert_eq!(peer.admit_filed(0, 3), Ok(0));
    receiver.controls().own().tell_filed(2);
    assert_eq!(peer.admit_filed(0, 3), Ok(2));
    assert_eq!(peer.admit_filed(2, 2), Ok(2));
    assert_eq!(peer.admit_filed(3, 5), Err(Violation::Filed { count: 2, least: 3, most: 5 }));
    assert_eq!(peer.admit_filed(0, 1), Err(Violation::Filed { count: 2, least: 0, most: 1 }));
    receiver.controls().own().tell_filed(u64::MAX);
    assert!(peer.admit_filed(0, 3).is_err());
}

#[test]
fn a_receiver_that_was_ended_reads_nothing_more_and_names_the_first_fault() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for _record in 0..3 {
        send(&mut sender, b"alike");
    }
    assert!(next(&mut receiver).unwrap().is_some());
    assert_eq!(receiver.end(LIE), LIE);
    assert_eq!(receiver.end(Violation::Slot { number: 99 }), LIE);
    for _call in 0..2 {
        assert_eq!(next(&mut receiver).unwrap_err(), LIE);
        assert_eq!(receiver.has_news().unwrap_err(), LIE);
        assert!(matches!(receiver.arm(), Err(ArmError::Violation(LIE))));
        assert!(matches!(receiver.continue_in(segment(512).1), Err((_, Some(LIE)))));
    }
}

#[test]
fn a_sender_that_was_ended_stages_nothing_more_whatever_the_peer_says() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"before");
    assert!(next(&mut receiver).unwrap().is_some() && next(&mut receiver).unwrap().is_none());
    sender.end(LIE);
    sender.end(Violation::Slot { number: 99 });
    for _call in 0..2 {
        assert_eq!(sender.stage(TAG, PORT, b"").unwrap_err(), StageError::Violation(LIE));
        assert!(matches!(sender.loan(TAG, PORT, 1), Err(StageError::Violation(LIE))));
        assert!(matches!(sender.arm_for_room(1), Err(ArmError::Violation(LIE))));
        assert!(matches!(sender.stage_retirement(1), Err(StageError::Violation(LIE))));
        assert!(matches!(sender.continue_in(segment(512).0, 1), Err((_, StageError::Violation(LIE)))));
        // The peer's count is right, and changes nothing.
        assert_eq!(sender.has_left(2).unwrap_err(), LIE);
    }
    assert_eq!(next(&mut receiver).unwrap(), None);
}
