// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ends that leave, close or are killed, and those that take their place.

use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_shm::{ChannelError, Presence, Producer, ReceiveError, Role, SendError};

use crate::support::{Harbour, name, number, path_of_child, record, role, shortly, soon};

#[test]
fn each_consumer_goes_on_where_the_one_before_it_was() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    let (mut sent, mut consumed) = (0, 0);
    for turn in 0..40_u64 {
        let mut consumer = harbour.consumer(&mut producer);
        for _ in 0..turn * 7 % 23 {
            while producer.try_send(&record(sent)).is_ok() {
                sent += 1;
            }
            let record = consumer.receive(soon()).unwrap();
            assert_eq!((record.position(), number(&record.to_vec())), (consumed, consumed));
            drop(record);
            consumed += 1;
        }
        if turn % 2 == 0 {
            consumer.close();
        }
    }
    assert!(sent > 200 && consumed > 200);
}

#[test]
fn a_ring_that_is_full_is_told_with_what_became_of_the_consumer() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    let fill = |producer: &mut Producer| loop {
        match producer.send(&[0; 100], shortly()) {
            Ok(()) => {}
            Err(error) => return error,
        }
    };
    assert_eq!(fill(&mut producer), SendError::Full);
    let consumer = harbour.consumer(&mut producer);
    assert_eq!(fill(&mut producer), SendError::Full);
    drop(consumer);
    assert_eq!(producer.send(&[0; 100], Deadline::Never).unwrap_err(), SendError::Closed);
    assert_eq!(producer.try_send(&[0; 100]).unwrap_err(), SendError::Closed);
    assert_eq!(producer.consumer().unwrap(), Presence::Left);
    // The next one makes room again.
    let mut consumer = harbour.consumer(&mut producer);
    drop(consumer.receive(soon()).unwrap());
    while consumer.try_receive().unwrap().is_some() {}
    producer.send(&[0; 100], soon()).unwrap();
}

#[test]
fn the_end_of_a_producer_is_told_by_every_call_until_the_next_one_answers() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut consumer = harbour.consumer(&mut producer);
    producer.send(b"last", soon()).unwrap();
    producer.close();
    assert_eq!(consumer.receive(soon()).unwrap().bytes(), 4);
    // The name is here again, and its owner has not seen to its door yet.
    let mut next = harbour.producer();
    for _ in 0..3 {
        assert_eq!(consumer.receive(Deadline::Now).unwrap_err(), ReceiveError::Closed);
        assert_eq!(consumer.receive(shortly()).unwrap_err(), ReceiveError::Closed);
        assert_eq!(consumer.try_receive().unwrap_err(), ReceiveError::Closed);
        assert_eq!(consumer.receive_each(9, |_| ()).unwrap_err(), ReceiveError::Closed);
    }
    next.wait_for_consumer(soon()).unwrap();
    assert_eq!(consumer.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
    assert!(consumer.try_receive().unwrap().is_none());
    assert_eq!(consumer.generation(), 2);
}

#[test]
fn a_second_consumer_is_refused_with_who_holds_the_place() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut first = harbour.consumer(&mut producer);
    let refused = thread::scope(|scope| {
        let opening = scope.spawn(|| harbour.options().open(&name()));
        while !opening.is_finished() {
            // A stream with room in its ring looks now and then.
            producer.send(b"record", soon()).unwrap();
            drop(first.receive(soon()).unwrap());
        }
        opening.join().unwrap().unwrap_err()
    });
    let own = std::process::id().cast_signed();
    match refused {
        ChannelError::Occupied { role, holder: Presence::Here { pid, .. }, .. } => {
            assert_eq!((role, pid), (Role::Consumer, Some(own)));
        }
        other => panic!("{other}"),
    }
    // One who waits comes in when the first has gone.
    thread::scope(|scope| {
        let opening = scope.spawn(|| harbour.options().until_there(soon()).open(&name()).unwrap());
        producer.send(b"for the first", soon()).unwrap();
        assert_eq!(first.receive(soon()).unwrap().to_vec(), b"for the first");
        drop(first);
        producer.send(b"for the second", soon()).unwrap();
        producer.wait_for_consumer(soon()).unwrap();
        assert_eq!(opening.join().unwrap().receive(soon()).unwrap().to_vec(), b"for the second");
    });
}

#[test]
fn a_producer_that_is_busy_elsewhere_answers_nobody() {
    let harbour = Harbour::new();
    let missing = harbour.options().open(&name()).unwrap_err();
    assert!(matches!(missing, ChannelError::Missing { .. }), "{missing}");
    let producer = harbour.producer();
    let unanswered = harbour.options().open(&name()).unwrap_err();
    assert!(matches!(unanswered, ChannelError::NoAnswer { .. }), "{unanswered}");
    drop(producer);
    let missing = harbour.options().until_there(shortly()).open(&name()).unwrap_err();
    assert!(matches!(missing, ChannelError::Missing { .. }), "{missing}");
}

