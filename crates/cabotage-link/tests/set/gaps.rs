// SPDX-License-Identifier: MIT OR Apache-2.0
//! A peer that sends in every gap: between two looks of the set, between a look and its sleep. A wake-up that was
//! lost shows as a round that never ends.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;

use cabotage_link::{Event, Key, LinkSet, Options, Ready, Wait};
use cabotage_os::seam;

use crate::support::hostile::{PLAIN, RawPeer};
use crate::{is_readable, message, message_at_hand, set_of, settle, soon};

const ROUNDS: u32 = 5_000;

/// Answers each request, as soon as `next` finds it; the peer asks again after a gap of another length each time.
fn requests_and_answers(next: fn(&mut LinkSet) -> (Key, Vec<u8>), wait: Wait) {
    // One link asks, the others are parked most of the time.
    let (mut set, mut others) = set_of(3);
    set.set_wait(wait);
    let (_, mut asking) = others.remove(1);
    asking.set_wait(Wait::Block);
    thread::scope(|scope| {
        scope.spawn(move || {
            for round in 0..ROUNDS {
                (0..(round * 7919) % 3001).for_each(|_| std::hint::spin_loop());
                asking.send(&round.to_le_bytes(), soon()).unwrap();
                assert_eq!(asking.receive(soon()).unwrap().to_vec(), round.to_le_bytes());
            }
        });
        for round in 0..ROUNDS {
            let (key, body) = next(&mut set);
            assert_eq!(body, round.to_le_bytes());
            set.get_mut(key).unwrap().send(&body, soon()).unwrap();
        }
    });
    drop(others);
}

#[test]
fn no_request_is_lost_by_one_who_asks_before_waiting_outside() {
    fn next(set: &mut LinkSet) -> (Key, Vec<u8>) {
        loop {
            if set.ready().unwrap() == Ready::Armed {
                assert!(is_readable(set, soon()), "a request was lost");
            }
            if let Some(found) = message_at_hand(set) {
                return found;
            }
        }
    }
    requests_and_answers(next, Wait::Adaptive);
}

#[test]
fn no_request_is_lost_by_a_set_that_sleeps_each_time() {
    requests_and_answers(message, Wait::Block);
}

#[test]
fn no_request_is_lost_by_a_set_that_looks_and_sleeps() {
    requests_and_answers(message, Wait::Adaptive);
}

#[test]
fn a_message_before_any_system_call_of_the_set_is_heard() {
    for call in ["recvmsg", "epoll_wait"] {
        for receives in [false, true] {
            let (mut set, mut others) = set_of(2);
            set.set_wait(Wait::Block);
            let (key, near) = others.remove(0);
            // Sent and taken, so that there is a bell to read, too.
            let near = Rc::new(RefCell::new(near));
            settle(&mut set);
            near.borrow_mut().send(b"bell", soon()).unwrap();
            assert_eq!(message(&mut set), (key, b"bell".to_vec()));
            let sends = Rc::clone(&near);
            let plan = seam::before(call, move || sends.borrow_mut().send(b"in the gap", soon()).unwrap());
            if receives {
                assert_eq!(message(&mut set), (key, b"in the gap".to_vec()), "before {call}");
                continue;
            }
            if set.ready().unwrap() == Ready::Armed {
                assert!(is_readable(&set, soon()), "before {call}");
            }
            drop(plan);
            let found = match set.receive(soon()).unwrap() {
                Event::Message(found, message) => (found, message.to_vec()),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, (key, b"in the gap".to_vec()), "before {call}");
        }
    }
}

/// A peer is slow between its message and the look whether to ring: the message is taken meanwhile, and the bell
/// answers the sleep after it.
#[test]
fn a_bell_that_comes_late_is_not_the_last() {
    for wait in [Wait::Block, Wait::Adaptive] {
        let mut set = LinkSet::new().unwrap();
        set.set_wait(wait);
        let (mut raw, victim) = RawPeer::with_victim(Options::new());
        let key = set.insert(victim).unwrap();
        raw.greet();
        raw.send(PLAIN, b"first");
        assert_eq!(message(&mut set), (key, b"first".to_vec()));
        raw.hear_all();
        settle(&mut set);
        raw.write(PLAIN, b"quiet");
        // Looked at for another reason.
        assert!(set.get_mut(key).is_some());
        assert_eq!(message(&mut set), (key, b"quiet".to_vec()));
        settle(&mut set);
        raw.ring_if_asked();
        settle(&mut set);
        raw.write(PLAIN, b"next");
        raw.ring_if_asked();
        assert_eq!(message(&mut set), (key, b"next".to_vec()), "{wait:?}");
    }
}

/// As above, with a link that had been waited on outside before it joined the set.
#[test]
fn whoever_joins_a_set_is_armed_anew() {
    let mut set = LinkSet::new().unwrap();
    let (mut raw, mut victim) = RawPeer::with_victim(Options::new());
    raw.greet();
    raw.send(PLAIN, b"first");
    assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"first");
    victim.send(b"hello", soon()).unwrap();
    raw.hear_all();
    assert_eq!(victim.ready().unwrap(), Ready::Armed);
    raw.write(PLAIN, b"second");
    raw.ring_if_asked();
    assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"second");
    let key = set.insert(victim).unwrap();
    settle(&mut set);
    raw.write(PLAIN, b"third");
    raw.ring_if_asked();
    assert_eq!(message(&mut set), (key, b"third".to_vec()));
}
