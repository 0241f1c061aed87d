// SPDX-License-Identifier: MIT OR Apache-2.0
//! How full a ring may get: it can still be left then, and the longest record never waits for ever.

use cabotage_lane::ring::{Sight, StageError, record_bytes_max};

use super::lane::{Lane, MappedReceiver, MappedSender, PORT, TAG, lane_of, segment};

/// Room that a ring of 64 words and more keeps behind the caller's records.
const KEPT: u64 = 5;

/// Stages records of `bytes` bytes until there is no room; answers how many.
fn fill(sender: &mut MappedSender, bytes: usize) -> usize {
    let mut records = 0;
    loop {
        let has_room = sender.has_room(bytes).unwrap();
        match sender.loan(TAG, PORT, bytes) {
            Ok(loan) => loan.stage(),
            Err(StageError::Full(_)) => break assert!(!has_room),
            Err(other) => panic!("{other}"),
        }
        assert!(has_room);
        records += 1;
    }
    records
}

/// Takes all records up to other news.
fn take_all(receiver: &mut MappedReceiver) -> usize {
    let mut records = 0;
    while let Sight::Record(_) = receiver.look().unwrap() {
        drop(receiver.take());
        records += 1;
    }
    records
}

/// Carries records, each taken at once, until `words` more words are used, none of them by a filler.
fn carry(sender: &mut MappedSender, receiver: &mut MappedReceiver, mut words: u64) {
    let record_words_max = u64::from(sender.bytes_max()) / 8 + 1;
    while words > 0 {
        let until_end = sender.ring_words() - sender.published() % sender.ring_words();
        let record_words = words.min(until_end).min(record_words_max);
        assert!(exchange(sender, receiver, usize::try_from(record_words - 1).unwrap() * 8));
        words -= record_words;
    }
}

/// Sends a record and takes it, without looking in vain; answers false if there was no room.
fn exchange(sender: &mut MappedSender, receiver: &mut MappedReceiver, bytes: usize) -> bool {
    let Ok(loan) = sender.loan(TAG, PORT, bytes) else { return false };
    loan.stage();
    let _ = sender.publish();
    assert!(matches!(receiver.look().unwrap(), Sight::Record(shape) if shape.bytes() == bytes));
    drop(receiver.take());
    true
}

#[test]
fn a_ring_filled_to_the_last_word_can_be_left_wherever_it_is_full() {
    for words in [64, 512] {
        for start in 0..words {
            for bytes in [0, 16, record_bytes_max(words) as usize] {
                let Lane { mut sender, mut receiver, .. } = lane_of(words);
                carry(&mut sender, &mut receiver, start);
                assert!(matches!(receiver.look().unwrap(), Sight::Empty));
                let records = fill(&mut sender, bytes) + fill(&mut sender, 0);
                let _ = sender.publish();
                assert_eq!(sender.published(), start + words - KEPT, "to the last word");
                let (other, their_other) = segment(words);
                let (_full, end, _) = sender.continue_in(other, 1).expect("room to leave it");
                let more = fill(&mut sender, bytes);
                let _ = sender.publish();
                assert_eq!(take_all(&mut receiver), records);
                assert!(matches!(receiver.look().unwrap(), Sight::Continue { segment: 1 }));
                receiver.continue_in(their_other).unwrap();
                assert!(sender.has_left(end).unwrap());
                assert_eq!(take_all(&mut receiver), more);
            }
        }
    }
}

/// They can wait, and the lane would have to if they took the room that is kept for going on.
#[test]
fn retirements_leave_the_room_for_leaving_a_full_ring() {
    for start in 0..64 {
        let Lane { mut sender, mut receiver, .. } = lane_of(64);
        carry(&mut sender, &mut receiver, start);
        assert!(matches!(receiver.look().unwrap(), Sight::Empty));
        fill(&mut sender, 72);
        while sender.stage_retirement(1).is_ok() {}
        sender.continue_in(segment(64).0, 1).expect("room to leave it");
    }
}

/// At the worst moment: as much was consumed as can be before it is told.
#[test]
fn the_longest_record_finds_room_at_every_place_of_a_ring_of_any_length() {
    for words in [8, 16, 64, 512, 8192] {
        let Lane { mut sender, mut receiver, .. } = lane_of(words);
        let longest = record_bytes_max(words) as usize;
        assert_eq!(sender.bytes_max() as usize, longest);
        for place in 0..words {
            let untold = words / 4 - 1;
            let now = sender.published() % words;
            carry(&mut sender, &mut receiver, (place + 2 * words - untold - now) % words);
            assert!(matches!(receiver.look().unwrap(), Sight::Empty));
            carry(&mut sender, &mut receiver, untold);
            assert_eq!(sender.published() % words, place);
            assert!(!sender.has_left(sender.published()).unwrap() || untold == 0, "told too early");
            assert!(exchange(&mut sender, &mut receiver, longest), "at {place} of {words}");
        }
    }
}

#[test]
fn a_full_ring_has_room_for_the_longest_record_once_all_is_consumed() {
    for words in [8, 16, 64, 512] {
        for start in 0..words {
            let Lane { mut sender, mut receiver, .. } = lane_of(words);
            carry(&mut sender, &mut receiver, start);
            let longest = record_bytes_max(words) as usize;
            let records = fill(&mut sender, 0);
            let _ = sender.publish();
            assert!(!sender.has_room(longest).unwrap() && sender.arm_for_room(longest).unwrap());
            assert_eq!(take_all(&mut receiver), records);
            assert!(receiver.take_bell());
            sender.awake();
            assert!(sender.has_room(longest).unwrap() && exchange(&mut sender, &mut receiver, longest));
        }
    }
}
