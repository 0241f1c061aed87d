// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the slow lose records: exactly as many as they are told, and never half of one.

use cabotage_os::Deadline;
use cabotage_shm::WhenSlow;

use super::topics::{Place, check, drain, publish_to, soon};

#[test]
fn a_publisher_that_drops_never_waits() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let _idle = place.subscriber();
    publish_to(&mut publisher, 10_000);
}

#[test]
fn a_slow_subscriber_is_told_exactly_how_many_records_it_lost() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    let mut due = 1;
    for ahead in (1..2_000).step_by(37) {
        publish_to(&mut publisher, due + ahead);
        let last = publisher.published();
        while due <= last {
            let received = subscriber.receive(Deadline::Now).unwrap();
            assert_eq!(check(&received), due + received.lost());
            due = received.number() + 1;
        }
    }
    assert!(subscriber.lost() > 0);
    assert!(drain(&mut subscriber).is_empty());
}

#[test]
fn an_overtaken_subscriber_goes_on_about_half_a_ring_behind() {
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let mut subscriber = place.subscriber();
    publish_to(&mut publisher, 1_000);
    let left = drain(&mut subscriber);
    let bytes: usize = left.iter().map(|number| super::topics::body(*number).len() + 16).sum();
    assert_eq!(*left.last().unwrap(), 1_000);
    assert!((1_000..=2_200).contains(&bytes), "{bytes} of 4096");
}

/// The publisher laps the subscriber again and again while that one copies.
#[test]
fn every_record_of_a_publisher_at_full_speed_is_whole_or_counted() {
    const RECORDS: u64 = 300_000;
    let place = Place::new();
    let mut publisher = place.publisher(WhenSlow::Drop);
    let mut subscribers = [place.subscriber(), place.subscriber()];
    std::thread::scope(|scope| {
        for subscriber in &mut subscribers {
            scope.spawn(|| {
                let (mut due, mut lost) = (1, 0);
                while due <= RECORDS {
                    let received = subscriber.receive(soon()).unwrap();
                    assert_eq!(check(&received), due + received.lost());
                    lost += received.lost();
                    due = received.number() + 1;
                }
                assert_eq!(subscriber.lost(), lost);
            });
        }
        publish_to(&mut publisher, RECORDS);
    });
}
