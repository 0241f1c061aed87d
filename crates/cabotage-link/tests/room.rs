// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room for messages whose sender does not wait: known before, and told when there is some again.

mod support;

use std::os::fd::AsFd;

use cabotage_link::{Deadline, Link, Options, Ready, Room};
use cabotage_os::poll::{self, Readiness};
use support::{met_pair, pair, shortly, soon};

const MESSAGE: [u8; 1000] = [7; 1000];
const ROOM: Room = Room { bytes: MESSAGE.len(), descriptors: 0, blocks: 0 };

fn is_readable(link: &Link, deadline: Deadline) -> bool {
    let [seen] = poll::wait([(link.as_fd(), Readiness::IN)], deadline).unwrap();
    seen.contains(Readiness::IN)
}

/// Sends while there is room; answers how many messages went.
fn fill(link: &mut Link) -> usize {
    let mut sent = 0;
    while link.has_room(ROOM).unwrap() {
        link.try_send(&MESSAGE).expect("there was room");
        sent += 1;
    }
    sent
}

#[test]
fn a_message_for_which_there_is_room_goes_and_another_does_not() {
    let (mut one, mut other) = met_pair(Options::new());
    let sent = fill(&mut one);
    assert!(one.try_send(&MESSAGE).is_err());
    for _ in 0..sent {
        assert_eq!(other.try_receive().unwrap().expect("it has come").to_vec(), MESSAGE);
    }
    assert!(one.has_room(ROOM).unwrap());
}

#[test]
fn a_peer_that_has_not_answered_has_room_for_a_few_short_messages() {
    let (mut one, _other) = pair();
    let sent = fill(&mut one);
    assert!(sent > 1, "{sent}");
    assert!(!one.has_room(Room { descriptors: 1, ..ROOM }).unwrap());
    assert!(matches!(one.await_room(ROOM), Ok(Ready::Armed)));
}

#[test]
fn whoever_awaits_room_finds_its_link_readable_when_there_is_some() {
    let (mut one, mut other) = met_pair(Options::new());
    fill(&mut one);
    while !matches!(one.ready(), Ok(Ready::Armed)) {
        assert!(one.try_receive().unwrap().is_none());
    }
    // A larger ring may be made at that moment.
    while matches!(one.await_room(ROOM).unwrap(), Ready::Ready) {
        fill(&mut one);
    }
    assert!(!is_readable(&one, shortly()));
    while let Some(message) = other.try_receive().unwrap() {
        drop(message);
    }
    assert!(is_readable(&one, soon()));
    one.stop_awaiting_room();
    assert!(one.has_room(ROOM).unwrap());
}
