// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever comes late gets what it asked for of what is there, and misses nothing after it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cabotage_os::{Deadline, seam};
use cabotage_shm::{ReceiveError, TopicError, WhenSlow};

use super::topics::{BOTH, Place, check, drain, publish_to, soon};

#[test]
fn a_late_subscriber_gets_the_last_records_that_it_asked_for() {
    for when_slow in BOTH {
        let place = Place::new();
        let options = place.options().when_slow(when_slow).history(20);
        let mut publisher = options.create_trusting(&place.name).unwrap();
        let mut early = options.subscribe_trusting(&place.name).unwrap();
        assert!(early.try_receive().unwrap().is_none(), "there is nothing yet");
        publish_to(&mut publisher, 7);
        let late = |history| {
            let options = place.options().history(history);
            drain(&mut options.subscribe_trusting(&place.name).unwrap())
        };
        assert_eq!(late(20), (1..=7).collect::<Vec<_>>());
        drain(&mut early);
        publish_to(&mut publisher, 30);
        assert_eq!(late(20), (11..=30).collect::<Vec<_>>());
        assert_eq!(late(1), [30]);
        assert!(late(0).is_empty());
    }
}

#[test]
fn of_a_history_longer_than_the_ring_comes_what_is_there() {
    for when_slow in BOTH {
        let place = Place::new();
        let options = place.options().when_slow(when_slow).history(100_000);
        let mut publisher = options.create_trusting(&place.name).unwrap();
        publish_to(&mut publisher, 1_000);
        let there = drain(&mut options.subscribe_trusting(&place.name).unwrap());
        assert_eq!(there, (there[0]..=1_000).collect::<Vec<_>>());
        assert!(there.len() > 30, "a ring of 4 KiB holds more than {} of them", there.len());
    }
}

#[test]
fn those_who_come_and_go_while_records_are_published_get_them_without_a_gap() {
    const RECORDS: u64 = 60_000;
    for when_slow in BOTH {
        let place = Place::new();
        let mut publisher = place.publisher(when_slow);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for history in [0, 3, 1_000] {
                let (place, is_over) = (&place, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let options = place.options().history(history);
                        let mut subscriber = options.subscribe_trusting(&place.name).unwrap();
                        let mut due = None;
                        for _ in 0..100 {
                            match subscriber.receive(Deadline::within(Duration::from_millis(5))) {
                                Ok(received) => {
                                    let number = check(&received);
                                    assert!(due.is_none_or(|due| number == due + received.lost()));
                                    due = Some(number + 1);
                                }
                                Err(ReceiveError::Nothing) => break,
                                Err(error) => panic!("{error}"),
                            }
                        }
                        assert!(when_slow == WhenSlow::Drop || subscriber.lost() == 0);
                    }
                });
            }
            publish_to(&mut publisher, RECORDS);
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(publisher.subscribers().unwrap(), 0);
    }
}

#[test]
fn when_all_places_are_taken_the_next_one_is_told() {
    let place = Place::new();
    let options = place.options().subscribers_max(2);
    let _publisher = options.create_trusting(&place.name).unwrap();
    let (first, second) = (place.subscriber(), place.subscriber());
    let refused = options.subscribe_trusting(&place.name).unwrap_err();
    assert!(matches!(refused, TopicError::Crowded { places: 2, .. }), "{refused}");
    drop(first);
    let _third = place.subscriber();
    drop(second);
}

#[test]
fn subscribing_waits_for_a_topic_if_asked_to() {
    let place = Place::new();
    let missing = place.options().subscribe_trusting(&place.name).unwrap_err();
    assert!(matches!(missing, TopicError::Missing { .. }), "{missing}");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut subscriber =
                place.options().until_there(soon()).history(1).subscribe_trusting(&place.name).unwrap();
            check(&subscriber.receive(soon()).unwrap())
        });
        let mut publisher = place.publisher(WhenSlow::Drop);
        publish_to(&mut publisher, 1);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

#[test]
fn a_publisher_that_comes_or_goes_while_a_subscriber_joins_is_not_missed() {
    for is_there_before in [true, false] {
        let ended_meanwhile = (0..).map_while(|nth| joins_beside(is_there_before, nth));
        assert!(ended_meanwhile.filter(|ended| *ended).count() > 0, "there before: {is_there_before}");
    }
}

/// Subscribes, and in the gap before the `nth` call a publisher comes, unless it is there before, and goes as soon as
/// it counts the subscriber. Answers whether it has gone in the gap; `None` if there are not so many calls.
fn joins_beside(is_there_before: bool, nth: u64) -> Option<bool> {
    let place = Rc::new(Place::new());
    let before = place.publisher(WhenSlow::Drop);
    let publisher = Rc::new(Cell::new(is_there_before.then_some(before)));
    let has_come = Rc::new(Cell::new(false));
    let until = Deadline::within(Duration::from_millis(300));
    let (theirs, there, comes) = (publisher.clone(), place.clone(), has_come.clone());
    let gap = seam::before_nth(nth, move || {
        if until.has_passed() {
            return; // It need not be waited for any more.
        }
        comes.set(true);
        let mut publisher = theirs.take().unwrap_or_else(|| there.publisher(WhenSlow::Drop));
        if publisher.subscribers().unwrap() == 0 {
            theirs.set(Some(publisher));
        }
    });
    let joined = place.options().until_there(until).subscribe_trusting(&place.name);
    drop(gap);
    if !has_come.get() && !is_there_before {
        return None;
    }
    let mut subscriber = joined.unwrap();
    let has_gone = publisher.take().is_none();
    assert_eq!(subscriber.receive(soon()).map(drop), Err(ReceiveError::Closed), "call {nth}");
    has_come.get().then_some(has_gone)
}
