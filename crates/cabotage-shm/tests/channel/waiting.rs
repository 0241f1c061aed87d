// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sleeping and waking: on a call, on the descriptor, for room, with news in every gap.

use std::cell::RefCell;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use cabotage_link::{Ready, Wait};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, seam};
use cabotage_shm::{Consumer, ReceiveError, SendError};

use crate::common::{Scratch, name};
use crate::{consumer, next, options, patience, producer};

fn is_readable(consumer: &Consumer, deadline: Deadline) -> bool {
    let [found] = poll::wait([(consumer.as_fd(), Readiness::IN)], deadline).unwrap();
    !found.is_empty()
}

#[test]
fn a_deadline_ends_the_wait_for_a_record_in_each_way_of_waiting() {
    for wait in [Wait::Adaptive, Wait::Spin, Wait::Block] {
        let scratch = Scratch::new();
        let _producer = producer(&scratch);
        let mut reader = options(&scratch).wait(wait).open_trusting(&name("frames")).unwrap();
        let short = Deadline::within(Duration::from_millis(2));
        assert_eq!(reader.receive(short).map(drop), Err(ReceiveError::Nothing), "{wait:?}");
        assert!(short.has_passed());
    }
}

#[test]
fn both_ends_sleep_and_wake_each_other_in_each_way_of_waiting() {
    const RECORDS: u64 = 3_000;
    for wait in [Wait::Adaptive, Wait::Spin, Wait::Block] {
        let scratch = Scratch::new();
        let small = options(&scratch).wait(wait).capacity_bytes(4096);
        let mut producer = small.create_trusting(&name("frames")).unwrap();
        let mut reader = small.open_trusting(&name("frames")).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                (0..RECORDS).for_each(|number| producer.send_value(&[number; 9], patience()).unwrap());
                producer.wait_until_consumed(patience()).unwrap();
            });
            for number in 0..RECORDS {
                assert_eq!(reader.receive_value(patience()), Ok([number; 9]), "{wait:?}");
            }
            assert_eq!(reader.receive(patience()).map(drop), Err(ReceiveError::Closed));
        });
    }
}

#[test]
fn the_descriptor_is_readable_when_there_is_news_after_armed_and_stays_the_same() {
    use std::os::fd::AsRawFd;
    let scratch = Scratch::new();
    let (mut first, mut reader) = (producer(&scratch), consumer(&scratch));
    let number = reader.as_fd().as_raw_fd();
    for round in 0..5_u8 {
        assert_eq!(reader.ready(), Ok(Ready::Armed));
        assert!(!is_readable(&reader, Deadline::Now), "round {round}");
        first.send(&[round], patience()).unwrap();
        assert!(is_readable(&reader, patience()));
        assert_eq!(reader.ready(), Ok(Ready::Ready));
        assert_eq!(next(&mut reader), [round]);
    }
    assert_eq!(reader.ready(), Ok(Ready::Armed));
    drop(first);
    assert!(is_readable(&reader, patience()));
    assert_eq!(reader.ready(), Ok(Ready::Ready));
    assert_eq!(reader.receive(Deadline::Now).map(drop), Err(ReceiveError::Closed));

    // The end is no news any more; a new producer is.
    assert_eq!(reader.ready(), Ok(Ready::Armed));
    assert!(!is_readable(&reader, Deadline::Now));
    let mut second = producer(&scratch);
    assert!(is_readable(&reader, patience()));
    second.send(b"two", patience()).unwrap();
    assert_eq!(reader.ready(), Ok(Ready::Ready));
    assert_eq!(next(&mut reader), b"two");
    assert_eq!(reader.as_fd().as_raw_fd(), number);
}

#[test]
fn what_happens_in_any_gap_of_arming_is_not_slept_over() {
    for gap in ["read", "membarrier"] {
        for is_end in [false, true] {
            let scratch = Scratch::new();
            let (first, mut reader) = (producer(&scratch), consumer(&scratch));
            let first = Rc::new(RefCell::new(Some(first)));
            let there = Rc::clone(&first);
            let intrusion = seam::before(gap, move || {
                let mut first = there.borrow_mut();
                match first.as_mut() {
                    Some(first) if !is_end => first.send(b"in the gap", patience()).unwrap(),
                    _ => *first = None,
                }
            });
            let ready = reader.ready().unwrap();
            drop(intrusion);
            let has_ended = first.borrow().is_none();
            assert_eq!(has_ended, is_end, "the gap before {gap} has come");
            if ready == Ready::Armed {
                assert!(is_readable(&reader, patience()), "{gap}, {is_end}");
                assert_eq!(reader.ready(), Ok(Ready::Ready), "{gap}, {is_end}");
            }
            match reader.receive(Deadline::Now) {
                Ok(record) => assert_eq!(record.to_vec(), b"in the gap"),
                Err(error) => assert_eq!(error, ReceiveError::Closed),
            }
        }
    }
}

#[test]
fn a_producer_waiting_for_a_consumer_or_for_its_progress_is_woken() {
    let scratch = Scratch::new();
    let mut producer = producer(&scratch);
    producer.send(b"kept", patience()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            producer.wait_for_consumer(patience())?;
            producer.wait_until_consumed(patience())
        });
        let mut reader = consumer(&scratch);
        assert_eq!(next(&mut reader), b"kept");
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn what_is_not_consumed_until_the_deadline_is_told() {
    let scratch = Scratch::new();
    let (mut producer, _reader) = (producer(&scratch), consumer(&scratch));
    producer.wait_until_consumed(Deadline::Now).unwrap();
    producer.send(b"kept", patience()).unwrap();
    let short = Deadline::within(Duration::from_millis(2));
    assert_eq!(producer.wait_until_consumed(short), Err(SendError::Full));
    assert!(short.has_passed());
}
