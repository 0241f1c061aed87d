// SPDX-License-Identifier: MIT OR Apache-2.0
//! Moments in which something could be lost: between a look and a sleep, between a word on the socket and one in
//! memory, between the last message and the close.
#![forbid(unsafe_code)]

mod support;

use std::cell::RefCell;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cabotage_link::{Deadline, Link, LinkError, Options, Parcel, Ready, ReceiveError, SendError, Wait};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::seam::{self, Errno};

use support::hostile::{PLAIN, RawPeer};
use support::{command, inherited, met_pair, pair, pair_with, role, shortly, soon, start};

fn becomes_readable(link: &Link) -> bool {
    let [found] =
        poll::wait([(link.as_fd(), Readiness::IN)], Deadline::within(Duration::from_secs(3))).unwrap();
    !found.is_empty()
}

#[test]
fn one_who_asks_whether_to_wait_is_rung_when_the_outbox_came_at_that_moment() {
    let (mut near, mut far) = pair();
    far.send(b"one", soon()).unwrap();
    assert_eq!(near.try_receive().unwrap().unwrap().to_vec(), b"one");
    far.send(b"two", soon()).unwrap();
    // The near end takes the far one's outbox and hands over its own, with nothing in it.
    assert_eq!(near.receive(soon()).unwrap().to_vec(), b"two");
    assert_eq!(far.ready().unwrap(), Ready::Armed);
    near.send(b"three", soon()).unwrap();
    assert!(becomes_readable(&far), "a message came and nobody rang");
    assert_eq!(far.try_receive().unwrap().unwrap().to_vec(), b"three");
}

#[test]
fn a_block_that_was_never_sent_may_be_retired() {
    let (mut near, mut far) = met_pair(Options::new());
    drop(near.block(100_000, soon()).unwrap());
    near.trim().unwrap();
    near.send(b"after", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"after");
}

#[test]
fn retired_segments_are_forgotten_so_that_others_may_come() {
    let (mut near, mut far) = met_pair(Options::new());
    for round in 0..100_u8 {
        let bytes = 70_000 << (round % 2);
        let mut block = near.block(bytes, soon()).unwrap();
        block.write_at(0, &[round]).unwrap();
        near.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
        let mut message = far.receive(soon()).unwrap();
        assert_eq!(message.take_block().unwrap().read::<u8>(0).unwrap(), round);
        drop(message);
        near.trim().unwrap();
        assert_eq!(near.memory_bytes(), 8192);
    }
}

/// The peer's outbox comes while the first block is being taken.
#[test]
fn blocks_come_back_whenever_the_two_ends_have_met() {
    for steps in 0..6 {
        let (mut near, mut far) = pair();
        for step in 0..steps {
            if step % 2 == 0 {
                let _ = near.block(10, Deadline::Now);
            } else {
                let _ = far.try_receive();
            }
        }
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..200 {
                    drop(far.receive(soon()).unwrap());
                }
            });
            for _ in 0..200 {
                let block = near.block(10, soon()).unwrap();
                near.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
            }
        });
    }
}

/// Both ends have talked over the socket only, and the other one is busy elsewhere.
#[test]
fn blocks_are_taken_and_sent_without_any_doing_of_the_peer() {
    let (mut near, mut far) = pair();
    near.send(b"ahoy", soon()).unwrap();
    far.receive(soon()).unwrap();
    far.send(b"ahoy", soon()).unwrap();
    near.receive(soon()).unwrap();
    let blocks: Vec<_> = (0..8).map(|_| near.block(100_000, soon()).unwrap()).collect();
    for (number, mut block) in (0..).zip(blocks) {
        block.write_at(0, &[number]).unwrap();
        near.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
    }
    for number in 0..8 {
        let block = far.receive(soon()).unwrap().take_block().unwrap();
        let mut content = vec![0; block.bytes()];
        block.copy_to(&mut content).unwrap();
        assert_eq!((content.len(), content[0]), (100_000, number));
    }
}

