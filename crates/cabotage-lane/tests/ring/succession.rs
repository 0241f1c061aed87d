// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end in the place of one that was killed: where it goes on, and whom it is taken for.

use cabotage_lane::ring::{Look, Receiver, Sender, StageError};
use cabotage_lane::{Fencing, MappedControls, MappedRing, PeerRing, Violation};

use super::lane::{Lane, MappedReceiver, MappedSender, PORT, RING_BYTES, RING_WORDS, TAG, lane, next, send};

fn next_sender(lane: &Lane, incarnation: u32) -> Result<MappedSender, Violation> {
    let ring = MappedRing::new(lane.outbox.clone(), RING_BYTES, RING_WORDS).unwrap();
    let controls = MappedControls::new(lane.outbox.clone(), lane.inbox_seen.clone()).unwrap();
    Sender::resume(ring, controls, Fencing::Both, incarnation)
}

fn next_receiver(lane: &Lane, incarnation: u32) -> MappedReceiver {
    let ring = PeerRing::new(lane.outbox_seen.clone(), RING_BYTES, RING_WORDS).unwrap();
    let controls = MappedControls::new(lane.inbox.clone(), lane.outbox_seen.clone()).unwrap();
    Receiver::resume(ring, controls, Fencing::Both, incarnation)
}

/// Receives one record as one who may be killed at any time does.
fn take_exactly(receiver: &mut MappedReceiver) -> Vec<u8> {
    assert!(receiver.has_news().unwrap());
    receiver.look().unwrap();
    let mut body = vec![0; receiver.shape().bytes()];
    receiver.read(0, &mut body);
    receiver.consume_exactly();
    body
}

#[test]
fn a_sender_goes_on_behind_what_was_published_and_over_what_was_only_staged() {
    let mut lane = lane();
    for round in 0..200_u8 {
        // Lengths that come to lie around the end of the ring in every way.
        let published = vec![round; usize::from(round) * 3];
        assert!(!send(&mut lane.sender, &published));
        lane.sender.stage(TAG, PORT, b"never published").unwrap();
        lane.sender.stage(TAG, PORT, &vec![0xff; usize::from(round)]).unwrap();
        lane.sender = next_sender(&lane, u32::from(round) + 2).unwrap();
        send(&mut lane.sender, &[round; 5]);
        assert_eq!(next(&mut lane.receiver).unwrap(), Some(published));
        assert_eq!(next(&mut lane.receiver).unwrap(), Some(vec![round; 5]));
        assert_eq!(next(&mut lane.receiver).unwrap(), None);
    }
}

#[test]
fn a_sender_finds_a_full_ring_full() {
    let mut lane = lane();
    let mut sent = 0;
    while lane.sender.send(TAG, PORT, &[7; 24]).is_ok() {
        sent += 1;
    }
    lane.sender = next_sender(&lane, 2).unwrap();
    assert!(matches!(lane.sender.send(TAG, PORT, &[7; 24]), Err(StageError::Full(_))));
    for _record in 0..sent {
        assert_eq!(next(&mut lane.receiver).unwrap(), Some(vec![7; 24]));
    }
    assert_eq!(next(&mut lane.receiver).unwrap(), None);
    lane.sender.send(TAG, PORT, &[7; 24]).unwrap();
}

#[test]
fn a_receiver_goes_on_behind_the_last_record_that_was_consumed() {
    let mut lane = lane();
    for round in 0..300_u16 {
        send(&mut lane.sender, &round.to_le_bytes());
        send(&mut lane.sender, &vec![9; usize::from(round)]);
        assert_eq!(take_exactly(&mut lane.receiver), round.to_le_bytes());
        lane.receiver = next_receiver(&lane, u32::from(round) + 2);
        assert_eq!(take_exactly(&mut lane.receiver), vec![9; usize::from(round)]);
        lane.receiver = next_receiver(&lane, u32::from(round) + 2);
        assert!(!lane.receiver.has_news().unwrap());
    }
}

#[test]
fn many_records_are_consumed_by_one_store() {
    let mut lane = lane();
    for number in 0..10 {
        send(&mut lane.sender, &[number]);
    }
    for number in 0..10 {
        assert_eq!(next(&mut lane.receiver).unwrap(), Some(vec![number]));
    }
    let mut before = next_receiver(&lane, 2);
    assert_eq!(next(&mut before).unwrap(), Some(vec![0]));
    lane.receiver.tell_taken();
    assert!(!next_receiver(&lane, 3).has_news().unwrap());
}

#[test]
fn the_sleep_of_a_successor_is_none_that_was_answered_before() {
    let mut lane = lane();
    for incarnation in 2..50 {
        assert_eq!(lane.receiver.arm().unwrap(), Look::Armed);
        assert!(send(&mut lane.sender, b"x"), "incarnation {incarnation} sleeps");
        // Killed in its sleep: its word stays.
        lane.receiver = next_receiver(&lane, incarnation);
        assert!(!send(&mut lane.sender, b"x"), "a newcomer is awake");
        while lane.receiver.has_news().unwrap() {
            take_exactly(&mut lane.receiver);
        }
    }
}

#[test]
fn a_successor_of_one_killed_in_its_sleep_is_awake() {
    let mut lane = lane();
    assert_eq!(lane.receiver.arm().unwrap(), Look::Armed);
    lane.receiver = next_receiver(&lane, 2);
    assert!(!send(&mut lane.sender, b"x"));
    assert_eq!(take_exactly(&mut lane.receiver), b"x");
}

#[test]
fn a_loan_that_is_published_at_once_tells_whether_to_ring() {
    let Lane { mut sender, mut receiver, .. } = lane();
    assert_eq!(receiver.arm().unwrap(), Look::Armed);
    sender.stage(TAG, PORT, b"before").unwrap();
    let mut loan = sender.loan(TAG, PORT, 4).unwrap();
    loan.write_at(0, b"loan");
    assert!(loan.publish());
    assert_eq!(next(&mut receiver).unwrap(), Some(b"before".to_vec()));
    assert_eq!(next(&mut receiver).unwrap(), Some(b"loan".to_vec()));
}

#[test]
fn a_ring_that_no_sender_leaves_like_this_is_taken_over_by_nobody() {
    for word in [u64::MAX, 1 << 40 | 16 << 32 | 100_000, 1 << 32, 9 << 32] {
        let lane = lane();
        lane.outbox.store_u64(RING_BYTES, word).unwrap();
        assert!(next_sender(&lane, 2).is_err(), "{word:#x}");
    }
    // Headers all the way round: no sender fills the word that its receiver polls.
    let lane = lane();
    for at in 0..RING_BYTES / 8 {
        lane.outbox.store_u64(RING_BYTES + 8 * at, 16 << 32).unwrap();
    }
    assert!(matches!(next_sender(&lane, 2), Err(Violation::Boundary { .. })));
}
