// SPDX-License-Identifier: MIT OR Apache-2.0
//! What wakes a set that waits, and what does not.

use std::thread;
use std::time::{Duration, Instant};

use cabotage_link::{Deadline, Event, Link, LinkSet, Options, Ready, SetError, Wait};
use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::poll::Readiness;

use crate::{is_readable, message, message_at_hand, set_of, settle, soon};

#[test]
fn whoever_sends_while_the_set_waits_wakes_it() {
    const ROUNDS: u32 = 400;
    const LINKS: u32 = 4;
    for wait in [Wait::Block, Wait::Adaptive, Wait::Spin] {
        let (mut set, others) = set_of(LINKS as usize);
        set.set_wait(wait);
        thread::scope(|scope| {
            for (_, mut link) in others {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        link.send(&round.to_le_bytes(), soon()).unwrap();
                        assert_eq!(link.receive(soon()).unwrap().to_vec(), round.to_le_bytes());
                    }
                    // Not closed before all are done, so that only messages come.
                    link.receive(soon()).unwrap();
                });
            }
            for _ in 0..LINKS * ROUNDS {
                let (key, body) = message(&mut set);
                set.get_mut(key).unwrap().send(&body, soon()).unwrap();
            }
            let keys: Vec<_> = set.keys().collect();
            for key in keys {
                set.get_mut(key).unwrap().send(b"done", soon()).unwrap();
            }
        });
    }
}

#[test]
fn a_deadline_passes_with_nothing_lost() {
    for wait in [Wait::Block, Wait::Adaptive, Wait::Spin] {
        let (mut set, mut others) = set_of(3);
        set.set_wait(wait);
        let began = Instant::now();
        let patience = Duration::from_millis(5);
        assert_eq!(set.receive(Deadline::within(patience)).unwrap_err(), SetError::Nothing);
        assert!(began.elapsed() >= patience);
        assert_eq!(set.receive(Deadline::Now).unwrap_err(), SetError::Nothing);
        let (key, link) = &mut others[1];
        link.send(b"late", soon()).unwrap();
        match set.receive(Deadline::Now).unwrap() {
            Event::Message(found, message) => assert_eq!((found, message.to_vec()), (*key, b"late".to_vec())),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_empty_set_does_not_wait_for_what_cannot_come() {
    let mut set = LinkSet::new().unwrap();
    assert_eq!(set.receive(Deadline::Never).unwrap_err(), SetError::Empty);
    assert!(set.try_receive().unwrap().is_none());
    assert_eq!(set.ready().unwrap(), Ready::Armed);
}

#[test]
fn the_descriptor_is_readable_when_something_came_and_never_for_nothing() {
    let (mut set, mut others) = set_of(5);
    let outer = Poller::new().unwrap();
    outer.add(&set, 1, Readiness::IN, Trigger::Level).unwrap();
    let mut events = Events::with_capacity(1);
    for round in 0..500_usize {
        settle(&mut set);
        assert!(!is_readable(&set, Deadline::Now), "round {round}");
        assert_eq!(outer.wait(&mut events, Deadline::Now).unwrap(), 0, "round {round}");
        let (key, link) = &mut others[round % 5];
        for _ in 0..=round % 3 {
            link.send(b"news", soon()).unwrap();
        }
        assert!(is_readable(&set, soon()), "round {round}");
        assert_eq!(outer.wait(&mut events, soon()).unwrap(), 1, "round {round}");
        if round % 2 == 0 {
            assert_eq!(set.ready().unwrap(), Ready::Ready);
        }
        for _ in 0..=round % 3 {
            assert_eq!(message_at_hand(&mut set).unwrap().0, *key, "round {round}");
        }
    }
}

#[test]
fn what_the_owner_of_the_set_reads_from_a_socket_is_not_missed() {
    for wait in [Wait::Block, Wait::Adaptive] {
        let (mut set, mut others) = set_of(2);
        set.set_wait(wait);
        let (key, near) = &mut others[0];
        for _ in 0..100 {
            settle(&mut set);
            near.send(b"news", soon()).unwrap();
            // This empties the socket, bell included.
            set.get_mut(*key).unwrap().wait_for_peer(soon()).unwrap();
            assert!(!is_readable(&set, Deadline::Now));
            assert_eq!(message(&mut set), (*key, b"news".to_vec()));
            // Looked at and found empty, it still rings.
            settle(&mut set);
            set.get_mut(*key).unwrap().wait_for_peer(soon()).unwrap();
            settle(&mut set);
            near.send(b"more", soon()).unwrap();
            assert!(is_readable(&set, soon()));
            assert_eq!(message(&mut set), (*key, b"more".to_vec()));
        }
    }
}

#[test]
fn what_sending_finds_on_the_socket_is_not_missed() {
    let (mut set, _others) = set_of(1);
    let (mut near, far) = Link::pair(Options::new()).unwrap();
    let key = set.insert(far.link(Options::new()).unwrap()).unwrap();
    settle(&mut set);
    near.try_send(b"first words").unwrap();
    // Whoever waits for its peer reads the socket.
    set.get_mut(key).unwrap().wait_for_peer(soon()).unwrap();
    set.get_mut(key).unwrap().send(b"welcome", soon()).unwrap();
    assert!(!is_readable(&set, Deadline::Now));
    assert_eq!(message(&mut set), (key, b"first words".to_vec()));
    assert_eq!(near.receive(soon()).unwrap().to_vec(), b"welcome");
}
