// SPDX-License-Identifier: MIT OR Apache-2.0
//! A sender whose receiver has ended reads back what that one has not taken, whatever it has told.

use cabotage_lane::Tag;
use cabotage_lane::ring::{Sight, StageError};

use super::lane::{Lane, MappedReceiver, MappedSender, PORT, TAG, body, header, lane, next, segment, send};

/// Where a receiver tells how far it has consumed.
const CONSUMED: usize = 0;
/// And where it tells of each record.
const TAKEN: usize = 408;

fn read_back(sender: &mut MappedSender, from: u64) -> Vec<(Tag, Vec<u8>)> {
    let mut rest = Vec::new();
    sender.read_back(from, |tag, body| rest.push((tag, body.to_vec())));
    rest
}

fn tagged(bodies: impl IntoIterator<Item = Vec<u8>>) -> Vec<(Tag, Vec<u8>)> {
    bodies.into_iter().map(|body| (TAG, body)).collect()
}

fn take(receiver: &mut MappedReceiver) -> Vec<u8> {
    let body = next(receiver).unwrap().unwrap();
    receiver.tell_taken();
    body
}

/// More than once around the ring, so that fillers, ends and starts of it come to lie everywhere.
#[test]
fn what_was_not_taken_is_read_back_in_order_wherever_it_lies() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let (mut first, mut after) = (0, 0);
    for round in 0..400 {
        while after - first < 4 {
            send(&mut sender, &body(after));
            after += 1;
        }
        let from = sender.consumed();
        assert_eq!(read_back(&mut sender, from), tagged((first..after).map(body)), "round {round}");
        for _record in 0..=round % 3 {
            assert_eq!(take(&mut receiver), body(first));
            first += 1;
        }
    }
}

#[test]
fn what_is_only_staged_is_read_back_too() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"taken");
    assert_eq!(take(&mut receiver), b"taken");
    sender.stage(TAG, PORT, b"one").unwrap();
    sender.stage(TAG, PORT, b"two").unwrap();
    let from = sender.consumed();
    assert_eq!(read_back(&mut sender, from), tagged([b"one".to_vec(), b"two".to_vec()]));
}

#[test]
fn a_full_ring_is_read_back_whole_and_one_that_is_taken_has_nothing() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut sent = 0;
    while sender.send(TAG, PORT, &body(sent)).is_ok() {
        sent += 1;
    }
    assert_eq!(read_back(&mut sender, 0), tagged((0..sent).map(body)));
    (0..sent).for_each(|number| assert_eq!(take(&mut receiver), body(number)));
    let from = sender.consumed();
    assert_eq!((from, read_back(&mut sender, from)), (sender.published(), vec![]));
}

/// Told of each record or only of some, told late or early: the larger count is the receiver's.
#[test]
fn each_record_that_was_told_counts_and_what_is_told_once_in_a_while_counts_too() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for number in 0..3 {
        send(&mut sender, &[number]);
    }
    next(&mut receiver).unwrap().unwrap();
    assert_eq!(sender.consumed(), 0, "nothing was told");
    receiver.tell_taken();
    assert_eq!(sender.consumed(), 2);
    next(&mut receiver).unwrap().unwrap();
    receiver.store_consumed();
    assert_eq!(sender.consumed(), 4);
    assert_eq!(read_back(&mut sender, 4), tagged([vec![2]]));
}

#[test]
fn a_count_that_cannot_be_leaves_the_last_one_that_could() {
    for (word, is_violation) in [(CONSUMED, true), (TAKEN, false)] {
        for lie in [u64::MAX, 1 << 63, 7] {
            let mut lane = lane();
            for number in 0..3 {
                send(&mut lane.sender, &[number]);
            }
            take(&mut lane.receiver);
            lane.receiver.store_consumed();
            assert_eq!(lane.sender.consumed(), 2);
            lane.inbox.store_u64(word, lie).unwrap();
            assert_eq!(lane.sender.consumed(), 2, "{word} {lie}");
            assert_eq!(read_back(&mut lane.sender, 2), tagged([vec![1], vec![2]]));
            let sent = lane.sender.has_left(6);
            assert_eq!(sent.is_err(), is_violation, "{word} {lie}");
            lane.inbox.store_u64(word, 0).unwrap();
            assert_eq!(lane.sender.consumed(), 2, "less than before");
        }
    }
}

/// Bodies full of headers, possible ones and others: the middle of a record looks like records, and reading ends.
#[test]
fn reading_back_from_anywhere_ends() {
    let Lane { mut sender, .. } = lane();
    let forged =
        [header(TAG.into(), 8), header(TAG.into(), 1 << 20)].map(u64::to_le_bytes).concat().repeat(10);
    while sender.send(TAG, PORT, &forged).is_ok() {}
    for from in 0..=sender.published() + 5 {
        let bytes: usize = read_back(&mut sender, from).iter().map(|(_, body)| body.len()).sum();
        assert!(bytes <= 4096, "from {from}");
    }
}

#[test]
fn in_another_ring_its_own_records_are_read_back_and_none_of_the_lane() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"in the first");
    let (larger, their_larger) = segment(1024);
    let (_first, base, _) = sender.continue_in(larger, 1).unwrap();
    assert_eq!(sender.base(), base);
    send(&mut sender, b"one");
    assert!(matches!(sender.stage_retirement(0), Ok(()) | Err(StageError::Full(_))));
    send(&mut sender, b"two");
    let both = tagged([b"one".to_vec(), b"two".to_vec()]);
    assert_eq!(read_back(&mut sender, 0), both, "what lies before its beginning is none of it");
    assert_eq!(take(&mut receiver), b"in the first");
    assert!(matches!(receiver.look().unwrap(), Sight::Continue { .. }));
    receiver.continue_in(their_larger).unwrap();
    assert_eq!(take(&mut receiver), b"one");
    let from = sender.consumed();
    assert_eq!(read_back(&mut sender, from), both[1..]);
}
