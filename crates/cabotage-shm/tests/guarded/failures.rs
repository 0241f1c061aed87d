// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each system call of either end fails once: what follows is an error or nothing at all, and no record that was said to
//! be sent is lost.

use std::thread;
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::seam::{self, Errno};
use cabotage_shm::{ReceiveError, SendError};

use crate::support::{Harbour, name, number, record, soon};

const RECORDS: u64 = 12;

/// What a producer does; answers how many records it was told were sent, and whether all went well.
fn produce(harbour: &Harbour, patience: Duration) -> (u64, bool) {
    let Ok(mut producer) = harbour.options().capacity_bytes(4096).create(&name()) else { return (0, false) };
    let mut sent = 0;
    let mut is_well = true;
    for step in 0..RECORDS {
        if step == RECORDS / 2 {
            is_well &= producer.wait_for_consumer(Deadline::within(patience)).is_ok();
        }
        while producer.send(&record(sent), Deadline::within(patience)).is_err() {
            is_well = false;
        }
        sent += 1;
    }
    let consumed = producer.wait_until_consumed(Deadline::within(patience));
    is_well &= consumed.is_ok();
    (sent, is_well)
}

/// What a consumer does; answers how many records it got, and whether it was let in.
fn consume(harbour: &Harbour, patience: Duration) -> (u64, bool) {
    let Ok(mut consumer) = harbour.options().until_there(Deadline::within(patience)).open(&name()) else {
        return (0, false);
    };
    let mut received = 0;
    loop {
        match consumer.receive(Deadline::within(patience)) {
            Ok(record) => assert_eq!(number(&record.to_vec()), received),
            Err(ReceiveError::Closed | ReceiveError::Died | ReceiveError::Nothing) => {
                return (received, true);
            }
            Err(_) => return (received, false),
        }
        received += 1;
    }
}

/// Plans the failure in one of both threads; answers what the ends say and whether it came.
fn life(fails: Option<(bool, u64, Errno)>) -> ((u64, bool), (u64, bool), bool) {
    // What does not come is not waited for.
    let patience = Duration::from_millis(if fails.is_some() { 25 } else { 20_000 });
    let harbour = Harbour::new();
    let plan = |of_producer: bool| {
        fails
            .filter(|(producer, ..)| *producer == of_producer)
            .map(|(_, nth, errno)| seam::fail_nth(nth, errno))
    };
    let struck = |plan: Option<seam::PlannedFailure>| plan.is_some_and(|plan| plan.has_struck());
    thread::scope(|scope| {
        let consuming = scope.spawn(|| {
            let plan = plan(false);
            (consume(&harbour, patience), struck(plan))
        });
        let plan = plan(true);
        let produced = produce(&harbour, patience);
        let has_struck = struck(plan);
        let (consumed, other_struck) = consuming.join().unwrap();
        (produced, consumed, has_struck || other_struck)
    })
}

#[test]
fn every_call_of_either_end_may_fail() {
    assert_eq!(life(None), ((RECORDS, true), (RECORDS, true), false));
    for of_producer in [true, false] {
        for errno in [Errno::MFILE, Errno::INTR] {
            for nth in 0..200 {
                let ((sent, is_well), (received, _), has_struck) = life(Some((of_producer, nth, errno)));
                assert!(received <= sent, "call {nth}");
                if is_well {
                    assert_eq!(received, sent, "call {nth} of the producer {of_producer} with {errno}");
                }
                if !has_struck {
                    break;
                }
            }
        }
    }
}

/// A shortage is told, and tried again; the other end is here all the while, and keeps its place and its records.
#[test]
fn a_call_that_is_refused_parts_nobody() {
    let harbour = Harbour::new();
    let mut producer = harbour.options().capacity_bytes(4096).create(&name()).unwrap();
    let mut consumer = harbour.consumer(&mut producer);
    let short = || Deadline::within(Duration::from_millis(1));
    for errno in [Errno::INTR, Errno::NOMEM] {
        for nth in 0.. {
            let plan = seam::fail_nth(nth, errno);
            let received = consumer.receive(short()).map(drop);
            let has_struck = plan.has_struck();
            drop(plan);
            assert!(matches!(received, Err(ReceiveError::Nothing | ReceiveError::System(_))), "{received:?}");
            assert!(producer.consumer().unwrap().is_here(), "receiving, call {nth}, {errno}: {received:?}");
            if !has_struck {
                break;
            }
        }
    }
    let mut sent = 0;
    while producer.try_send(&record(sent)).is_ok() {
        sent += 1;
    }
    for errno in [Errno::INTR, Errno::NOMEM] {
        for nth in 0.. {
            let plan = seam::fail_nth(nth, errno);
            let outcomes = [producer.send(&record(sent), short()), producer.wait_until_consumed(short())];
            let has_struck = plan.has_struck();
            drop(plan);
            for outcome in &outcomes {
                assert!(matches!(outcome, Err(SendError::Full | SendError::System(_))), "{outcome:?}");
            }
            assert!(producer.consumer().unwrap().is_here(), "sending, call {nth}, {errno}: {outcomes:?}");
            if !has_struck {
                break;
            }
        }
    }
    for expected in 0..sent {
        assert_eq!(number(&consumer.receive(soon()).unwrap().to_vec()), expected);
    }
}
