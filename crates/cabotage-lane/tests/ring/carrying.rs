// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records arrive as they were sent.

use cabotage_lane::PORT_MAX;
use cabotage_lane::ring::{Event, Glimpse, Sight, StageError};

use super::lane::{Lane, PORT, TAG, body, lane, next, send};

#[test]
fn ten_thousand_records_of_all_sizes_arrive_as_they_were_sent() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut received = 0;
    for number in 0..10_000 {
        while matches!(sender.stage(TAG, PORT, &body(number)), Err(StageError::Full(_))) {
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
fn records_that_all_look_alike_arrive_as_they_were_sent_around_the_ring_and_over_its_end() {
    for bytes in [0, 1, 8, 56, 64, 100, 1504] {
        let Lane { mut sender, mut receiver, .. } = lane();
        let like = |number: usize| vec![u8::try_from(number % 256).unwrap(); bytes];
        let mut received = 0;
        for number in 0..2_000 {
            while matches!(sender.stage(TAG, PORT, &like(number)), Err(StageError::Full(_))) {
                assert_eq!(next(&mut receiver).unwrap().unwrap(), like(received));
                received += 1;
            }
            let _ = sender.publish();
        }
    }
}

#[test]
fn the_longest_record_always_finds_room_in_the_end_and_a_longer_one_is_handed_back() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let longest = vec![7; sender.bytes_max() as usize];
    for lead in 0..300 {
        send(&mut sender, &vec![1; lead % 30]);
        assert_eq!(next(&mut receiver).unwrap().unwrap().len(), lead % 30);
        send(&mut sender, &longest);
        assert_eq!(next(&mut receiver).unwrap().unwrap(), longest);
    }
    let refused = sender.stage(TAG, PORT, &vec![7; longest.len() + 1]).unwrap_err();
    assert!(matches!(refused, StageError::TooLong(_)), "{refused}");
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for number in 0..3_u8 {
        sender.stage(TAG, PORT, &[number]).unwrap();
        assert_eq!(next(&mut receiver).unwrap(), None);
    }
    let _ = sender.publish();
    for number in 0..3_u8 {
        assert_eq!(next(&mut receiver).unwrap(), Some(vec![number]));
    }
    assert_eq!(next(&mut receiver).unwrap(), None);
}

#[test]
fn tags_and_ports_travel_with_the_record() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for tag in [16, 17, 255] {
        for port in [0, 1, 0x00AB_CDEF, PORT_MAX] {
            sender.stage(tag, port, b"same size").unwrap();
            let _ = sender.publish();
            let Event::Record(record) = receiver.receive().unwrap() else { panic!("nothing came") };
            assert_eq!((record.tag(), record.port(), record.bytes()), (tag, port, 9));
        }
    }
}

#[test]
#[should_panic(expected = "tags below 16 are the lane's own")]
fn a_tag_of_the_lane_itself_is_refused() {
    let _ = lane().sender.stage(15, PORT, b"");
}

#[test]
#[should_panic(expected = "a port has 24 bits")]
fn a_port_beyond_24_bits_is_refused() {
    let _ = lane().sender.loan(TAG, PORT_MAX + 1, 8).map(drop);
}

#[test]
fn a_part_of_a_body_can_be_copied_and_nothing_beyond_its_end() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"0123456789");
    let Event::Record(record) = receiver.receive().unwrap() else { panic!("nothing came") };
    for (offset, expected) in [(0, "0123"), (6, "6789"), (8, "89"), (10, ""), (11, ""), (usize::MAX, "")] {
        let mut part = [0; 4];
        let bytes = record.copy_from(offset, &mut part);
        assert_eq!(&part[..bytes], expected.as_bytes());
    }
}

#[test]
fn looking_takes_nothing_and_a_glance_says_when_it_pays() {
    let Lane { mut sender, mut receiver, .. } = lane();
    assert!(receiver.glimpse() == Glimpse::Nothing && !receiver.has_news().unwrap());
    assert!(matches!(receiver.look().unwrap(), Sight::Empty));
    for round in 0..3 {
        send(&mut sender, &[round; 5]);
        assert!(receiver.glimpse() != Glimpse::Nothing && receiver.has_news().unwrap());
        for _look in 0..3 {
            let Sight::Record(shape) = receiver.look().unwrap() else { panic!("nothing came") };
            assert_eq!((shape.tag(), shape.port(), shape.bytes()), (TAG, PORT, 5));
        }
        let mut seen = [0; 5];
        receiver.take().copy_to(&mut seen);
        assert_eq!(seen, [round; 5]);
        assert!(receiver.glimpse() == Glimpse::Nothing && matches!(receiver.look().unwrap(), Sight::Empty));
    }
}

#[test]
fn taking_before_any_look_takes_nothing() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"first");
    assert_eq!(receiver.take().copy_to(&mut [0; 8]), 0);
    let Sight::Record(shape) = receiver.look().unwrap() else { panic!("nothing came") };
    assert_eq!(shape.bytes(), 5);
}

#[test]
fn publishing_to_a_spinner_says_whether_there_was_anything() {
    let Lane { mut sender, mut receiver, .. } = lane();
    assert!(!sender.publish_to_a_spinner() && !sender.publish());
    for round in 1..=300_u64 {
        sender.stage(TAG, PORT, &round.to_le_bytes()).unwrap();
        assert!(sender.publish_to_a_spinner() && !sender.publish_to_a_spinner());
        assert_eq!(sender.published(), 2 * round);
        assert_eq!(next(&mut receiver).unwrap().unwrap(), round.to_le_bytes());
    }
}
