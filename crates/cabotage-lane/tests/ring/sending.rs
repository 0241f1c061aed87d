// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records sent at once: alone, behind what is staged, and behind a filler.

use cabotage_lane::ring::StageError;

use super::lane::{Lane, MappedSender, PORT, RING_WORDS, TAG, body, header, lane, next, send};

type Way = fn(&mut MappedSender, &[u8]) -> Result<(), StageError>;

/// Every way to send at once.
const WAYS: [Way; 3] = [
    |sender, body| sender.send(TAG, PORT, body).map(|ring_bell| assert!(!ring_bell, "nobody sleeps")),
    |sender, body| sender.send_to_a_spinner(TAG, PORT, body),
    |sender, body| {
        let sent = match body.split_first_chunk() {
            Some((head, rest)) => sender.send_joined(TAG, PORT, [u64::from_ne_bytes(*head)], rest),
            None => sender.send(TAG, PORT, body),
        };
        sent.map(|ring_bell| assert!(!ring_bell, "nobody sleeps"))
    },
];

#[test]
fn records_sent_at_once_arrive_as_they_were_sent_among_others() {
    for way in WAYS {
        let Lane { mut sender, mut receiver, .. } = lane();
        let mut received = 0;
        for number in 0..5_000 {
            loop {
                let sent = match number % 3 {
                    0 => sender.stage(TAG, PORT, &body(number)),
                    _ => way(&mut sender, &body(number)),
                };
                match sent {
                    Ok(()) => break,
                    Err(StageError::Full(_)) => {
                        let _ = sender.publish();
                        assert_eq!(next(&mut receiver).unwrap().unwrap(), body(received));
                        received += 1;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
        let _ = sender.publish();
        while let Some(seen) = next(&mut receiver).unwrap() {
            assert_eq!(seen, body(received));
            received += 1;
        }
        assert_eq!(received, 5_000);
    }
}

#[test]
fn a_record_sent_at_once_is_seen_at_once_and_publishing_adds_nothing() {
    for way in WAYS {
        let Lane { mut sender, mut receiver, .. } = lane();
        for round in 1..=300_u64 {
            way(&mut sender, &round.to_le_bytes()).unwrap();
            assert_eq!(sender.published(), 2 * round);
            assert!(!sender.publish_to_a_spinner());
            assert_eq!(next(&mut receiver).unwrap().unwrap(), round.to_le_bytes());
        }
    }
}

#[test]
fn what_was_staged_before_is_published_with_it_and_comes_before_it() {
    for way in WAYS {
        let Lane { mut sender, mut receiver, .. } = lane();
        for round in 0..200_u8 {
            for staged in 0..round % 4 {
                sender.stage(TAG, PORT, &[staged; 16]).unwrap();
                assert_eq!(next(&mut receiver).unwrap(), None);
            }
            way(&mut sender, &[round; 11]).unwrap();
            for staged in 0..round % 4 {
                assert_eq!(next(&mut receiver).unwrap().unwrap(), [staged; 16]);
            }
            assert_eq!(next(&mut receiver).unwrap().unwrap(), [round; 11]);
            assert_eq!(next(&mut receiver).unwrap(), None);
        }
    }
}

/// A filler that the record itself needs, and one that a loan left staged when it was dropped.
#[test]
fn a_record_sent_at_once_goes_over_the_end_of_the_ring() {
    for way in WAYS {
        for words_left in 1..10 {
            for is_loan_before in [false, true] {
                let Lane { mut sender, mut receiver, .. } = lane();
                for number in 0..RING_WORDS - words_left {
                    send(&mut sender, b"");
                    assert!(next(&mut receiver).unwrap().is_some());
                    assert_eq!(sender.published(), number + 1);
                }
                assert_eq!(next(&mut receiver).unwrap(), None);
                if is_loan_before {
                    assert_eq!(sender.loan(TAG, PORT, 80).unwrap().bytes(), 80);
                }
                way(&mut sender, &[7; 80]).unwrap();
                assert_eq!(sender.published(), RING_WORDS + 11);
                assert_eq!(next(&mut receiver).unwrap().unwrap(), [7; 80]);
                assert_eq!(next(&mut receiver).unwrap(), None);
            }
        }
    }
}

#[test]
fn a_record_that_finds_no_room_or_is_too_long_leaves_what_was_staged_as_it_was() {
    for way in WAYS {
        let Lane { mut sender, mut receiver, .. } = lane();
        let mut staged = 0;
        while sender.stage(TAG, PORT, &[9; 40]).is_ok() {
            staged += 1;
        }
        let too_long = vec![0; sender.bytes_max() as usize + 1];
        assert!(matches!(way(&mut sender, &[9; 40]), Err(StageError::Full(_))));
        assert!(matches!(way(&mut sender, &too_long), Err(StageError::TooLong(_))));
        assert_eq!((sender.published(), next(&mut receiver).unwrap()), (0, None));
        assert!(!sender.publish());
        for _record in 0..staged {
            assert_eq!(next(&mut receiver).unwrap().unwrap(), [9; 40]);
        }
        assert_eq!(next(&mut receiver).unwrap(), None);
    }
}

#[test]
fn old_bodies_that_imitate_headers_are_not_seen_behind_a_record_sent_at_once() {
    for way in WAYS {
        let Lane { mut sender, mut receiver, .. } = lane();
        for round in 0..1_000 {
            let forged = (u64::from(PORT) << 40 | header(TAG.into(), 8)).to_le_bytes().repeat(round % 7);
            way(&mut sender, &forged).unwrap();
            assert_eq!(next(&mut receiver).unwrap().unwrap(), forged);
            assert_eq!(next(&mut receiver).unwrap(), None);
        }
    }
}
