// SPDX-License-Identifier: MIT OR Apache-2.0
//! Publishers come and go: their ends are told once, and the next one goes on behind them.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::Ready;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, fork, seam};
use cabotage_shm::{Presence, ReceiveError, SendError, TopicError, WhenSlow};

use super::topics::{BOTH, Place, check, drain, publish_to, soon};

#[test]
fn the_end_comes_after_everything_that_was_published() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let mut subscriber = place.subscriber();
        publish_to(&mut publisher, 3);
        publisher.close();
        for number in 1..=3 {
            assert_eq!(check(&subscriber.receive(soon()).unwrap()), number);
        }
        assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
        assert_eq!(subscriber.publisher().unwrap(), Presence::Left);
    }
}

#[test]
fn a_subscriber_that_sleeps_is_woken_by_the_end() {
    let place = Place::new();
    let publisher = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed));
        drop(publisher);
    });
}

#[test]
fn a_successor_goes_on_behind_the_last_record_and_subscribers_are_told_in_between() {
    for when_slow in BOTH {
        let place = Place::new();
        let mut first = place.publisher(when_slow);
        let mut subscriber = place.subscriber();
        assert_eq!((first.generation(), subscriber.generation()), (1, 1));
        publish_to(&mut first, 5);
        drop(first);
        let mut second = place.publisher(when_slow);
        assert_eq!((second.generation(), second.published()), (2, 5));
        publish_to(&mut second, 9);
        (1..=5).for_each(|number| assert_eq!(check(&subscriber.receive(soon()).unwrap()), number));
        assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
        (6..=9).for_each(|number| assert_eq!(check(&subscriber.receive(soon()).unwrap()), number));
        assert_eq!(subscriber.generation(), 2);
    }
}

#[test]
fn whoever_waits_for_the_first_publisher_sleeps_until_it_comes() {
    const CALLS_MAX: u64 = 20;
    let place = Place::new();
    leave_without_publisher(&place);
    let mut subscriber = place.subscriber();
    assert_eq!((subscriber.publisher().unwrap(), subscriber.generation()), (Presence::Nobody, 0));
    let before = seam::calls();
    let waited = subscriber.receive(Deadline::within(Duration::from_millis(300))).map(drop);
    assert_eq!(waited, Err(ReceiveError::Nothing));
    let calls = seam::calls() - before;
    assert!(calls <= CALLS_MAX, "{calls} calls");

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| check(&subscriber.receive(soon()).unwrap()));
        publish_to(&mut place.publisher(WhenSlow::Drop), 1);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

/// Makes a topic whose maker fails before it publishes.
fn leave_without_publisher(place: &Place) {
    for nth in 0.. {
        let failure = seam::fail_nth(nth, seam::Errno::NOMEM);
        let made = place.options().create_trusting(&place.name);
        assert!(failure.has_struck(), "it never fails between the topic and its place");
        drop(failure);
        match (made, place.options().look_trusting(&place.name)) {
            (Ok(publisher), _) => publisher.remove().unwrap(),
            (Err(_), Ok(glance)) => return assert_eq!(glance.generation, 0),
            (Err(_), Err(_)) => {}
        }
    }
}

#[test]
fn whoever_was_told_of_the_end_may_wait_for_the_next_publisher() {
    let place = Place::new();
    drop(place.publisher(WhenSlow::Drop));
    let mut subscriber = place.subscriber();
    assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
    assert_eq!(subscriber.wait_for_publisher(Deadline::Now).unwrap_err(), ReceiveError::Nothing);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            subscriber.wait_for_publisher(soon()).unwrap();
            assert_eq!(check(&subscriber.receive(soon()).unwrap()), 1);
        });
        publish_to(&mut place.publisher(WhenSlow::Drop), 1);
    });
}

#[test]
fn a_second_publisher_is_refused_with_who_publishes() {
    let place = Place::new();
    let _publisher = place.publisher(WhenSlow::Drop);
    let own_pid = Some(std::process::id().cast_signed());
    match place.options().create_trusting(&place.name) {
        Err(TopicError::Occupied { holder: Presence::Here { pid, .. }, .. }) => assert_eq!(pid, own_pid),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_successor_may_wait_for_the_end_of_the_one_before() {
    let place = Place::new();
    let publisher = place.publisher(WhenSlow::Drop);
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| place.options().until_there(soon()).create_trusting(&place.name).unwrap());
        drop(publisher);
        assert_eq!(waiting.join().unwrap().generation(), 2);
    });
}

#[test]
fn the_descriptor_is_readable_when_something_has_come_since_it_was_armed() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    let is_readable = |subscriber: &cabotage_shm::Subscriber| {
        let [found] = poll::wait([(subscriber.as_fd(), Readiness::IN)], Deadline::Now).unwrap();
        !found.is_empty()
    };
    for number in 1..100 {
        assert_eq!(subscriber.ready().unwrap(), Ready::Armed);
        assert!(!is_readable(&subscriber), "nothing has come");
        publish_to(&mut publisher, number);
        assert!(is_readable(&subscriber), "record {number} has come");
        assert_eq!(subscriber.ready().unwrap(), Ready::Ready);
        assert_eq!(drain(&mut subscriber), [number]);
    }
    assert_eq!(subscriber.ready().unwrap(), Ready::Armed);
    drop(publisher);
    assert!(is_readable(&subscriber), "the publisher has gone");
    assert_eq!(subscriber.ready().unwrap(), Ready::Ready);
    assert_eq!(subscriber.try_receive().unwrap_err(), ReceiveError::Closed);
    assert_eq!(subscriber.ready().unwrap(), Ready::Armed, "that was told");
    let _next = place.publisher(WhenSlow::Drop);
    assert!(is_readable(&subscriber), "another has come");
}

#[test]
fn a_topic_is_removed_by_name_and_those_who_are_there_go_on() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let (mut subscriber, last) = (place.subscriber(), place.subscriber());
    last.remove().unwrap();
    assert!(place.scratch.file_names().is_empty(), "{:?}", place.scratch.file_names());
    publish_to(&mut publisher, 2);
    assert_eq!(drain(&mut subscriber), [1, 2]);
    assert!(publisher.remove().is_err(), "nothing has its name");
}

#[test]
fn a_forked_child_has_no_part_in_it() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Wait);
    let mut subscriber = place.subscriber();
    let is_refused = fork::child_answers(
        || {
            let sent = publisher.publish(b"x", Deadline::Now);
            let received = subscriber.try_receive().map(drop);
            sent == Err(SendError::Forked) && received == Err(ReceiveError::Forked)
        },
        soon(),
    );
    assert!(is_refused.unwrap());
    publish_to(&mut publisher, 1);
    assert_eq!(drain(&mut subscriber), [1]);
}

#[test]
fn a_successor_whose_first_record_was_lost_is_known_all_the_same() {
    let place = Place::new();
    let mut first = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    publish_to(&mut first, 3);
    drop(first);
    let mut second = place.publisher(WhenSlow::Drop);
    publish_to(&mut second, 500);
    assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
    assert!(subscriber.receive(soon()).unwrap().lost() > 0);
    assert_eq!(subscriber.generation(), 2);
    assert_eq!(drain(&mut subscriber).last(), Some(&500));
    drop(second);
    assert_eq!(subscriber.ready(), Ok(Ready::Ready));
    assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
}
