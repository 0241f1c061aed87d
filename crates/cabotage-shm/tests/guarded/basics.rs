// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends at work: order, sizes, batches, values, loans, waiting.

use std::os::fd::AsFd;
use std::thread;

use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use cabotage_shm::{Presence, ReceiveError, SendError};

use crate::support::{Harbour, name, number, record, shortly, soon};

#[test]
fn what_was_sent_before_anybody_came_comes_first_and_in_order() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    for number in 0..100 {
        producer.send(&record(number), soon()).unwrap();
    }
    assert_eq!(producer.consumer().unwrap(), Presence::Nobody);
    let mut consumer = harbour.consumer(&mut producer);
    for number in 100..150 {
        producer.send(&record(number), soon()).unwrap();
    }
    for expected in 0..150 {
        let record = consumer.receive(soon()).unwrap();
        assert_eq!((record.position(), number(&record.to_vec())), (expected, expected));
    }
    assert_eq!(consumer.receive(shortly()).unwrap_err(), ReceiveError::Nothing);
    assert!(consumer.try_receive().unwrap().is_none());
    let (pid, uid) = (Some(std::process::id().cast_signed()), cabotage_os::fifo::own_user());
    assert_eq!(producer.consumer().unwrap(), Presence::Here { pid, uid });
    assert_eq!(consumer.producer().unwrap(), Presence::Here { pid, uid });
    producer.close();
    assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Closed);
    assert_eq!(consumer.producer().unwrap(), Presence::Left);
}

#[test]
fn records_of_no_bytes_and_of_the_most_go_and_longer_ones_do_not() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(5000).create(&name()).unwrap();
    assert_eq!(producer.capacity_bytes(), 8192);
    let most = producer.record_bytes_max();
    let too_long = SendError::TooLong { bytes: most + 1, bytes_max: most };
    for is_alone in [true, false] {
        let _consumer = (!is_alone).then(|| {
            let mut consumer = harbour.consumer(&mut producer);
            assert_eq!(consumer.record_bytes_max(), most);
            for bytes in [0, most] {
                assert_eq!(consumer.receive(soon()).unwrap().to_vec(), vec![7; bytes]);
            }
            consumer
        });
        assert_eq!(producer.send(&vec![0; most + 1], soon()).unwrap_err(), too_long);
        assert_eq!(producer.loan(most + 1, soon()).unwrap_err(), too_long);
        producer.send(b"", soon()).unwrap();
        producer.send(&vec![7; most], soon()).unwrap();
    }
}

#[test]
fn a_stream_through_a_small_ring_arrives_once_and_in_order() {
    const RECORDS: u64 = 20_000;
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    let mut consumer = harbour.consumer(&mut producer);
    thread::scope(|scope| {
        scope.spawn(move || {
            for expected in 0..RECORDS {
                assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), expected);
            }
            assert_eq!(consumer.receive(soon()).unwrap_err(), ReceiveError::Closed);
        });
        let mut next = 0;
        while next < RECORDS {
            match next % 3 {
                0 => producer.send(&record(next), soon()).unwrap(),
                1 => {
                    let body = record(next);
                    let mut loan = producer.loan(body.len(), soon()).unwrap();
                    assert_eq!(loan.write_at(0, &body), body.len());
                    loan.send().unwrap();
                }
                _ => {
                    let batch: Vec<_> = (next..RECORDS.min(next + 40)).map(record).collect();
                    assert_eq!(producer.send_all(&batch, soon()).unwrap(), batch.len());
                    next += batch.len() as u64 - 1;
                }
            }
            next += 1;
        }
        producer.close();
    });
}

