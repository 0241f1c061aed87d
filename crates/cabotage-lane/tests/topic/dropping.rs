// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the slow lose records: they are told, and each loss is counted exactly.

use cabotage_lane::topic::{Overtaken, Sight, WhenSlow};

use super::topic::{Publishing, Topic, drain, next, send};

/// Publishes more than the ring holds.
fn lap(publisher: &mut Publishing) {
    (0..200).for_each(|_| assert!(!send(publisher)));
}

#[test]
fn a_publisher_never_waits_and_the_slow_are_told_how_many_they_lost() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    let (mut taken, mut missed) = (0, 0);
    for _round in 0..50 {
        lap(&mut publisher);
        assert!(matches!(reader.look().unwrap(), Sight::Overtaken));
        let lost = reader.catch_up().unwrap();
        assert!(lost > 0);
        missed += lost;
        taken += drain(&mut reader).len() as u64;
        assert_eq!(taken + missed, publisher.published());
    }
}

#[test]
fn a_copy_of_a_record_that_was_overwritten_meanwhile_counts_for_nothing() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    send(&mut publisher);
    assert!(matches!(reader.look().unwrap(), Sight::First(_)));
    lap(&mut publisher);
    assert_eq!(reader.take(&mut [0; 300]), Err(Overtaken));
    let lost = reader.catch_up().unwrap();
    assert_eq!(next(&mut reader), Some(lost + 1));
}

#[test]
fn who_was_overtaken_goes_on_so_far_from_the_end_that_there_is_time_to_read() {
    let topic = Topic::new(WhenSlow::Drop);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    lap(&mut publisher);
    assert!(matches!(reader.look().unwrap(), Sight::Overtaken));
    reader.catch_up().unwrap();
    // An eighth of the ring more does not overtake it again.
    send(&mut publisher);
    let numbers = drain(&mut reader);
    assert_eq!(numbers.last(), Some(&201));
    assert!(numbers.len() > 2, "{numbers:?}");
}
