// SPDX-License-Identifier: MIT OR Apache-2.0
//! Consumers that lie, in their first words, their memory and their counts, and producers that do: only their own link
//! ends, and the next one is served.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cabotage_link::names::{ConnectOptions, Kind, PublishOptions};
use cabotage_os::Deadline;
use cabotage_os::seam::{self, Errno};
use cabotage_shm::{ChannelError, Producer, ReceiveError};

use crate::support::hostile::{self, ARMED, CONSUMED, PLAIN, RawPeer, WANTS_ROOM, frames};
use crate::support::{Harbour, name, number, record, shortly, soon};

const KNOCK: &[u8] = b"cbknock\x01";

fn connect(harbour: &Harbour) -> RawPeer {
    let name = "frames".parse().unwrap();
    let how = ConnectOptions::new();
    RawPeer::over(harbour.registry().connect(Kind::Channel, &name, how, soon()).unwrap())
}

fn hello(first: &[u8]) -> Vec<u8> {
    frames::hello_of(1, 1, 1 << 20, Some(first))
}

/// A consumer that was let in, and speaks the protocol by hand.
fn let_in(harbour: &Harbour, producer: &mut Producer) -> RawPeer {
    let mut raw = connect(harbour);
    assert!(raw.say(&hello(KNOCK)) && raw.hand_over());
    producer.wait_for_consumer(soon()).unwrap();
    raw.hear_all();
    raw
}

/// An honest consumer gets these records, in order, and nothing is wrong with them.
#[track_caller]
fn is_served(harbour: &Harbour, producer: &mut Producer, mut expected: std::ops::Range<u64>) {
    let mut consumer = harbour.consumer(producer);
    while let Some(record) = consumer.try_receive().unwrap() {
        assert_eq!(number(&record.to_vec()), expected.next().unwrap());
    }
    assert!(expected.is_empty(), "{expected:?} is missing");
}

#[test]
fn whoever_says_anything_else_is_let_go_and_holds_up_nobody() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    producer.send(&record(0), soon()).unwrap();
    let mut crowd: Vec<RawPeer> = Vec::new();
    for first in [&b""[..], b"cbknock\x02", b"GET / HTTP/1.1", &[0; 4096], KNOCK] {
        // The last of them knocks, and never hands its memory over.
        let raw = connect(&harbour);
        assert!(raw.say(&hello(first)));
        crowd.push(raw);
    }
    crowd.extend((0..30).map(|_| connect(&harbour)));
    for said in [frames::BYE.to_vec(), vec![255], frames::hello_of(9, 9, 1, None), vec![0; 300]] {
        let raw = connect(&harbour);
        raw.say(&said);
        crowd.push(raw);
    }
    let short = connect(&harbour);
    assert!(short.say(&hello(KNOCK)));
    let (_map, small) = hostile::sealed(4096);
    short.say_with(&frames::outbox(8192), &[small.as_fd()]);
    is_served(&harbour, &mut producer, 0..1);
    drop(crowd);
    producer.send(&record(1), soon()).unwrap();
    is_served(&harbour, &mut producer, 1..2);
}

#[test]
fn a_count_that_cannot_be_costs_the_liar_its_place_and_nobody_a_record() {
    for count in [u64::MAX, 1 << 40, 1 << 63] {
        let harbour = Harbour::new();
        let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
        let raw = let_in(&harbour, &mut producer);
        raw.set(CONSUMED, count);
        let mut sent = 0;
        // Found out when the ring is full and the count is looked at.
        while producer.send(&record(sent), shortly()).is_ok() {
            sent += 1;
            assert!(sent < 1000);
        }
        assert!(producer.consumer_fault().is_some(), "nobody was told");
        is_served(&harbour, &mut producer, 0..sent);
    }
}

/// Whatever a count says that is possible, the next one gets whole records, the last of those that were sent.
#[test]
fn a_count_in_the_middle_of_a_record_cuts_none_in_two() {
    const RECORDS: u64 = 6;
    for count in 0..160 {
        let harbour = Harbour::new();
        let mut producer = harbour.producer();
        let raw = let_in(&harbour, &mut producer);
        // What stands in the records looks like headers.
        let forged = hostile::header(PLAIN, 8).to_le_bytes().repeat(20);
        for _ in 0..RECORDS {
            producer.send(&forged, soon()).unwrap();
        }
        raw.set(CONSUMED, count);
        drop(raw);
        let mut consumer = harbour.consumer(&mut producer);
        let mut left = 0;
        while let Some(record) = consumer.try_receive().unwrap() {
            assert_eq!(record.to_vec(), forged, "count {count}");
            left += 1;
        }
        assert!(left <= RECORDS, "count {count}");
        let says_none = !(10..=135).contains(&count); // or what cannot be
        assert_eq!(left == RECORDS, says_none, "count {count}: {left}");
    }
}

