// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the publisher waits: nothing is overwritten before everybody has read it, and nobody holds it up for ever.

use cabotage_lane::topic::WhenSlow;
use loom::thread;

use super::topic::Topic;

#[test]
fn records_are_overwritten_only_after_they_were_read() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        let publishing = thread::spawn(move || {
            for _ in 0..5 {
                publisher.send(1);
            }
        });
        reader.spin_to(5);
        publishing.join().unwrap();
        assert_eq!(reader.missed, 0);
    });
}

/// No bell, no sleep and no fence orders the two here, nothing but the reader's count: the room for the fourth record
/// is asked for once, and its body goes where the first one's was, behind a filler of two words.
#[test]
fn words_are_used_again_only_after_their_reader_has_told() {
    loom::model(|| {
        let topic = Topic::new(16, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        [3, 4, 4].into_iter().for_each(|words| publisher.send(words));
        let publishing = thread::spawn(move || {
            let _ = publisher.lane.stage(&super::topic::body(4, 2));
        });
        assert!(reader.look());
        publishing.join().unwrap();
    });
}

/// As above, by a reader that has not told of so little, and leaves.
#[test]
fn words_are_used_again_only_after_their_reader_has_left() {
    loom::model(|| {
        let topic = Topic::new(32, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        [2, 2, 1, 10, 10].into_iter().for_each(|words| publisher.send(words));
        let publishing = thread::spawn(move || {
            let _ = publisher.lane.stage(&super::topic::body(6, 2));
        });
        assert!(reader.look());
        reader.lane.leave();
        publishing.join().unwrap();
    });
}

#[test]
fn a_reader_that_leaves_holds_nobody() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut reader = topic.read(0, 0);
        let room = topic.room.clone();
        let publishing = thread::spawn(move || {
            for _ in 0..4 {
                publisher.send(1);
            }
        });
        reader.lane.leave();
        room.ring();
        publishing.join().unwrap();
    });
}

#[test]
fn the_slower_of_two_counts() {
    loom::model(|| {
        let topic = Topic::new(8, WhenSlow::Wait);
        let mut publisher = topic.publish();
        let mut quick = topic.read(0, 0);
        let mut slow = topic.read(1, 0);
        for _ in 0..3 {
            publisher.send(1);
        }
        quick.spin_to(3);
        let publishing = thread::spawn(move || publisher.send(1));
        slow.spin_to(4);
        publishing.join().unwrap();
    });
}
