// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who must be rung, and when consumption is told.

use cabotage_lane::ring::{Look, Sender, StageError};
use cabotage_lane::{Controls, Fencing, MappedControls, MappedRing};
use cabotage_os::membarrier::Membarrier;

use super::lane::{Lane, MappedSender, PORT, RING_BYTES, RING_WORDS, TAG, lane, next, send};

#[test]
fn a_sleeping_receiver_is_rung_once_for_a_sleep() {
    for fencing in fencings() {
        let Lane { mut sender, mut receiver, outbox, inbox_seen, .. } = lane();
        sender.meet(MappedControls::new(outbox, inbox_seen).unwrap(), fencing);
        assert!(!send(&mut sender, b"x"), "awake");
        assert_eq!(receiver.arm().unwrap(), Look::Ready);
        next(&mut receiver).unwrap();
        for _sleep in 0..3 {
            assert_eq!(receiver.arm().unwrap(), Look::Armed);
            assert!(send(&mut sender, b"x") && !send(&mut sender, b"x"));
            receiver.disarm();
            assert!(!send(&mut sender, b"x"));
            while next(&mut receiver).unwrap().is_some() {}
        }
    }
}

#[test]
fn a_sleeping_receiver_is_rung_for_a_record_sent_at_once_behind_others_or_alone() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for staged_before in [0, 1, 2, 0] {
        assert_eq!(receiver.arm().unwrap(), Look::Armed);
        for _record in 0..staged_before {
            sender.stage(TAG, PORT, b"before").unwrap();
        }
        assert!(sender.send(TAG, PORT, b"x").unwrap() && !sender.send(TAG, PORT, b"x").unwrap());
        receiver.disarm();
        assert!(!sender.send(TAG, PORT, b"x").unwrap(), "awake");
        while next(&mut receiver).unwrap().is_some() {}
    }
}

/// Both ways to fence, or the one that this system has.
fn fencings() -> Vec<Fencing> {
    let sleeper = Membarrier::join().unwrap().map(Fencing::Sleeper);
    [Some(Fencing::Both), sleeper].into_iter().flatten().collect()
}

#[test]
fn a_poll_that_comes_up_empty_tells_the_sender_that_all_is_consumed() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, &[1; 8]);
    assert!(next(&mut receiver).unwrap().is_some());
    assert!(!sender.has_left(2).unwrap(), "one small record is not worth telling");
    assert!(next(&mut receiver).unwrap().is_none());
    assert!(sender.has_left(2).unwrap());
}

#[test]
fn a_receiver_tells_what_it_consumed_before_it_sleeps() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, &[1; 8]);
    assert!(next(&mut receiver).unwrap().is_some());
    assert_eq!(receiver.arm().unwrap(), Look::Armed);
    assert!(sender.has_left(2).unwrap());
}

#[test]
fn a_quarter_of_the_ring_is_told_while_more_records_wait() {
    let Lane { mut sender, mut receiver, .. } = lane();
    while sender.stage(TAG, PORT, &[1; 8]).is_ok() {}
    let _ = sender.publish();
    for record in 1..=64 {
        assert!(!sender.has_left(1).unwrap(), "told after {} records", record - 1);
        assert!(next(&mut receiver).unwrap().is_some());
    }
    assert!(sender.has_left(128).unwrap());
}

#[test]
fn a_sender_that_sleeps_for_room_is_rung_once_room_is_told() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for _sleep in 0..3 {
        while sender.stage(TAG, PORT, &[1; 800]).is_ok() {}
        let _ = sender.publish();
        assert!(sender.arm_for_room(800).unwrap(), "there is no room");
        assert!(!receiver.take_bell(), "nothing was consumed yet");
        while next(&mut receiver).unwrap().is_some() {}
        assert!(receiver.take_bell() && !receiver.take_bell());
        sender.awake();
        assert!(!sender.arm_for_room(800).unwrap(), "there is room");
        send(&mut sender, &[1; 800]);
        while next(&mut receiver).unwrap().is_some() {}
        assert!(!receiver.take_bell(), "the sender is awake");
    }
}

#[test]
fn a_sender_that_sleeps_for_anything_else_is_rung_when_the_receiver_says_so() {
    let Lane { mut sender, mut receiver, .. } = lane();
    sender.announce().unwrap();
    assert!(receiver.controls().peer().wants_room());
    receiver.controls().own().tell_filed(1);
    receiver.answer_sender();
    assert!(receiver.take_bell());
    receiver.answer_sender();
    assert!(!receiver.take_bell(), "this sleep was answered");
    sender.awake();
    assert!(!receiver.controls().peer().wants_room());
}

/// A sender whose peer's control words are not mapped yet, as after a handshake.
fn lonely_sender(lane: &Lane) -> MappedSender {
    let ring = MappedRing::new(lane.outbox.clone(), RING_BYTES, RING_WORDS).unwrap();
    Sender::new(ring, MappedControls::alone(lane.outbox.clone()).unwrap())
}

#[test]
fn a_peer_that_was_not_met_yet_always_sleeps_and_has_consumed_nothing() {
    let mut lane = lane();
    let mut sender = lonely_sender(&lane);
    assert!(!sender.controls().has_peer());
    assert!(!sender.publish(), "there is nothing to ring for");
    for _message in 0..3 {
        assert!(send(&mut sender, &[1; 600]), "whoever was not met must be rung each time");
        assert!(next(&mut lane.receiver).unwrap().is_some());
    }
    assert!(next(&mut lane.receiver).unwrap().is_none());
    assert!(!sender.has_left(1).unwrap());
    while sender.stage(TAG, PORT, &[1; 600]).is_ok() {}
    assert!(matches!(sender.stage(TAG, PORT, &[1; 600]), Err(StageError::Full(_))));
    assert!(sender.arm_for_room(600).unwrap());
    sender.awake();
}

#[test]
fn a_peer_that_is_met_is_rung_only_when_it_sleeps_and_what_it_consumed_counts() {
    let mut lane = lane();
    let mut sender = lonely_sender(&lane);
    assert!(send(&mut sender, &[1; 600]));
    assert!(next(&mut lane.receiver).unwrap().is_some());
    assert!(next(&mut lane.receiver).unwrap().is_none());
    let met = sender.controls().clone().with(lane.inbox_seen.clone()).unwrap();
    assert!(met.has_peer());
    sender.meet(met, Fencing::Both);
    assert!(sender.has_left(76).unwrap());
    assert!(!send(&mut sender, &[2; 600]), "it is awake");
    assert!(next(&mut lane.receiver).unwrap().is_some());
    assert_eq!(lane.receiver.arm().unwrap(), Look::Armed);
    assert!(send(&mut sender, &[3; 600]) && !send(&mut sender, &[4; 600]));
}