/// The last call of letting a consumer in is the bell for the records that were kept, which are visible by then. It says
/// that it has consumed what there is.
#[test]
fn one_that_cannot_be_rung_for_what_was_kept_has_got_it() {
    const ALWAYS: u64 = u64::MAX >> 1;
    /// The answer, the news of the other ring, and a record.
    const ALL_WORDS: u64 = 7 + 2 + 2;
    let mut left = Vec::new();
    for nth in 0.. {
        let harbour = Harbour::new();
        let mut producer = harbour.producer();
        producer.send(&record(0), soon()).unwrap();
        let raw = connect(&harbour);
        raw.set(ARMED, ALWAYS);
        assert!(raw.say(&hello(KNOCK)) && raw.hand_over());
        let plan = seam::fail_nth(nth, Errno::PIPE);
        let _ = producer.wait_for_consumer(shortly());
        let has_struck = plan.has_struck();
        drop(plan);
        if !has_struck {
            break;
        }
        raw.set(TAKEN, ALL_WORDS);
        drop(raw);
        left.push(harbour.consumer(&mut producer).try_receive().unwrap().is_some());
    }
    assert_eq!(left.last(), Some(&false), "{left:?}");
}

/// Where a consumer tells of each record. Whatever it says, the ring is not written again because of it.
const TAKEN: usize = 408;

#[test]
fn one_who_rewrites_its_counts_all_the_time_gets_and_leaves_whole_records() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    for round in 0..20 {
        let raw = let_in(&harbour, &mut producer);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut count = 1_u64;
                while !is_over.load(Ordering::Relaxed) {
                    count = count.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round);
                    raw.set(TAKEN, count >> 50);
                    raw.set(if count >> 63 == 0 { ARMED } else { WANTS_ROOM }, count >> 32);
                    raw.set(CONSUMED, count >> 56);
                }
            });
            for number in 0..2_000 {
                if producer.send(&record(number), Deadline::Now).is_err() {
                    let _ = producer.wait_until_consumed(Deadline::Now);
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        drop(raw);
        let mut consumer = harbour.consumer(&mut producer);
        let mut last = None;
        let mut taken = 0;
        while let Some(found) = consumer.try_receive().unwrap() {
            let seen = number(&found.to_vec());
            assert!(last.is_none_or(|last| last < seen), "{seen} after {last:?}");
            (last, taken) = (Some(seen), taken + 1);
        }
        assert!(taken * 16 <= 4096, "more than a ring holds");
    }
}

#[test]
fn one_who_floods_its_ring_and_socket_is_the_producers_least_worry() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut raw = let_in(&harbour, &mut producer);
    for _ in 0..20 {
        raw.send(PLAIN, b"nobody reads this");
    }
    while raw.say(frames::BELL) {}
    producer.send(&record(0), soon()).unwrap();
    let _ = producer.wait_until_consumed(shortly());
    assert!(producer.consumer().unwrap().is_here());
    while raw.say(frames::AGAIN) {}
    producer.send(&record(1), soon()).unwrap();
    let _ = producer.wait_until_consumed(shortly());
    is_served(&harbour, &mut producer, 0..2);
}

/// Somebody else's program has the name.
#[test]
fn a_producer_that_answers_anything_is_told_or_believed_without_harm() {
    let answer = |generation: u64, first: u64, ring_bytes: u64, taken: u32| {
        let words = [u64::from_le_bytes(*b"cbdoor \x01"), generation, first, ring_bytes];
        let mut answer: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        answer.extend([taken, u32::MAX, u32::MAX, 7].iter().flat_map(|word| word.to_le_bytes()));
        answer
    };
    let most = answer(u64::MAX, u64::MAX, u64::MAX, 0);
    let taken = answer(0, 0, 0, 9);
    for said in
        [most.clone(), answer(0, 0, 0, 0), taken.clone(), vec![], b"no answer".to_vec(), vec![0; 4096]]
    {
        let harbour = Harbour::new();
        let registry = harbour.registry();
        let name_there = "frames".parse().unwrap();
        let published = registry.publish(Kind::Channel, &name_there, PublishOptions::new(), soon()).unwrap();
        let opened = thread::scope(|scope| {
            let opening = scope.spawn(|| harbour.options().open(&name()));
            let mut raw = RawPeer::over(published.accept(soon()).unwrap());
            assert!(raw.say(&hello(&said)));
            // One who does not like the answer may be gone by now.
            let is_heard = raw.hand_over();
            let opened = opening.join().unwrap();
            raw.hear_all();
            if said == most {
                assert!(is_heard);
                raw.send(PLAIN, b"one");
                raw.send(PLAIN, b"two");
                let mut consumer = opened.unwrap();
                for word in [b"one", b"two"] {
                    assert_eq!(consumer.receive(soon()).unwrap().to_vec(), word);
                }
                // The same with what no producer of a channel sends: it is closed, and ends the link.
                raw.send(hostile::ATTACHED, &hostile::head(0, 0));
                assert!(matches!(consumer.receive(soon()).unwrap_err(), ReceiveError::Fault(_)));
                return None;
            }
            Some(opened)
        });
        match opened {
            None => {}
            Some(Ok(consumer)) => assert_eq!((said, consumer.generation()), (answer(0, 0, 0, 0), 0)),
            Some(Err(ChannelError::Occupied { .. })) => assert_eq!(said, taken),
            Some(Err(error)) => assert!(matches!(error, ChannelError::Missing { .. }), "{error}"),
        }
    }
}