#[test]
fn what_was_sent_before_anybody_answered_outlives_a_close() {
    let (mut near, mut far) = pair();
    for number in 0..5 {
        near.send(&[number; 5], soon()).unwrap();
    }
    near.close();
    for number in 0..5 {
        assert_eq!(far.receive(soon()).unwrap().to_vec(), [number; 5]);
    }
    assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Closed));
}

#[test]
fn a_limit_holds_for_every_message_and_not_only_for_the_first() {
    let (mut near, mut far) = met_pair(Options::new().message_bytes_max(100));
    assert_eq!(near.try_send(&[0; 101]).unwrap_err(), SendError::TooLong { bytes: 101, bytes_max: 100 });
    near.try_send(&[0; 100]).unwrap();
    assert_eq!(far.receive(soon()).unwrap().bytes(), 100);
    assert_eq!(near.block(100, soon()).unwrap().bytes(), 100);
}

#[test]
fn a_bell_that_the_system_refuses_is_rung_later() {
    let (mut near, mut far) = met_pair(Options::new());
    assert_eq!(far.ready().unwrap(), Ready::Armed);
    let plan = seam::fail_nth(0, Errno::NOBUFS);
    near.send(b"published", soon()).unwrap();
    assert!(plan.has_struck());
    drop(plan);
    // Whatever the near end does next rings.
    let _ = near.receive(shortly());
    assert!(becomes_readable(&far), "the bell was forgotten");
    assert_eq!(far.try_receive().unwrap().unwrap().to_vec(), b"published");
}

#[test]
fn a_copy_from_beyond_the_end_of_a_message_is_empty() {
    let (mut near, mut far) = met_pair(Options::new());
    near.send(&[7; 9], soon()).unwrap();
    let message = far.receive(soon()).unwrap();
    for offset in [9, 10, usize::MAX - 7, usize::MAX] {
        assert_eq!(message.copy_from(offset, &mut [0; 4]), 0);
    }
}

/// A receiver is about to sleep on the socket, a message comes there, and a sender beside it reads the socket first.
#[test]
fn what_is_to_wake_a_sleeper_is_left_to_it() {
    let (near, mut far) = pair_with(Options::new().wait(Wait::Block));
    let (sender, receiver) = near.split();
    sender.send(b"hello", soon()).unwrap();
    let plan = seam::before("poll", move || {
        far.send(b"first", soon()).unwrap();
        // The peer is not known yet: has it said something?
        sender.send(b"second", soon()).unwrap();
        std::mem::forget((far, sender));
    });
    let begin = Instant::now();
    assert_eq!(receiver.receive(soon()).unwrap().bytes, b"first");
    assert!(begin.elapsed() < Duration::from_secs(10), "it slept until its deadline");
    drop(plan);
}

/// A sender that sleeps for room reads the socket, and with it the bell of a receiver in the same process.
#[test]
fn no_thread_takes_the_bell_of_another() {
    const ROUNDS: u32 = 30_000;
    let (near, far) = pair_with(Options::new().wait(Wait::Block));
    let (to_far, from_far) = near.split();
    let (to_near, from_near) = far.split();
    thread::scope(|scope| {
        // Both directions are always full, so that senders sleep, and both are received one by one.
        for (sender, receiver) in [(to_far, from_far), (to_near, from_near)] {
            scope.spawn(move || {
                for number in 0..ROUNDS {
                    let mut message = [0; 1000];
                    message[..4].copy_from_slice(&number.to_le_bytes());
                    sender.send(&message, soon()).unwrap();
                }
            });
            scope.spawn(move || {
                for number in 0..ROUNDS {
                    let letter = receiver.receive(soon()).unwrap();
                    assert_eq!(letter.bytes[..4], number.to_le_bytes());
                }
            });
        }
    });
}

