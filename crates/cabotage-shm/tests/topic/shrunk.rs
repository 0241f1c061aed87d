// SPDX-License-Identifier: MIT OR Apache-2.0
//! A topic's memory that another process shrinks while it is mapped: an error under the guard.

use std::fs::File;

use cabotage_os::Deadline;
use cabotage_shm::{Publisher, ReceiveError, SendError, Subscriber, WhenSlow};

use super::topics::{BOTH, Place, check, publish_to, soon};

fn guarded(place: &Place, when_slow: WhenSlow) -> (Publisher, Subscriber) {
    let options = place.options().when_slow(when_slow).guard_against_shrinking();
    let publisher = options.create_trusting(&place.name).unwrap();
    (publisher, options.subscribe_trusting(&place.name).unwrap())
}

#[test]
fn under_the_guard_records_go_through_as_ever() {
    for when_slow in BOTH {
        let place = Place::new();
        let (mut publisher, mut subscriber) = guarded(&place, when_slow);
        for number in 1..=2_000 {
            publish_to(&mut publisher, number);
            assert_eq!(check(&subscriber.receive(soon()).unwrap()), number);
        }
        publisher.close();
        assert_eq!(subscriber.receive(soon()).unwrap_err(), ReceiveError::Closed);
    }
}

#[test]
fn a_shrunk_topic_is_told_to_both_ends_and_kills_nobody() {
    for when_slow in BOTH {
        let place = Place::new();
        let (mut publisher, mut subscriber) = guarded(&place, when_slow);
        publish_to(&mut publisher, 2);
        assert_eq!(check(&subscriber.receive(soon()).unwrap()), 1);
        let file = place.scratch.path.path().join("topic");
        File::options().write(true).open(file).unwrap().set_len(0).unwrap();
        let sent = std::iter::repeat_with(|| publisher.publish(&[7; 100], Deadline::Now)).take(200);
        assert_eq!(sent.filter(Result::is_err).last(), Some(Err(SendError::Truncated)));
        let received = std::iter::repeat_with(|| subscriber.receive(Deadline::Now).map(drop)).take(10);
        assert_eq!(received.last(), Some(Err(ReceiveError::Truncated)));
        assert_eq!(subscriber.publisher(), Err(ReceiveError::Truncated));
    }
}
