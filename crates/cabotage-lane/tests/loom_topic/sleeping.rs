// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever sleeps is woken: readers by one bell for all, the publisher by the slowest.

use cabotage_lane::topic::WhenSlow;
use loom::thread;

use super::topic::Topic;

#[test]
fn a_reader_that_sleeps_more_than_once_is_woken_every_time() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Drop);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        let publishing = thread::spawn(move || (0..3).for_each(|_| publisher.send(1)));
        reader.sleep_to(3);
        publishing.join().unwrap();
    });
}

/// The two may ask for the bell with one and the same number. Three threads, interrupted thrice, would take longer than
/// all other models of topics.
#[test]
fn one_bell_wakes_two_readers_that_fall_asleep_at_different_times() {
    let mut twice_interrupted = loom::model::Builder::new();
    twice_interrupted.preemption_bound = Some(2);
    twice_interrupted.check(|| {
        let topic = Topic::new(8, WhenSlow::Drop);
        let mut publisher = topic.publish();
        let (mut first, mut second) = (topic.read(0, 0), topic.read(1, 0));
        let sleeping = thread::spawn(move || first.sleep_to(1));
        let publishing = thread::spawn(move || (0..2).for_each(|_| publisher.send(1)));
        second.sleep_to(2);
        sleeping.join().unwrap();
        publishing.join().unwrap();
    });
}

#[test]
fn a_publisher_that_sleeps_for_room_is_woken_by_a_reader_that_sleeps() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        let publishing = thread::spawn(move || (0..4).for_each(|_| publisher.send(1)));
        reader.sleep_to(4);
        publishing.join().unwrap();
    });
}

/// Nothing is looked for after the announcement but the readers' positions, so no other fence stands in for its own.
#[test]
fn a_publisher_that_sleeps_until_all_is_read_is_woken_by_a_reader_that_finds_nothing_more() {
    loom::model(|| {
        let topic = Topic::new(64, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        publisher.send(1);
        let publishing = thread::spawn(move || publisher.wait_until_read());
        assert!(reader.look());
        assert!(!reader.look());
        publishing.join().unwrap();
    });
}