/// Sends so many records as soon as there is a consumer, says so in a file, and waits to be killed.
fn send_and_stay(options: &cabotage_shm::ChannelOptions, records: u64) {
    let mut producer = options.create(&name()).unwrap();
    producer.wait_for_consumer(soon()).unwrap();
    for number in 0..records {
        producer.send(&record(number), soon()).unwrap();
    }
    std::fs::write(path_of_child("sent"), producer.generation().to_string()).unwrap();
    thread::sleep(Duration::from_secs(600));
}

#[test]
fn what_a_killed_producer_had_sent_is_received_and_the_next_one_follows() {
    const TEST: &str = "ends::what_a_killed_producer_had_sent_is_received_and_the_next_one_follows";
    const RECORDS: u64 = 200;
    if let Some((_, options)) = role() {
        return send_and_stay(&options, RECORDS);
    }
    let harbour = Harbour::new();
    let mut child = harbour.start(TEST, "producer");
    let mut consumer = harbour.options().until_there(soon()).open(&name()).unwrap();
    let fd = consumer.as_fd().try_clone_to_owned().unwrap();
    for generation in 1..=4 {
        for expected in 0..50 {
            let record = consumer.receive(soon()).unwrap();
            assert_eq!((record.position(), number(&record.to_vec())), (expected, expected));
        }
        assert_eq!(consumer.generation(), generation);
        let sent = harbour.path("sent");
        while std::fs::read(&sent).map_or(true, |text| text.is_empty()) {
            assert!(child.0.try_wait().unwrap().is_none(), "the producer has failed");
            thread::yield_now();
        }
        assert_eq!(std::fs::read_to_string(&sent).unwrap(), generation.to_string());
        std::fs::remove_file(&sent).unwrap();
        child.kill();
        for expected in 50..RECORDS {
            assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), expected);
        }
        assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Died);
        assert_eq!(consumer.receive(Deadline::Now).unwrap_err(), ReceiveError::Died);
        assert_eq!(consumer.producer().unwrap(), Presence::Died);
        // The name stays behind, and its end was told already: that is no news.
        assert_eq!(consumer.ready().unwrap(), Ready::Armed);
        child = harbour.start(TEST, "producer");
        if generation % 2 == 0 {
            consumer.wait_for_producer(soon()).unwrap();
            continue;
        }
        while consumer.wait_for_producer(Deadline::Now).is_err() {
            if consumer.ready().unwrap() == Ready::Armed {
                let [found] = poll::wait([(fd.as_fd(), Readiness::IN)], soon()).unwrap();
                assert!(!found.is_empty(), "a new producer was not noticed");
            }
        }
    }
}

#[test]
fn what_was_sent_before_a_close_is_received_and_a_new_name_is_a_new_stream() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut consumer = harbour.consumer(&mut producer);
    for number in 0..30 {
        producer.send(&record(number), soon()).unwrap();
    }
    producer.close();
    for expected in 0..30 {
        assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), expected);
    }
    assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Closed);
    let mut producer = harbour.producer();
    thread::scope(|scope| {
        scope.spawn(|| producer.wait_for_consumer(soon()).unwrap());
        consumer.wait_for_producer(soon()).unwrap();
    });
    producer.send(&record(0), soon()).unwrap();
    assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), 0);
    assert_eq!(consumer.generation(), 2, "another one than before, whatever its own count");
}

/// It has connected to one that ends before it answers: from then on the name tells of the next.
#[test]
fn one_who_waits_outside_for_a_producer_that_never_answers_is_woken_by_the_next_one() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut consumer = harbour.consumer(&mut producer);
    drop(producer);
    assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Closed);
    let silent = harbour.producer();
    assert_eq!(consumer.ready().unwrap(), Ready::Armed);
    drop(silent);
    assert_eq!(consumer.ready().unwrap(), Ready::Armed);
    let mut producer = harbour.producer();
    let [found] = poll::wait([(consumer.as_fd(), Readiness::IN)], soon()).unwrap();
    assert!(!found.is_empty(), "the next producer was missed");
    thread::scope(|scope| {
        scope.spawn(|| producer.wait_for_consumer(soon()).unwrap());
        consumer.wait_for_producer(soon()).unwrap();
    });
    producer.send(b"after all", soon()).unwrap();
    assert_eq!(consumer.receive(soon()).unwrap().to_vec(), b"after all");
}
