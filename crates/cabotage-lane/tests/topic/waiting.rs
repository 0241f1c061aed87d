// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the publisher waits: its room ends at the slowest reader, as long as that one has its place.

use cabotage_lane::ring::StageError;
use cabotage_lane::topic::WhenSlow;

use super::topic::{Publishing, Topic, body, drain, next, send};

/// Publishes until there is no more room; answers the number of the last record.
fn fill(publisher: &mut Publishing) -> u64 {
    loop {
        match publisher.send(&body(publisher.published() + 1)) {
            Ok(must_ring) => assert!(!must_ring),
            Err(StageError::Full(_)) => return publisher.published(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn room_comes_when_the_slowest_has_read() {
    let topic = Topic::new(WhenSlow::Wait);
    let mut publisher = topic.publish(0).unwrap();
    let (mut quick, mut slow) = (topic.read(0, 0).unwrap(), topic.read(1, 0).unwrap());
    let mut last = 0;
    for _round in 0..100 {
        let before = std::mem::replace(&mut last, fill(&mut publisher));
        assert!(last > before);
        assert_eq!(drain(&mut quick), (before + 1..=last).collect::<Vec<_>>());
        assert!(!publisher.make_some_room());
        assert_eq!((publisher.blocking(), publisher.lagging()), (vec![1], vec![1]));
        assert_eq!(drain(&mut slow), (before + 1..=last).collect::<Vec<_>>());
        assert_eq!(publisher.lagging(), []);
    }
}

#[test]
fn who_leaves_or_is_buried_holds_nobody() {
    let topic = Topic::new(WhenSlow::Wait);
    let mut publisher = topic.publish(0).unwrap();
    let mut leaving = topic.read(0, 0).unwrap();
    let _dead = topic.read(2, 0).unwrap();
    fill(&mut publisher);
    assert_eq!(publisher.taken(), [0, 2]);
    leaving.leave();
    assert!(!publisher.make_some_room());
    assert_eq!(publisher.blocking(), [2]);
    publisher.bury(2);
    assert_eq!(publisher.taken(), []);
    (0..1_000).for_each(|_| assert!(!send(&mut publisher)));
}

#[test]
fn only_a_publisher_that_sleeps_is_rung_and_once() {
    let topic = Topic::new(WhenSlow::Wait);
    let mut publisher = topic.publish(0).unwrap();
    let mut reader = topic.read(0, 0).unwrap();
    send(&mut publisher);
    assert_eq!(drain(&mut reader), [1]);
    assert!(!reader.take_bell(), "nobody sleeps");
    fill(&mut publisher);
    publisher.announce();
    while !reader.take_bell() {
        assert!(next(&mut reader).is_some(), "all is read, and the publisher was not rung");
    }
    assert!(publisher.make_some_room());
    publisher.awake();
    drain(&mut reader);
    assert!(!reader.take_bell());
}
