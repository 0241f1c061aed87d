// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading and consuming the record in sight without a token for it: what that does at the wrong moment, too.

use cabotage_lane::Violation;
use cabotage_lane::ring::{Glimpse, Sight};

use super::lane::{Lane, MappedReceiver, PORT, RING_WORDS, TAG, forge, header, lane, next, segment, send};

/// Looks at a record that must be there.
fn look(receiver: &mut MappedReceiver) -> usize {
    let Sight::Record(shape) = receiver.look().unwrap() else { panic!("nothing came") };
    assert_eq!((shape.tag(), shape.port()), (TAG, PORT));
    shape.bytes()
}

#[test]
fn a_part_of_the_record_in_sight_can_be_read_and_nothing_beyond_its_end() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"0123456789");
    send(&mut sender, b"next");
    assert_eq!(look(&mut receiver), 10);
    for (offset, expected) in
        [(0, "0123"), (5, "5678"), (8, "89"), (9, "9"), (10, ""), (11, ""), (16, ""), (usize::MAX, "")]
    {
        let mut part = [0; 4];
        let bytes = receiver.read(offset, &mut part);
        assert_eq!(&part[..bytes], expected.as_bytes());
        assert!(part[bytes..].iter().all(|byte| *byte == 0), "what was not read is as it was");
    }
    assert_eq!(receiver.read(0, &mut []), 0);
    assert_eq!((receiver.shape().bytes(), receiver.consumed()), (10, 0), "reading consumes nothing");
    receiver.consume();
    assert_eq!(receiver.consumed(), 3);
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"next");
}

#[test]
fn before_any_look_there_is_nothing_to_read_or_to_consume() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"first");
    for _call in 0..3 {
        assert_eq!(receiver.read(0, &mut [0; 8]), 0);
        receiver.consume();
    }
    assert_eq!(receiver.consumed(), 0);
    assert_eq!(receiver.glimpse(), Glimpse::Other);
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"first");
}

#[test]
fn in_another_ring_and_after_the_end_there_is_nothing_to_consume_before_a_look() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"first");
    assert!(next(&mut receiver).unwrap().is_some());
    let (other, their_other) = segment(RING_WORDS);
    let (_first, end, _) = sender.continue_in(other, 1).unwrap();
    assert!(matches!(receiver.look().unwrap(), Sight::Continue { segment: 1 }));
    receiver.continue_in(their_other).unwrap();
    receiver.consume();
    assert_eq!((receiver.read(0, &mut [0; 8]), receiver.consumed()), (0, end));
    send(&mut sender, b"second");
    assert_eq!(look(&mut receiver), 6);
    receiver.end(Violation::Slot { number: 64 });
    receiver.consume();
    assert_eq!((receiver.read(0, &mut [0; 8]), receiver.consumed()), (0, end));
}

#[test]
fn a_record_consumed_twice_is_a_fault_that_the_sender_sees() {
    let Lane { mut sender, mut receiver, .. } = lane();
    send(&mut sender, b"once");
    assert_eq!(look(&mut receiver), 4);
    receiver.consume();
    receiver.consume();
    assert_eq!(receiver.consumed(), 4);
    assert!(matches!(receiver.look().unwrap(), Sight::Empty));
    assert_eq!(sender.has_left(2).unwrap_err(), Violation::Count { count: 4, least: 0, most: 2 });
}

/// Twenty times what fits five times, and then whatever lies there is looked at by every rule.
#[test]
fn consuming_again_and_again_never_leaves_the_ring() {
    for words in [1, 2, 3, 100, 170] {
        let Lane { mut receiver, outbox, .. } = lane();
        forge(&outbox, 0, u64::from(PORT) << 40 | header(TAG.into(), (words - 1) * 8));
        look(&mut receiver);
        for _call in 0..2_000 {
            receiver.consume();
        }
        let fit = if RING_WORDS.is_multiple_of(words) { 2_000 } else { RING_WORDS / words };
        assert_eq!(receiver.consumed(), fit * words);
        let at = usize::try_from(receiver.consumed() % RING_WORDS).unwrap();
        forge(&outbox, at, u64::from(PORT) << 40 | header(TAG.into(), 8));
        match receiver.look() {
            Ok(Sight::Record(shape)) => assert_eq!(shape.bytes(), 8),
            found => assert!(RING_WORDS - at as u64 == 1 && found.is_err(), "{found:?}"),
        }
    }
}

/// As a spinning receiver does it: a glimpse, and a look only where it is not as usual.
#[test]
fn a_glimpse_is_enough_for_a_record_like_the_last_one() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for round in 0..2_000_u64 {
        assert_eq!(receiver.glimpse(), Glimpse::Nothing);
        send(&mut sender, &round.to_le_bytes()[..if round % 100 == 99 { 7 } else { 8 }]);
        match receiver.glimpse() {
            Glimpse::Usual => assert!(![0, 99].contains(&(round % 100))),
            found => {
                assert_eq!((found, look(&mut receiver)), (Glimpse::Other, 8 - usize::from(round % 100 == 99)))
            }
        }
        let mut seen = [0; 8];
        assert_eq!(receiver.read(0, &mut seen), receiver.shape().bytes());
        assert_eq!(u64::from_le_bytes(seen), round);
        receiver.consume();
        if round % 50 == 0 {
            assert!(matches!(receiver.look().unwrap(), Sight::Empty));
        }
    }
}
