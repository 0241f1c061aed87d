// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a liar can write, and that predicting the next header never leaves a check out.

use cabotage_lane::ring::{Event, Look, Sight, StageError};
use cabotage_lane::{Control, MappedRing, PeerRing, Violation};

use super::lane::{
    Lane, OUTBOX_BYTES, PORT, RING_BYTES, RING_WORDS, Random, TAG, forge, header, lane, memory, next,
    segment, send,
};

/// A header that the tests of this file write by hand: port 5, as their records have.
const fn record(bytes: u64) -> u64 {
    5 << 40 | header(16, bytes)
}

#[test]
fn every_lie_in_a_header_ends_the_lane_for_ever() {
    let lies = [
        1,
        u64::MAX,
        1 << 63,
        header(0, 8),
        header(15, 8),
        header(16, 0xFFFF_FFFF),
        header(16, 1505),
        header(1, 8),
        header(1, 4088),
        header(2, 0),
        header(2, 9),
        header(3, 0),
        header(3, 9),
        header(9, 0),
    ];
    for lie in lies {
        let Lane { mut receiver, outbox, .. } = lane();
        forge(&outbox, 0, lie);
        let violation = next(&mut receiver).unwrap_err();
        forge(&outbox, 0, record(0));
        assert_eq!(next(&mut receiver).unwrap_err(), violation, "{lie:#x} was forgiven");
    }
}

#[test]
fn every_lie_in_a_count_ends_the_lane_for_ever() {
    let Lane { mut sender, inbox, .. } = lane();
    inbox.store_u64(0, 1).unwrap();
    let violation = sender.has_left(1).unwrap_err();
    assert_eq!(violation, Violation::Count { count: 1, least: 0, most: 0 });
    inbox.store_u64(0, 0).unwrap();
    assert_eq!(sender.has_left(1).unwrap_err(), violation);
    assert_eq!(sender.stage(TAG, PORT, b"x").unwrap_err(), StageError::Violation(violation));
}

#[test]
fn a_count_that_runs_backwards_ends_the_lane() {
    let Lane { mut sender, mut receiver, inbox, .. } = lane();
    send(&mut sender, b"");
    send(&mut sender, b"");
    while next(&mut receiver).unwrap().is_some() {}
    assert!(sender.has_left(2).unwrap());
    inbox.store_u64(0, 1).unwrap();
    assert_eq!(sender.has_left(3).unwrap_err(), Violation::Count { count: 1, least: 2, most: 2 });
}

#[test]
fn a_header_like_the_last_one_may_not_run_past_the_end_of_the_ring() {
    let Lane { mut receiver, outbox, .. } = lane();
    for at in [0, 189, 378] {
        forge(&outbox, at, record(1504)); // the longest: 189 words
    }
    for _record in 0..2 {
        assert_eq!(next(&mut receiver).unwrap().unwrap().len(), 1504);
    }
    let past = Violation::Boundary { words: 189, words_left: 134 };
    assert_eq!(receiver.look().unwrap_err(), past);
    assert_eq!(next(&mut receiver).unwrap_err(), past);
}

#[test]
fn a_header_like_the_last_one_may_end_with_the_ring() {
    let Lane { mut receiver, outbox, .. } = lane();
    for at in (0..512).step_by(64) {
        forge(&outbox, at, record(63 * 8));
    }
    for _round in 0..3 * 8 {
        assert_eq!(next(&mut receiver).unwrap().unwrap().len(), 63 * 8);
    }
}

#[test]
fn the_shape_that_no_record_has_is_no_record() {
    let Lane { mut receiver, outbox, .. } = lane();
    forge(&outbox, 0, u64::MAX);
    let violation = receiver.look().unwrap_err();
    assert_eq!(violation, Violation::TooLong { bytes: u32::MAX.into(), bytes_max: 1504 });
    assert_eq!(receiver.look().unwrap_err(), violation);
}

#[test]
fn a_ring_full_of_empty_records_is_read_round_and_round() {
    let Lane { mut receiver, outbox, .. } = lane();
    for at in 0..512 {
        forge(&outbox, at, record(0));
    }
    for _record in 0..2_000 {
        assert_eq!(next(&mut receiver).unwrap().unwrap(), []);
        let _ = receiver.take_bell();
    }
    assert_eq!(receiver.arm().unwrap(), Look::Ready);
}

