// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room that is kept on a link: a message goes in it although the link is full.
#![forbid(unsafe_code)]

use std::time::Duration;

use cabotage_link::{Deadline, Link, Options, SendError};

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

/// Both ends, each with its memory.
fn met() -> (Link, Link) {
    let (mut near, far) = Link::pair(Options::new()).unwrap();
    let mut far = far.link(Options::new()).unwrap();
    for _ in 0..50 {
        near.send(b"there", soon()).unwrap();
        far.receive(soon()).unwrap();
        far.send(b"and back", soon()).unwrap();
        near.receive(soon()).unwrap();
    }
    (near, far)
}

fn fill(link: &mut Link) -> usize {
    let mut sent = 0;
    loop {
        match link.try_send(&[1; 200]) {
            Ok(()) => sent += 1,
            Err(SendError::Full) => return sent,
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_message_goes_in_its_room_although_the_link_is_full_and_once_until_it_is_taken() {
    let (mut near, mut far) = met();
    let mut room = near.keep_room(256, soon()).unwrap();
    for _ in 0..3 {
        let sent = fill(&mut near);
        assert_eq!(
            near.send_kept(&mut room, &[2; 257]),
            Err(SendError::TooLong { bytes: 257, bytes_max: 256 })
        );
        near.send_kept(&mut room, &[2; 256]).unwrap();
        assert!(!near.is_room_free(&room).unwrap());
        assert_eq!(near.send_kept(&mut room, b"again"), Err(SendError::Full));
        for _ in 0..sent {
            assert_eq!(far.receive(soon()).unwrap().bytes(), 200);
        }
        assert_eq!(far.receive(soon()).unwrap().to_vec(), [2; 256]);
        assert!(far.try_receive().unwrap().is_none(), "and by that it is told what was taken");
        assert!(near.is_room_free(&room).unwrap());
    }
    near.give_up_room(room);
}

#[test]
fn the_ring_that_keeps_room_is_not_given_up() {
    let (mut near, mut far) = met();
    let mut room = near.keep_room(100, soon()).unwrap();
    near.trim().unwrap();
    fill(&mut near);
    near.send_kept(&mut room, b"for all that").unwrap();
    while far.receive(soon()).unwrap().bytes() == 200 {}
}

#[test]
fn a_link_keeps_no_more_room_than_leaves_a_useful_ring() {
    let (mut near, _far) = met();
    let mut rooms = Vec::new();
    let refused = loop {
        match near.keep_room(1000, soon()) {
            Ok(room) => rooms.push(room),
            Err(refused) => break refused,
        }
    };
    assert!(
        matches!(refused, SendError::TooLong { .. }) && rooms.len() >= 4,
        "{refused} after {}",
        rooms.len()
    );
    near.send(&[0; 4000], soon()).unwrap();
}

#[test]
fn before_the_peer_has_answered_no_room_is_kept() {
    let (mut near, _far) = Link::pair(Options::new()).unwrap();
    assert!(matches!(near.keep_room(10, Deadline::Now), Err(SendError::Full)));
}
