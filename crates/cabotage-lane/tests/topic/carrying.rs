// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is published comes to every reader, in order, once, by each way to publish it.

use cabotage_lane::ring::{Look, StageError};
use cabotage_lane::topic::{Sight, WhenSlow};

use super::topic::{BOTH, HISTORY, RING_WORDS, Topic, body, drain, next, send};

#[test]
fn records_of_every_length_come_to_every_reader_with_their_numbers() {
    for when_slow in BOTH {
        let topic = Topic::new(when_slow);
        let mut publisher = topic.publish(0).unwrap();
        let mut readers = [topic.read(0, 0).unwrap(), topic.read(3, 0).unwrap()];
        for round in 0..2_000 {
            send(&mut publisher);
            send(&mut publisher);
            for reader in &mut readers {
                assert_eq!(drain(reader), [2 * round + 1, 2 * round + 2]);
            }
        }
    }
}

#[test]
fn what_is_staged_is_seen_when_it_is_published_all_at_once() {
    let topic = Topic::new(WhenSlow::Wait);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    (1..=3).for_each(|number| publisher.stage(&body(number)).unwrap());
    assert_eq!((next(&mut reader), publisher.published()), (None, 0));
    assert!(!publisher.publish(), "nobody sleeps");
    assert_eq!((drain(&mut reader), publisher.published()), (vec![1, 2, 3], 3));
    assert!(!publisher.publish(), "there is nothing more");
}

#[test]
fn a_loan_written_in_pieces_is_one_record_and_one_dropped_has_never_been() {
    for when_slow in BOTH {
        let topic = Topic::new(when_slow);
        let mut publisher = topic.publish(0).unwrap();
        let mut reader = topic.read(0, 0).unwrap();
        for number in 1..=500 {
            let body = body(number);
            assert_eq!(publisher.loan(8).unwrap().write_at(0, b"given up"), 8);
            let mut loan = publisher.loan(body.len()).unwrap();
            assert_eq!(loan.bytes(), body.len());
            for (piece, offset) in body.chunks(11).zip((0..).step_by(11)) {
                assert_eq!(loan.write_at(offset, piece), piece.len());
            }
            assert_eq!(loan.write_at(body.len(), b"beyond"), 0);
            loan.stage();
            assert_eq!(next(&mut reader), None, "staged is not published");
            let _ = publisher.publish();
            assert_eq!(drain(&mut reader), [number]);
        }
    }
}

#[test]
fn too_long_a_record_is_refused_and_the_longest_is_carried() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    let bytes_max = usize::try_from(publisher.bytes_max()).unwrap();
    assert_eq!(reader.bytes_max(), publisher.bytes_max());
    let refused = publisher.send(&vec![1; bytes_max + 1]).unwrap_err();
    assert!(matches!(refused, StageError::TooLong(_)), "{refused}");
    assert!(publisher.loan(bytes_max + 1).is_err());
    publisher.send(&vec![7; bytes_max]).unwrap();
    assert!(matches!(reader.look().unwrap(), Sight::First(shape) if shape.bytes() == bytes_max));
    let mut copy = vec![0; bytes_max];
    assert_eq!(reader.take(&mut copy), Ok(bytes_max));
    assert_eq!(copy, vec![7; bytes_max]);
}

#[test]
fn no_more_are_staged_than_a_late_reader_can_find_its_way_in() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    let index = cabotage_lane::topic::index_words(RING_WORDS, HISTORY);
    (0..index / 4).for_each(|_| publisher.stage(b"").unwrap());
    assert!(matches!(publisher.stage(b""), Err(StageError::Full(_))));
    assert!(matches!(publisher.loan(0).map(drop), Err(StageError::Full(_))));
    let _ = publisher.publish();
    publisher.stage(b"").unwrap();
}

#[test]
fn the_bell_is_asked_for_once_by_all_who_sleep() {
    for when_slow in BOTH {
        let topic = Topic::new(when_slow);
        let mut publisher = topic.publish(0).unwrap();
        let mut readers = [topic.read(0, 0).unwrap(), topic.read(1, 0).unwrap()];
        assert!(!send(&mut publisher));
        for reader in &mut readers {
            assert_eq!(reader.arm().unwrap(), Look::Ready);
            assert_eq!(drain(reader), [1]);
            assert_eq!(reader.arm().unwrap(), Look::Armed);
        }
        assert!(send(&mut publisher));
        assert!(!send(&mut publisher), "one bell is for all");
    }
}
