// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the publisher waits: for the slowest, as long as that one lives.

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{SendError, WhenSlow};

use super::topics::{Place, body, check, publish_to, soon};

/// How many records fit until the slowest must read.
fn fill(publisher: &mut cabotage_shm::Publisher) -> u64 {
    loop {
        let number = publisher.published() + 1;
        match publisher.try_publish(&body(number)) {
            Ok(()) => {}
            Err(SendError::Full) => return publisher.published(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_full_topic_says_so_and_room_comes_with_reading() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let (mut quick, mut slow) = (place.subscriber(), place.subscriber());
    let last = fill(&mut publisher);
    (1..=last).for_each(|number| assert_eq!(check(&quick.receive(soon()).unwrap()), number));
    let late = publisher.publish(&body(last + 1), Deadline::within(Duration::from_millis(1))).unwrap_err();
    assert_eq!(late, SendError::Full);
    (1..=last).for_each(|number| assert_eq!(check(&slow.receive(soon()).unwrap()), number));
    publish_to(&mut publisher, last + 1);
}

#[test]
fn without_subscribers_it_never_waits() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    publish_to(&mut publisher, 5_000);
}

#[test]
fn a_subscriber_that_leaves_frees_a_publisher_that_sleeps() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let (leaving, mut staying) = (place.subscriber(), place.subscriber());
    let last = fill(&mut publisher);
    (1..=last).for_each(|number| assert_eq!(check(&staying.receive(soon()).unwrap()), number));
    std::thread::scope(|scope| {
        scope.spawn(|| publish_to(&mut publisher, last + 1));
        scope.spawn(|| leaving.close());
    });
    assert_eq!(check(&staying.receive(soon()).unwrap()), last + 1);
}

#[test]
fn nobody_misses_a_record_though_all_are_slower_than_the_publisher() {
    const RECORDS: u64 = 50_000;
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let mut subscribers = [place.subscriber(), place.subscriber()];
    std::thread::scope(|scope| {
        for subscriber in &mut subscribers {
            scope.spawn(|| {
                for number in 1..=RECORDS {
                    let received = subscriber.receive(soon()).unwrap();
                    assert_eq!((check(&received), received.lost()), (number, 0));
                }
            });
        }
        publish_to(&mut publisher, RECORDS);
    });
}

#[test]
fn whoever_asks_is_told_when_everything_was_read() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let mut subscriber = place.subscriber();
    publish_to(&mut publisher, 3);
    assert_eq!(publisher.wait_until_consumed(Deadline::Now).unwrap_err(), SendError::Full);
    std::thread::scope(|scope| {
        scope.spawn(|| publisher.wait_until_consumed(soon()).unwrap());
        (1..=3).for_each(|number| assert_eq!(check(&subscriber.receive(soon()).unwrap()), number));
        assert!(subscriber.try_receive().unwrap().is_none(), "which tells how far it is");
    });
}

#[test]
fn a_publisher_may_wait_for_somebody_to_come() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    assert_eq!(publisher.wait_for_subscriber(Deadline::Now).unwrap_err(), SendError::Full);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            publisher.wait_for_subscriber(soon()).unwrap();
            publisher.subscribers().unwrap()
        });
        let subscriber = place.subscriber();
        assert_eq!(waiting.join().unwrap(), 1);
        drop(subscriber);
    });
    assert_eq!(publisher.subscribers().unwrap(), 0);
}
