// SPDX-License-Identifier: MIT OR Apache-2.0
//! A peer that sends in every gap: between two looks of the set, between a look and its sleep. A wake-up that was
//! lost shows as a round that never ends.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;

use cabotage_link::{Event, Key, LinkSet, Ready, Wait};
use cabotage_os::seam;

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