#[test]
fn a_header_like_the_last_one_is_not_read_once_the_lane_has_ended() {
    let Lane { mut receiver, outbox, .. } = lane();
    for at in 0..512 {
        forge(&outbox, at, record(0));
    }
    assert!(next(&mut receiver).unwrap().is_some());
    let lie = Violation::Slot { number: 64 };
    receiver.end(lie);
    for _call in 0..3 {
        assert_eq!(receiver.look().unwrap_err(), lie);
    }
}

#[test]
fn a_header_like_the_last_one_is_checked_anew_in_another_ring() {
    let Lane { mut sender, mut receiver, outbox, .. } = lane();
    let (larger, their_larger) = segment(1024);
    let (_first, _, _) = sender.continue_in(larger, 1).unwrap();
    assert!(matches!(receiver.look().unwrap(), Sight::Continue { segment: 1 }));
    let their_first = receiver.continue_in(their_larger).unwrap();
    let long = vec![1; sender.bytes_max() as usize];
    send(&mut sender, &long);
    assert_eq!(next(&mut receiver).unwrap().unwrap(), long);
    let back = MappedRing::new(outbox.clone(), RING_BYTES, RING_WORDS).unwrap();
    sender.continue_in(back, 0).unwrap();
    assert!(matches!(receiver.look().unwrap(), Sight::Continue { segment: 0 }));
    receiver.continue_in(their_first).unwrap();
    // It would fit between here and the end of this ring, but is longer than a record may be here.
    forge(&outbox, 0, record(long.len() as u64));
    let violation = receiver.look().unwrap_err();
    assert_eq!(violation, Violation::TooLong { bytes: long.len() as u64, bytes_max: 1504 });
}

#[test]
fn news_that_change_between_two_looks_are_judged_by_the_second() {
    for (second, violation) in [
        (record(8), None),
        (header(3, 4), None),
        (0, None),
        (header(2, 9), Some(Violation::Boundary { words: 3, words_left: 512 })),
    ] {
        let Lane { mut receiver, outbox, .. } = lane();
        forge(&outbox, 0, header(2, 4));
        assert!(matches!(receiver.look().unwrap(), Sight::Continue { .. }));
        forge(&outbox, 0, second);
        let (_ring, found) = receiver.continue_in(segment(1024).1).unwrap_err();
        assert_eq!(found, violation);
    }
}

#[test]
fn a_filler_after_a_filler_ends_the_lane() {
    let Lane { mut receiver, outbox, .. } = lane();
    forge(&outbox, 0, record(8));
    forge(&outbox, 2, header(1, 509 * 8));
    assert!(next(&mut receiver).unwrap().is_some());
    forge(&outbox, 0, header(1, 511 * 8));
    assert_eq!(next(&mut receiver).unwrap_err(), Violation::Boundary { words: 512, words_left: 512 });
}

#[test]
fn a_ring_of_random_words_is_survived() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ring in 0..2_000 {
        let Lane { mut receiver, outbox, .. } = lane();
        for at in (RING_BYTES..OUTBOX_BYTES).step_by(8) {
            outbox.store_u64(at, random.word()).unwrap();
        }
        for _look in 0..1_000 {
            match receiver.receive() {
                Ok(Event::Record(record)) => assert!(record.bytes() <= 1504),
                Ok(Event::Retire { .. }) => {}
                Ok(Event::Continue { .. } | Event::Empty) | Err(_) => break,
            }
        }
    }
}

#[test]
fn a_part_that_does_not_lie_in_its_map_is_no_ring() {
    let (own, peer) = memory(OUTBOX_BYTES);
    for (first_byte, words) in [(4096, 1024), (4097, 256), (0, 500), (0, 4), (usize::MAX, 8), (0, u64::MAX)] {
        assert!(MappedRing::new(own.clone(), first_byte, words).is_none());
        assert!(PeerRing::new(peer.clone(), first_byte, words).is_none());
    }
    assert!(size_of::<Control>() <= RING_BYTES);
}
