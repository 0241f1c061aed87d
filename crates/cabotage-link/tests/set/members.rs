// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links that come and go, and processes that have no part in the set.

use cabotage_link::{Deadline, Link, LinkError, LinkSet, Options, Parcel, SetError};
use cabotage_os::fork::child_answers;

use crate::{is_readable, message, message_at_hand, set_of, settle, soon};

#[test]
fn a_key_names_nothing_once_its_link_is_gone() {
    let (mut set, mut others) = set_of(3);
    let (stale, mut near) = others.remove(1);
    let mut link = set.remove(stale).unwrap();
    assert_eq!(set.len(), 2);
    let (_other, far) = Link::pair(Options::new()).unwrap();
    let key = set.insert(far.link(Options::new()).unwrap()).unwrap();
    assert_ne!(key, stale, "the place is the same, the key is not");
    assert!(set.get_mut(stale).is_none() && set.remove(stale).is_none() && set.unlisten(stale).is_none());
    assert!(set.get_mut(key).is_some() && set.unlisten(key).is_none() && set.listener(key).is_none());
    assert_eq!(set.keys().count(), 3);
    // The link that left goes on outside, and wakes the set no more.
    settle(&mut set);
    near.send(b"alone", soon()).unwrap();
    assert!(!is_readable(&set, Deadline::Now));
    assert_eq!(link.receive(soon()).unwrap().to_vec(), b"alone");
}

#[test]
fn a_link_may_come_with_messages_and_leave_with_them() {
    let (mut set, mut others) = set_of(2);
    let (key, near) = &mut others[0];
    settle(&mut set);
    near.send(b"one", soon()).unwrap();
    near.send(b"two", soon()).unwrap();
    assert_eq!(message(&mut set).1, b"one");
    let link = set.remove(*key).unwrap();
    let key = set.insert(link).unwrap();
    assert_eq!(message(&mut set), (key, b"two".to_vec()));
    settle(&mut set);
    let mut link = set.remove(key).unwrap();
    near.send(b"three", soon()).unwrap();
    assert_eq!(link.receive(soon()).unwrap().to_vec(), b"three");
    near.send(b"four", soon()).unwrap();
    let key = set.insert(link).unwrap();
    assert_eq!(message(&mut set), (key, b"four".to_vec()));
}

#[test]
fn links_come_and_go_while_others_go_on() {
    let (mut set, mut others) = set_of(4);
    for round in 0..200 {
        let at = round % others.len();
        let (key, mut near) = others.swap_remove(at);
        near.send(b"last", soon()).unwrap();
        if round % 3 == 0 {
            settle_with_messages(&mut set);
        }
        drop(set.remove(key));
        let (mut near, far) = Link::pair(Options::new()).unwrap();
        near.send(b"hello", soon()).unwrap();
        let key = set.insert(far.link(Options::new()).unwrap()).unwrap();
        for (_, near) in &mut others {
            near.send(b"on", soon()).unwrap();
        }
        others.push((key, near));
        let mut heard: Vec<_> = (0..4).map(|_| message(&mut set).0).collect();
        heard.sort();
        let mut expected: Vec<_> = others.iter().map(|(key, _)| *key).collect();
        expected.sort();
        assert_eq!(heard, expected, "round {round}");
    }
}

/// Receives everything that is at hand, then rests.
fn settle_with_messages(set: &mut LinkSet) {
    while set.ready().unwrap() == cabotage_link::Ready::Ready {
        message_at_hand(set);
    }
}

#[test]
fn blocks_and_descriptors_come_through_a_set() {
    let (mut set, mut others) = set_of(2);
    let (key, near) = &mut others[1];
    for round in 0..20_u8 {
        if round % 4 == 0 {
            settle(&mut set);
        }
        let mut block = near.block(50_000, soon()).unwrap();
        block.write_at(49_999, &[round]).unwrap();
        let descriptor = std::fs::File::open("/dev/null").unwrap();
        near.send_parcel(Parcel::new(b"parcel").block(block).descriptor(descriptor), soon()).unwrap();
        near.send(&vec![round; 200_000], soon()).unwrap();
        let cabotage_link::Event::Message(found, mut message) = set.receive(soon()).unwrap() else {
            panic!("no message")
        };
        assert_eq!((found, message.to_vec()), (*key, b"parcel".to_vec()));
        assert_eq!(message.take_block().unwrap().read::<u8>(49_999).unwrap(), round);
        assert_eq!(message.take_descriptors().len(), 1);
        drop(message);
        assert_eq!(crate::message(&mut set), (*key, vec![round; 200_000]));
    }
}

#[test]
fn a_forked_child_is_refused_and_disturbs_nobody() {
    let (mut set, mut others) = set_of(3);
    settle(&mut set);
    let key = others[0].0;
    others[0].1.send(b"before", soon()).unwrap();
    let in_child = || {
        let (_near, far) = Link::pair(Options::new()).unwrap();
        let refused = set.insert(far.link(Options::new()).unwrap()).unwrap_err();
        let sees_link = set.get_mut(key).unwrap().receive(Deadline::Now).unwrap_err();
        refused.error == SetError::Forked
            && set.receive(Deadline::Now).unwrap_err() == SetError::Forked
            && set.try_receive().unwrap_err() == SetError::Forked
            && set.ready().unwrap_err() == SetError::Forked
            && sees_link == cabotage_link::ReceiveError::Link(LinkError::Forked)
            && set.remove(key).is_some()
            && LinkSet::new().is_ok_and(|mut own| own.insert(*refused.member).is_ok())
    };
    assert!(child_answers(in_child, soon()).unwrap());
    assert_eq!(message(&mut set), (key, b"before".to_vec()));
    settle(&mut set);
    for (key, near) in &mut others {
        near.send(b"after", soon()).unwrap();
        assert_eq!(message(&mut set), (*key, b"after".to_vec()));
    }
}
