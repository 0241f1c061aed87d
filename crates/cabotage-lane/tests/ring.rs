// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lane over real sealed memory, both ends in one process: what it carries, and what a liar can do to it.
#![cfg(not(loom))]

use std::sync::Arc;

use cabotage_lane::ring::{Event, Look, Receiver, Sender, StageError};
use cabotage_lane::{Control, MappedControls, MappedRing, PeerRing, Violation};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

const RING_BYTES: usize = 4096;
const RING_WORDS: u64 = 512;
const OUTBOX_BYTES: usize = 2 * RING_BYTES;
const TAG: u8 = 16;

/// An outbox: control words in its first page, a ring in its second. Its owner's map, and its reader's.
fn outbox() -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("outbox", OUTBOX_BYTES as u64).unwrap();
    let own = MapOptions::new().read_write(&memory, OUTBOX_BYTES).unwrap();
    memory.seal(ONE_WAY).unwrap();
    (Arc::new(own), Arc::new(MapOptions::new().read_only(&memory, OUTBOX_BYTES).unwrap()))
}

struct Lane {
    sender: Sender<MappedRing, MappedControls>,
    receiver: Receiver<PeerRing, MappedControls>,
    /// The sender's outbox, for lying in it.
    outbox: Arc<MapMut>,
    /// The receiver's outbox, for lying in it.
    inbox: Arc<MapMut>,
}

fn lane() -> Lane {
    let ((own, seen_by_receiver), (theirs, seen_by_sender)) = (outbox(), outbox());
    let ring = MappedRing::new(own.clone(), RING_BYTES, RING_WORDS).unwrap();
    let peer_ring = PeerRing::new(seen_by_receiver.clone(), RING_BYTES, RING_WORDS).unwrap();
    Lane {
        sender: Sender::new(ring, MappedControls::new(own.clone(), seen_by_sender).unwrap()),
        receiver: Receiver::new(peer_ring, MappedControls::new(theirs.clone(), seen_by_receiver).unwrap()),
        outbox: own,
        inbox: theirs,
    }
}

/// The next record's body, or `None` when there is none.
fn next(receiver: &mut Receiver<PeerRing, MappedControls>) -> Result<Option<Vec<u8>>, Violation> {
    match receiver.receive()? {
        Event::Record(record) => {
            let mut body = vec![0; record.bytes()];
            assert_eq!((record.copy_to(&mut body), record.tag()), (body.len(), TAG));
            Ok(Some(body))
        }
        _ => Ok(None),
    }
}

fn body(number: usize) -> Vec<u8> {
    let bytes = number * 37 % 700;
    (0..bytes).map(|at| u8::try_from((number + at) % 256).unwrap()).collect()
}

#[test]
fn ten_thousand_records_of_all_sizes_arrive_as_they_were_sent() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut received = 0;
    for number in 0..10_000 {
        while matches!(sender.stage(TAG, &body(number)), Err(StageError::Full(_))) {
            assert_eq!(next(&mut receiver).unwrap().unwrap(), body(received));
            received += 1;
        }
        let _ = sender.publish();
    }
    while let Some(seen) = next(&mut receiver).unwrap() {
        assert_eq!(seen, body(received));
        received += 1;
    }
    assert_eq!(received, 10_000);
}

#[test]
fn the_longest_record_always_finds_room_in_the_end_and_a_longer_one_is_handed_back() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let longest = vec![7; sender.bytes_max() as usize];
    for lead in 0..300 {
        sender.stage(TAG, &vec![1; lead % 30]).unwrap();
        let _ = sender.publish();
        assert_eq!(next(&mut receiver).unwrap().unwrap().len(), lead % 30);
        sender.stage(TAG, &longest).unwrap();
        let _ = sender.publish();
        assert_eq!(next(&mut receiver).unwrap().unwrap(), longest);
    }
    let refused = sender.stage(TAG, &vec![7; longest.len() + 1]).unwrap_err();
    assert!(matches!(refused, StageError::TooLong(_)), "{refused}");
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for number in 0..3_u8 {
        sender.stage(TAG, &[number]).unwrap();
        assert_eq!(next(&mut receiver).unwrap(), None);
    }
    let _ = sender.publish();
    for number in 0..3_u8 {
        assert_eq!(next(&mut receiver).unwrap(), Some(vec![number]));
    }
    assert_eq!(next(&mut receiver).unwrap(), None);
}

