// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who comes late, who comes after another, and what they make of memory that is not as it should be.

use cabotage_lane::Violation;
use cabotage_lane::topic::{Sight, WhenSlow};

use super::topic::{BOTH, HISTORY, Topic, body, drain, next, send};

#[test]
fn a_late_reader_begins_with_the_last_records_or_as_many_as_there_are() {
    for when_slow in BOTH {
        let topic = Topic::new(when_slow);
        let mut publisher = topic.publish(0).unwrap();
        for last in 1..=300 {
            send(&mut publisher);
            for history in [0, 1, 2, 1_000] {
                let mut reader = topic.read(0, history).unwrap();
                let numbers = drain(&mut reader);
                let least = history.min(last).min(3); // so many fit into the ring, whatever their lengths
                assert!(numbers.len() as u64 >= least && numbers.len() as u64 <= history, "{numbers:?}");
                assert!(numbers.iter().copied().eq(last + 1 - numbers.len() as u64..=last), "{numbers:?}");
                reader.leave();
            }
        }
    }
}

#[test]
fn a_successor_goes_on_over_what_was_only_staged_and_says_who_it_is() {
    for when_slow in BOTH {
        let topic = Topic::new(when_slow);
        let mut publisher = topic.publish(1).unwrap();
        let mut reader = topic.read(0, 0).unwrap();
        for round in 1..=300 {
            send(&mut publisher);
            publisher.stage(b"never published").unwrap();
            publisher.stage(&[0xff; 50]).unwrap();
            publisher = topic.publish(round + 1).unwrap();
            assert_eq!(publisher.published(), u64::from(round));
            let found = reader.look().unwrap();
            assert!(matches!(found, Sight::First(shape) if shape.port() == round), "{found:?}");
            assert_eq!(drain(&mut reader), [u64::from(round)]);
        }
    }
}

#[test]
fn a_successor_keeps_what_a_slow_reader_has_not_read() {
    let topic = Topic::new(WhenSlow::Wait);
    let mut publisher = topic.publish(1).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    while publisher.send(&body(publisher.published() + 1)).is_ok() {}
    let mut publisher = topic.publish(2).unwrap();
    let last = publisher.published();
    assert!(publisher.send(&body(last + 1)).is_err());
    assert_eq!(drain(&mut reader), (1..=last).collect::<Vec<_>>());
    send(&mut publisher);
    assert_eq!(next(&mut reader), Some(last + 1));
}

#[test]
fn a_header_that_no_publisher_writes_ends_the_reading_for_good() {
    for when_slow in BOTH {
        for forged in [3, 99 << 32 | 8, 16 << 32 | 1 << 20, u64::MAX] {
            let topic = Topic::new(when_slow);
            let mut publisher = topic.publish(0).unwrap();
            let mut reader = topic.read(0, 0).unwrap();
            send(&mut publisher);
            topic.forge(0, forged);
            let violation = reader.look().unwrap_err();
            assert!(matches!(violation, Violation::Header { .. } | Violation::TooLong { .. }), "{violation}");
            topic.forge(0, 0);
            assert_eq!(reader.look().unwrap_err(), violation);
        }
    }
}

#[test]
fn an_index_of_nonsense_is_refused() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    send(&mut publisher);
    // Where record 1 ends: far behind everything that was published.
    topic.forge_index(1, 1 << 40);
    assert!(matches!(topic.publish(1), Err(Violation::Count { .. })));
    // A reader with no history believes it, and finds nothing there for now; what it reads is checked as ever.
    let mut reader = topic.read(0, HISTORY).unwrap();
    assert!(reader.look().is_ok());
}