/// One thread sends now and then and finds its ring empty, the other waits for answers.
#[test]
fn a_receiver_sleeps_safely_beside_a_sender_that_reads_the_socket() {
    const ROUNDS: u32 = 20_000;
    let (near, mut far) = pair_with(Options::new().wait(Wait::Block));
    let (sender, receiver) = near.split();
    let is_done = &AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..ROUNDS {
                let message = far.receive(soon()).unwrap().to_vec();
                assert_eq!(message, number.to_le_bytes());
                far.send(&message, soon()).unwrap();
            }
        });
        let blocks = sender.clone();
        scope.spawn(move || {
            // Sleeps for what never comes, again and again, and each time leads for a while.
            while !is_done.load(Ordering::Relaxed) {
                let held: Vec<_> = std::iter::from_fn(|| blocks.block(10, Deadline::Now).ok()).collect();
                let _ = blocks.block(10, Deadline::within(Duration::from_micros(50)));
                drop(held);
            }
        });
        for number in 0..ROUNDS {
            sender.send(&number.to_le_bytes(), soon()).unwrap();
            let answer = receiver.receive(soon());
            if answer.is_err() {
                is_done.store(true, Ordering::Relaxed);
            }
            assert_eq!(answer.unwrap().bytes, number.to_le_bytes());
        }
        is_done.store(true, Ordering::Relaxed);
    });
}

/// A bell that answers this very sleep is read on the way to it.
#[test]
fn one_who_asks_whether_to_wait_is_rung_again_after_a_late_bell() {
    let (mut raw, mut victim) = RawPeer::with_victim(Options::new());
    raw.greet();
    raw.send(PLAIN, b"first");
    assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"first");
    victim.send(b"hello", soon()).unwrap();
    raw.hear_all();
    let raw = Rc::new(RefCell::new(raw));
    let slow = Rc::clone(&raw);
    // The peer published long ago, and looks only now whether to ring.
    let plan = seam::before("recvmsg", move || slow.borrow_mut().ring_if_asked());
    assert_eq!(victim.ready().unwrap(), Ready::Armed);
    drop(plan);
    raw.borrow_mut().write(PLAIN, b"next");
    raw.borrow_mut().ring_if_asked();
    assert!(becomes_readable(&victim), "a message came and nobody rang");
    assert_eq!(victim.try_receive().unwrap().unwrap().to_vec(), b"next");
}

#[test]
fn what_was_sent_before_anybody_answered_outlives_a_kill() {
    const TEST: &str = "what_was_sent_before_anybody_answered_outlives_a_kill";
    const MESSAGES: u8 = 60;
    if role().is_some() {
        let mut link = inherited(Options::new());
        for number in 0..MESSAGES {
            link.try_send(&[number; 40]).unwrap();
        }
        let _plan = seam::kill_nth(0);
        let _ = link.try_receive();
        unreachable!("killed before its next system call");
    }
    let (mut near, end) = Link::pair(Options::new()).unwrap();
    let mut child = start(command(TEST, "sends and dies"), end);
    child.0.wait().unwrap();
    for number in 0..MESSAGES {
        assert_eq!(near.receive(soon()).unwrap().to_vec(), [number; 40]);
    }
    assert_eq!(near.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Died));
}

/// Nothing of a message has left that could not be handed over: it finds the link full, and goes later.
#[test]
fn without_room_on_the_socket_for_an_outbox_nothing_goes_into_it() {
    let mut found_full = false;
    for nth in 0.. {
        let (mut raw, mut victim) = RawPeer::with_victim(Options::new());
        for number in 0..17 {
            victim.try_send(&[number; 9]).unwrap();
        }
        let plan = seam::fail_nth(nth, Errno::AGAIN);
        let sent = victim.try_send(b"by memory");
        if !plan.has_struck() {
            break;
        }
        drop(plan);
        found_full |= sent == Err(SendError::Full);
        raw.hear_all();
        assert_eq!(sent.is_ok(), raw.theirs.is_some(), "call {nth}: {sent:?}");
        if sent.is_err() {
            victim.send(b"by memory", soon()).unwrap();
            raw.hear_all();
            assert!(raw.theirs.is_some());
        }
    }
    assert!(found_full);
}