#[test]
fn a_sleeping_receiver_is_rung_once_for_a_sleep() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut send = || {
        sender.stage(TAG, b"x").unwrap();
        sender.publish()
    };
    assert!(!send(), "awake");
    assert_eq!(receiver.arm().unwrap(), Look::Ready);
    next(&mut receiver).unwrap();
    assert_eq!(receiver.arm().unwrap(), Look::Armed);
    assert!(send() && !send());
    receiver.disarm();
    assert!(!send());
}

#[test]
fn a_poll_that_comes_up_empty_tells_the_sender_that_all_is_consumed() {
    let Lane { mut sender, mut receiver, .. } = lane();
    sender.stage(TAG, &[1; 8]).unwrap();
    let _ = sender.publish();
    assert!(next(&mut receiver).unwrap().is_some());
    assert!(!sender.has_left(2).unwrap(), "one small record is not worth telling");
    assert!(next(&mut receiver).unwrap().is_none());
    assert!(sender.has_left(2).unwrap());
}

#[test]
fn a_receiver_tells_what_it_consumed_before_it_sleeps() {
    let Lane { mut sender, mut receiver, .. } = lane();
    sender.stage(TAG, &[1; 8]).unwrap();
    let _ = sender.publish();
    assert!(next(&mut receiver).unwrap().is_some());
    assert_eq!(receiver.arm().unwrap(), Look::Armed);
    assert!(sender.has_left(2).unwrap());
}

#[test]
fn every_lie_in_a_header_ends_the_lane_for_ever() {
    let lies =
        [1, 16 << 32 | 0xFFFF_FFFF, 16 << 32 | 3000, 1 << 32 | 8, 2 << 32 | 9, 9 << 32, 1 << 63 | 16 << 32];
    for lie in lies {
        let Lane { mut receiver, outbox, .. } = lane();
        outbox.store_u64(RING_BYTES, lie).unwrap();
        let violation = next(&mut receiver).unwrap_err();
        outbox.store_u64(RING_BYTES, 16 << 32).unwrap();
        assert_eq!(next(&mut receiver).unwrap_err(), violation, "{lie:#x} was forgiven");
    }
}

#[test]
fn every_lie_in_a_count_ends_the_lane_for_ever() {
    let Lane { mut sender, inbox, .. } = lane();
    inbox.store_u64(0, 1).unwrap();
    let violation = sender.has_left(0).unwrap_err();
    assert_eq!(violation, Violation::Count { count: 1, least: 0, most: 0 });
    inbox.store_u64(0, 0).unwrap();
    assert_eq!(sender.stage(TAG, b"x").unwrap_err(), StageError::Violation(violation));
}

#[test]
fn a_ring_of_random_words_is_survived() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..2_000 {
        let Lane { mut receiver, outbox, .. } = lane();
        for at in (RING_BYTES..OUTBOX_BYTES).step_by(8) {
            let word = random();
            let likely = (word & 0xFF) | (word >> 8 & 3) << 32 | (word >> 10 & 1) << 36;
            outbox.store_u64(at, if word & 1 << 60 == 0 { likely } else { word }).unwrap();
        }
        for _ in 0..1000 {
            match receiver.receive() {
                Ok(Event::Record(record)) => assert!(record.bytes() < RING_BYTES),
                Ok(Event::Continue { .. } | Event::Empty) | Err(_) => break,
            }
        }
    }
}

#[test]
fn a_part_that_does_not_lie_in_its_map_is_no_ring() {
    let (own, peer) = outbox();
    for (first_byte, words) in [(4096, 1024), (4097, 256), (0, 500), (0, 4), (usize::MAX, 8), (0, u64::MAX)] {
        assert!(MappedRing::new(own.clone(), first_byte, words).is_none());
        assert!(PeerRing::new(peer.clone(), first_byte, words).is_none());
    }
    assert!(size_of::<Control>() <= RING_BYTES);
}
