// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many links in one set: whose turn it is, what wakes it, who comes and goes.
#![forbid(unsafe_code)]

mod ends;
mod gaps;
mod listeners;
mod members;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod waiting;

use std::time::Duration;

use cabotage_link::{Deadline, Event, Key, Link, LinkSet, Options, Ready};
use cabotage_os::poll::{self, Readiness};

/// Long enough for anything that is to happen.
fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(30))
}

/// A set of `count` links, all of which have carried messages each way by memory, and their other ends.
fn set_of(count: usize) -> (LinkSet, Vec<(Key, Link)>) {
    let mut set = LinkSet::new().unwrap();
    let others = (0..count)
        .map(|_| {
            let (mut near, far) = Link::pair(Options::new()).unwrap();
            let key = set.insert(far.link(Options::new()).unwrap()).unwrap();
            near.try_send(b"first").unwrap();
            assert_eq!(message(&mut set), (key, b"first".to_vec()));
            // Some messages go over the socket; the last ones go by memory, both ways.
            for number in 0..20 {
                set.get_mut(key).unwrap().send(&[number], soon()).unwrap();
                assert_eq!(near.receive(soon()).unwrap().to_vec(), [number]);
                near.send(&[number], soon()).unwrap();
                assert_eq!(message(&mut set), (key, vec![number]));
            }
            (key, near)
        })
        .collect();
    (set, others)
}

/// The next event, which must be a message.
#[track_caller]
fn message(set: &mut LinkSet) -> (Key, Vec<u8>) {
    match set.receive(soon()).unwrap() {
        Event::Message(key, message) => (key, message.to_vec()),
        other => panic!("{other:?}"),
    }
}

/// The next event that is at hand, which must be a message if it is anything.
#[track_caller]
fn message_at_hand(set: &mut LinkSet) -> Option<(Key, Vec<u8>)> {
    match set.try_receive().unwrap()? {
        Event::Message(key, message) => Some((key, message.to_vec())),
        other => panic!("{other:?}"),
    }
}

/// Asks until the set rests, receiving nothing.
#[track_caller]
fn settle(set: &mut LinkSet) {
    for _ in 0..100 {
        if set.ready().unwrap() == Ready::Armed {
            return;
        }
        assert!(set.try_receive().unwrap().is_none());
    }
    panic!("the set finds no rest");
}

/// Whether the set's descriptor is, or becomes, readable.
fn is_readable(set: &LinkSet, deadline: Deadline) -> bool {
    let [found] = poll::wait([(std::os::fd::AsFd::as_fd(set), Readiness::IN)], deadline).unwrap();
    !found.is_empty()
}