#[test]
fn values_batches_and_loans_that_were_dropped() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    drop(producer.loan(100, soon()).unwrap());
    producer.send_value(&7_u64, soon()).unwrap();
    let mut consumer = harbour.consumer(&mut producer);
    drop(producer.loan(100, soon()).unwrap());
    producer.send_value(&8_u64, soon()).unwrap();
    assert_eq!(consumer.receive_value::<u64>(soon()).unwrap(), 7);
    let other = consumer.receive_value::<u32>(soon()).unwrap_err();
    assert_eq!(other, ReceiveError::OtherSize { bytes: 8, expected: 4 });
    assert_eq!(consumer.receive_value::<u64>(soon()).unwrap(), 8);
    for number in 0..10 {
        producer.send(&record(number), soon()).unwrap();
    }
    let mut seen = Vec::new();
    assert_eq!(consumer.receive_each(4, |record| seen.push(number(&record.to_vec()))).unwrap(), 4);
    producer.close();
    assert_eq!(consumer.receive_each(99, |record| seen.push(number(&record.to_vec()))).unwrap(), 6);
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    assert_eq!(consumer.receive_each(99, |_| ()).unwrap_err(), ReceiveError::Closed);
}

#[test]
fn waiting_until_all_is_consumed() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    producer.wait_until_consumed(Deadline::Now).unwrap();
    producer.send(b"one", soon()).unwrap();
    assert_eq!(producer.wait_until_consumed(shortly()).unwrap_err(), SendError::Full);
    let mut consumer = harbour.consumer(&mut producer);
    assert_eq!(producer.wait_until_consumed(shortly()).unwrap_err(), SendError::Full);
    thread::scope(|scope| {
        // It never looks again after the record, so it does not ring.
        scope.spawn(|| drop(consumer.receive(soon()).unwrap()));
        producer.wait_until_consumed(soon()).unwrap();
    });
    producer.send(b"two", soon()).unwrap();
    drop(consumer);
    assert_eq!(producer.wait_until_consumed(soon()).unwrap_err(), SendError::Closed);
}

/// One that does not fit the end of the ring leaves a filler there, which nobody sees before the next record.
#[test]
fn a_loan_that_was_dropped_is_not_waited_for() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    let mut consumer = harbour.consumer(&mut producer);
    for number in 0..60 {
        producer.send(&record(number), soon()).unwrap();
        drop(producer.loan(800, soon()).unwrap());
        drop(consumer.receive(soon()).unwrap());
        producer.wait_until_consumed(Deadline::Now).unwrap();
    }
}

#[test]
fn one_who_asks_before_waiting_outside_misses_nothing() {
    const ROUNDS: u64 = 3_000;
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let mut consumer = harbour.consumer(&mut producer);
    let fd = consumer.as_fd().try_clone_to_owned().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..ROUNDS {
                (0..number * 7919 % 3001).for_each(|_| std::hint::spin_loop());
                producer.send(&record(number), soon()).unwrap();
            }
            producer.wait_until_consumed(soon()).unwrap();
        });
        let mut expected = 0;
        loop {
            if consumer.ready().unwrap() == Ready::Armed {
                let [found] = poll::wait([(fd.as_fd(), Readiness::IN)], soon()).unwrap();
                assert!(!found.is_empty(), "record {expected} was missed");
            }
            match consumer.try_receive() {
                Ok(Some(record)) => assert_eq!(number(&record.to_vec()), expected),
                Ok(None) => continue,
                Err(error) => {
                    assert_eq!((error, expected), (ReceiveError::Closed, ROUNDS));
                    return;
                }
            }
            expected += 1;
        }
    });
}

#[test]
fn a_forked_child_has_no_part_in_it() {
    let harbour = Harbour::new();
    let mut producer = harbour.producer();
    let alone = cabotage_os::fork::child_answers(
        {
            let kept = producer.loan(9, soon()).unwrap();
            || kept.send() == Err(SendError::Forked)
        },
        soon(),
    );
    assert!(alone.unwrap());
    let mut consumer = harbour.consumer(&mut producer);
    producer.send(b"for the parent", soon()).unwrap();
    let answers = || {
        let sent = producer.send(b"x", Deadline::Now) == Err(SendError::Forked);
        let loaned = producer.loan(9, Deadline::Now).err() == Some(SendError::Forked);
        let received = consumer.receive(Deadline::Now).err() == Some(ReceiveError::Forked);
        sent && loaned && received && consumer.ready() == Err(ReceiveError::Forked)
    };
    assert!(cabotage_os::fork::child_answers(answers, soon()).unwrap());
    assert_eq!(consumer.receive(soon()).unwrap().to_vec(), b"for the parent");
}
