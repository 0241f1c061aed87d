// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lane goes on in another ring, comes back to one that it left, and retires what it needs no more.

use cabotage_lane::PeerRing;
use cabotage_lane::ring::{Event, Sight, StageError};

use super::lane::{
    Lane, MappedReceiver, PORT, RING_WORDS, TAG, body, header, lane, lane_of, next, segment, send,
};

/// Goes on where the sender says; answers the ring that was left.
fn follow(receiver: &mut MappedReceiver, ring: PeerRing, expected: u32) -> PeerRing {
    assert!(matches!(receiver.look().unwrap(), Sight::Continue { segment } if segment == expected));
    receiver.continue_in(ring).unwrap()
}

#[test]
fn a_lane_goes_on_in_a_larger_ring_and_its_records_may_be_longer_there() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"in the first");
    let (larger, their_larger) = segment(4 * RING_WORDS);
    let (_first, end, ring_bell) = sender.continue_in(larger, 1).unwrap();
    assert!(!ring_bell, "the receiver is awake");
    assert_eq!((sender.ring_words(), sender.published()), (4 * RING_WORDS, end));
    let long = vec![9; sender.bytes_max() as usize];
    send(&mut sender, &long);
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"in the first");
    assert!(!sender.has_left(end).unwrap());
    follow(&mut receiver, their_larger, 1);
    assert!(sender.has_left(end).unwrap());
    assert_eq!(next(&mut receiver).unwrap().unwrap(), long);
    assert_eq!(next(&mut receiver).unwrap(), None);
}

#[test]
fn staged_records_are_published_before_the_lane_goes_on() {
    let Lane { mut sender, mut receiver, .. } = lane();
    sender.stage(TAG, PORT, b"staged").unwrap();
    let (larger, their_larger) = segment(1024);
    sender.continue_in(larger, 3).unwrap();
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"staged");
    follow(&mut receiver, their_larger, 3);
    assert_eq!(next(&mut receiver).unwrap(), None);
}

/// Bodies full of headers, so that every word of the ring that was left could be taken for a record.
#[test]
fn a_ring_that_was_used_before_shows_none_of_its_old_records() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let forged = |bytes: usize| header(TAG.into(), 8).to_le_bytes().repeat(bytes / 8);
    let (mut larger, mut their_larger) = segment(1024);
    let mut segments = [1, 0].into_iter().cycle();
    for round in 0..20 {
        for _record in 0..7 {
            send(&mut sender, &forged(8 * (round % 5 + 1)));
            assert_eq!(next(&mut receiver).unwrap().unwrap(), forged(8 * (round % 5 + 1)));
        }
        let number = segments.next().unwrap();
        let (left, end, _) = sender.continue_in(larger, number).unwrap();
        their_larger = follow(&mut receiver, their_larger, number);
        assert_eq!(next(&mut receiver).unwrap(), None, "an old record of round {round}");
        assert!(sender.has_left(end).unwrap());
        larger = left;
    }
}

#[test]
fn ten_thousand_records_arrive_over_many_changes_of_ring() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let (mut spare, mut their_spare) = segment(2048);
    let (mut received, mut end, mut left) = (0, 0, None);
    let mut receive = |their_spare: &mut PeerRing| {
        if matches!(receiver.look().unwrap(), Sight::Continue { .. }) {
            *their_spare = receiver.continue_in(their_spare.clone()).unwrap();
        }
        if let Some(seen) = next(&mut receiver).unwrap() {
            assert_eq!(seen, body(received));
            received += 1;
        }
        received
    };
    for number in 0..10_000 {
        while matches!(sender.stage(TAG, PORT, &body(number)), Err(StageError::Full(_))) {
            receive(&mut their_spare);
        }
        let _ = sender.publish();
        if let Some(ring) = left.take_if(|_| sender.has_left(end).unwrap()) {
            spare = ring;
        }
        if number % 97 == 0
            && left.is_none()
            && let Ok((ring, at, _)) = sender.continue_in(spare.clone(), 1)
        {
            (left, end) = (Some(ring), at);
        }
    }
    while receive(&mut their_spare) < 10_000 {}
}

/// The count that the peer told lies in the ring before: it says nothing about this one.
#[test]
fn a_new_ring_may_be_filled_before_the_old_one_was_read() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for number in 0..20 {
        send(&mut sender, &[number; 8]);
    }
    let (other, their_other) = segment(RING_WORDS);
    sender.continue_in(other, 1).unwrap();
    let mut sent = 20;
    while sender.stage(TAG, PORT, &[sent; 40]).is_ok() {
        let _ = sender.publish();
        sent += 1;
    }
    assert_eq!(sent, 20 + 84, "507 of 512 words, in records of 6");
    for number in 0..20 {
        assert_eq!(next(&mut receiver).unwrap().unwrap(), [number; 8]);
    }
    follow(&mut receiver, their_other, 1);
    for number in 20..sent {
        assert_eq!(next(&mut receiver).unwrap().unwrap(), [number; 40]);
    }
    assert_eq!(next(&mut receiver).unwrap(), None);
}

/// Rings as short as this one keep no room for it.
#[test]
fn a_ring_without_room_for_the_last_record_gives_the_new_one_back() {
    let Lane { mut sender, mut receiver, .. } = lane_of(32);
    while sender.stage(TAG, PORT, b"").is_ok() {}
    let _ = sender.publish();
    let (larger, their_larger) = segment(1024);
    let Err((larger, StageError::Full(_))) = sender.continue_in(larger, 1) else { panic!("there was room") };
    assert_eq!(sender.ring_words(), 32);
    while next(&mut receiver).unwrap().is_some() {}
    sender.continue_in(larger, 1).unwrap();
    follow(&mut receiver, their_larger, 1);
}

#[test]
fn nobody_goes_on_unasked() {
    let Lane { mut sender, mut receiver, .. } = lane();
    assert!(matches!(receiver.continue_in(segment(1024).1), Err((_, None))));
    send(&mut sender, b"still here");
    assert!(matches!(receiver.continue_in(segment(1024).1), Err((_, None))));
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"still here");
}

#[test]
fn the_news_that_a_segment_is_retired_comes_in_order() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"before");
    sender.stage_retirement(7).unwrap();
    sender.stage_retirement(u32::MAX).unwrap();
    send(&mut sender, b"after");
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"before");
    assert!(matches!(receiver.receive().unwrap(), Event::Retire { segment: 7 }));
    assert!(matches!(receiver.look().unwrap(), Sight::Retire { segment: u32::MAX }));
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"after");
}

/// However much was consumed before: who is told of a retirement has forgotten the segment.
#[test]
fn a_retirement_is_told_only_by_the_call_after_it() {
    for records_before in 0..140 {
        let Lane { mut sender, mut receiver, .. } = lane();
        for _record in 0..records_before {
            send(&mut sender, b"");
            assert!(next(&mut receiver).unwrap().is_some());
        }
        sender.stage_retirement(1).unwrap();
        let _ = sender.publish();
        let end = sender.published();
        assert!(matches!(receiver.look().unwrap(), Sight::Retire { segment: 1 }));
        assert!(!sender.has_left(end).unwrap(), "told too early after {records_before} records");
        assert!(matches!(receiver.look().unwrap(), Sight::Empty));
        assert!(sender.has_left(end).unwrap());
    }
}
