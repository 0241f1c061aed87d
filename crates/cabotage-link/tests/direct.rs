// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links whose messages go through one ring and in no other way: what the sender knows of each of them, and what it
//! reads back.
#![forbid(unsafe_code)]

#[path = "support/hostile.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod hostile;

use std::thread;
use std::time::Duration;

use cabotage_link::direct::{message_bytes_max, message_cost, ring_bytes, room_bytes};
use cabotage_link::{Deadline, Link, LinkError, Options, PeerFault, ReceiveError, SendError};
use hostile::{ATTACHED, BLOCK, RawPeer, frames, head, sent};

const RING_BYTES: usize = 4096;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(20))
}

/// A sender that has settled, and a receiver that tells of each message.
fn settled() -> (Link, Link) {
    let (mut sender, far) = Link::pair(Options::new()).unwrap();
    let mut receiver = far.link(Options::new()).unwrap();
    receiver.tell_each(true);
    assert!(!sender.settle(RING_BYTES).unwrap(), "the other memory has not come");
    assert!(receiver.prepare().unwrap());
    assert!(sender.has_met().unwrap() && sender.settle(RING_BYTES).unwrap());
    (sender, receiver)
}

fn message(number: usize) -> Vec<u8> {
    vec![u8::try_from(number % 251).unwrap(); number * 37 % 300]
}

fn take(receiver: &mut Link) -> Vec<u8> {
    receiver.find(soon()).unwrap();
    let mut copy = vec![0; receiver.found_bytes()];
    assert_eq!(receiver.copy_found(0, &mut copy), copy.len());
    receiver.consume_found();
    copy
}

fn read_back(sender: &mut Link, from: u64) -> Vec<Vec<u8>> {
    let mut rest = Vec::new();
    sender.read_back(from, |message| rest.push(message.to_vec()));
    rest
}

#[test]
fn what_was_not_consumed_is_read_back_however_the_peer_ended() {
    for consumed in 0..6 {
        let (mut sender, mut receiver) = settled();
        let mut ends = vec![sender.position()];
        for number in 0..6 {
            match number % 3 {
                0 => drop(sender.put(&message(number)).unwrap()),
                1 => {
                    sender.stage(&message(number)).unwrap();
                    sender.publish().unwrap();
                }
                _ => {
                    let mut loan = sender.loan(message(number).len()).unwrap();
                    loan.write_at(0, &message(number));
                    loan.send().unwrap();
                }
            }
            ends.push(sender.position());
        }
        for number in 0..consumed {
            assert_eq!(take(&mut receiver), message(number));
        }
        drop(receiver);
        assert_eq!(sender.ending().unwrap(), Some(LinkError::Closed));
        assert_eq!(sender.consumed(), ends[consumed]);
        let rest: Vec<_> = (consumed..6).map(message).collect();
        assert_eq!(read_back(&mut sender, ends[consumed]), rest);
    }
}

#[test]
fn a_stream_goes_through_the_one_ring_in_order_and_makes_no_other_memory() {
    const MESSAGES: usize = 20_000;
    let (mut sender, mut receiver) = settled();
    let memory = sender.memory_bytes();
    thread::scope(|scope| {
        scope.spawn(|| (0..MESSAGES).for_each(|number| assert_eq!(take(&mut receiver), message(number))));
        for number in 0..MESSAGES {
            loop {
                match sender.put(&message(number)) {
                    Some(true) => break sender.ring(),
                    Some(false) => break,
                    None => sender.wait_for_room(message(number).len(), None, soon()).map(drop).unwrap(),
                }
            }
        }
    });
    assert_eq!(sender.memory_bytes(), memory);
    assert_eq!(sender.consumed(), sender.position());
}

#[test]
fn an_empty_ring_takes_what_its_size_says_and_no_more() {
    let (mut sender, _receiver) = settled();
    let mut room = room_bytes(ring_bytes(RING_BYTES));
    let mut kept = 0;
    while message_cost(100) <= room {
        sender.stage(&[7; 100]).unwrap();
        (room, kept) = (room - message_cost(100), kept + 1);
    }
    assert_eq!(sender.stage(&[7; 100]), Err(SendError::Full));
    let start = sender.position() - kept * message_cost(100) as u64 / 8;
    assert_eq!(read_back(&mut sender, start).len() as u64, kept, "what is only staged too");
    let bytes_max = message_bytes_max(RING_BYTES);
    let long = sender.stage(&vec![0; bytes_max + 1]);
    assert_eq!(long, Err(SendError::TooLong { bytes: bytes_max + 1, bytes_max }));
}

/// Nothing that a settled sender can't send is handed out, or kept.
#[test]
fn a_message_with_more_than_bytes_ends_the_link() {
    for (tag, body) in [(ATTACHED, head(0, 0)), (BLOCK, sent(1, 0, 1, 8)), (19, vec![]), (ATTACHED, vec![])] {
        let (mut raw, mut victim) = RawPeer::with_victim(Options::new());
        assert!(raw.say(&frames::hello()) && raw.hand_over());
        raw.send(tag, &body);
        let refused = victim.find(soon()).map(drop).unwrap_err();
        assert!(matches!(refused, ReceiveError::Link(LinkError::Fault(_))), "{tag}: {refused:?}");
        assert!(matches!(
            victim.try_find(),
            Err(LinkError::Fault(PeerFault::Order(_)) | LinkError::Fault(_))
        ));
    }
    let (raw, mut victim) = RawPeer::with_victim(Options::new());
    assert!(raw.say(&frames::hello_of(1, 1, 1 << 20, Some(b"beside the ring"))));
    assert!(matches!(victim.try_find(), Err(LinkError::Fault(PeerFault::Order(_)))));
}
