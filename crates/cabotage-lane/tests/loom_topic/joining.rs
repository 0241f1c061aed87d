// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever joins while records are published begins at a record, knows its number, and misses none after it.

use cabotage_lane::Fencing;
use cabotage_lane::topic::WhenSlow;
use loom::thread;

use super::topic::Topic;

fn join_meanwhile(when_slow: WhenSlow, history: u64, records: u64) {
    loom::model(move || {
        let topic = Topic::new(8, when_slow);
        let mut publisher = topic.publish();
        publisher.send(1);
        let publishing = thread::spawn(move || {
            for _ in 1..records {
                publisher.send(1);
            }
        });
        let mut reader = topic.read(0, history);
        reader.look();
        reader.spin_to(records);
        publishing.join().unwrap();
        if when_slow == WhenSlow::Wait {
            assert_eq!(reader.missed, 0);
        }
    });
}

#[test]
fn a_joiner_of_a_topic_that_waits_gets_every_record_from_its_start_on() {
    join_meanwhile(WhenSlow::Wait, 1, 4);
}

#[test]
fn a_joiner_who_wants_nothing_old_begins_behind_the_newest() {
    join_meanwhile(WhenSlow::Wait, 0, 4);
}

#[test]
fn a_joiner_of_a_topic_that_drops_begins_at_a_record_with_its_number() {
    join_meanwhile(WhenSlow::Drop, 1, 4);
}

/// The index has eight entries: while the joiner looks, the one that it begins with comes to mean another record.
#[test]
fn a_joiner_whose_entry_of_the_index_is_rewritten_looks_again() {
    let mut once_interrupted = loom::model::Builder::new();
    once_interrupted.preemption_bound = Some(1);
    once_interrupted.check(|| {
        let topic = Topic::new(8, WhenSlow::Drop);
        let mut publisher = topic.publish();
        (0..4).for_each(|_| publisher.send(1));
        let publishing = thread::spawn(move || (0..5).for_each(|_| publisher.send(1)));
        let mut reader = topic.read(0, 3);
        publishing.join().unwrap();
        while reader.lane.number() <= 9 {
            reader.look();
        }
    });
}

/// As above where only sleepers fence, and in a ring so long that no room is made: then nothing but the entry itself
/// tells how late it is.
#[test]
fn an_entry_that_was_rewritten_tells_what_was_published_before_it() {
    loom::model(|| {
        let topic = Topic::new(64, WhenSlow::Drop);
        let mut publisher = topic.publish_fencing(Fencing::Asked);
        (0..4).for_each(|_| publisher.send(1));
        let publishing = thread::spawn(move || (0..5).for_each(|_| publisher.send(1)));
        let reader = topic.read(0, 3);
        assert_eq!(reader.lane.position(), 2 * (reader.lane.number() - 1), "each record takes two words");
        publishing.join().unwrap();
    });
}

#[test]
fn a_joiner_who_sees_that_a_record_is_the_newest_finds_it_whole() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let publishing = thread::spawn(move || {
            publisher.send(1);
            publisher.send(1);
        });
        let mut reader = topic.read(0, 1);
        let number = reader.lane.number();
        if number > 1 {
            assert!(reader.look(), "record {number} was told to be there");
        }
        publishing.join().unwrap();
    });
}
