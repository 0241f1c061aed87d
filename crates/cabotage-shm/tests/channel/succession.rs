// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end after another: where a successor goes on, and what the other end is told.

use cabotage_os::Deadline;
use cabotage_shm::{ReceiveError, SendError};

use crate::common::Scratch;
use crate::{consumer, next, options, patience, producer};

fn end(consumer: &mut cabotage_shm::Consumer) -> ReceiveError {
    consumer.receive(patience()).map(drop).unwrap_err()
}

#[test]
fn a_new_producer_goes_on_behind_the_last_record_and_the_end_of_the_one_before_is_told_once_between() {
    let scratch = Scratch::new();
    let mut first = producer(&scratch);
    let mut reader = consumer(&scratch);
    first.send(b"one", patience()).unwrap();
    drop(first);
    let mut second = producer(&scratch);
    second.send(b"two", patience()).unwrap();
    assert_eq!(second.generation(), 2);

    assert_eq!(next(&mut reader), b"one");
    assert_eq!(reader.generation(), 1);
    assert_eq!(end(&mut reader), ReceiveError::Closed);
    assert_eq!(next(&mut reader), b"two");
    assert_eq!(reader.generation(), 2);
    assert!(reader.try_receive().unwrap().is_none());
}

#[test]
fn an_end_that_was_told_is_told_again_until_somebody_comes_and_not_after() {
    let scratch = Scratch::new();
    let (first, mut reader) = (producer(&scratch), consumer(&scratch));
    drop(first);
    for _ in 0..3 {
        assert_eq!(end(&mut reader), ReceiveError::Closed);
    }
    let mut second = producer(&scratch);
    assert_eq!(reader.receive(Deadline::Now).map(drop), Err(ReceiveError::Nothing));
    second.send(b"two", patience()).unwrap();
    assert_eq!(next(&mut reader), b"two");
    drop(second);
    assert_eq!(end(&mut reader), ReceiveError::Closed);
}

#[test]
fn a_producer_that_sent_nothing_counts_too() {
    let scratch = Scratch::new();
    let (mut first, mut reader) = (producer(&scratch), consumer(&scratch));
    first.send(b"one", patience()).unwrap();
    drop(first);
    drop(producer(&scratch));
    let mut third = producer(&scratch);
    third.send(b"three", patience()).unwrap();
    assert_eq!(next(&mut reader), b"one");
    assert_eq!(end(&mut reader), ReceiveError::Closed);
    assert_eq!(end(&mut reader), ReceiveError::Closed);
    assert_eq!(next(&mut reader), b"three");
    assert_eq!(reader.generation(), 3);
}

#[test]
fn a_consumer_that_comes_late_is_not_told_of_ends_before_its_time() {
    let scratch = Scratch::new();
    drop(producer(&scratch));
    let mut second = producer(&scratch);
    second.send(b"two", patience()).unwrap();
    let mut reader = consumer(&scratch);
    assert_eq!(next(&mut reader), b"two");
    assert_eq!(reader.generation(), 2);
}

#[test]
fn a_new_consumer_goes_on_where_the_one_before_it_was_to_the_record() {
    let scratch = Scratch::new();
    let mut producer = producer(&scratch);
    for number in 0..500_u64 {
        producer.send_value(&number, patience()).unwrap();
    }
    for number in 0..500_u64 {
        let mut reader = consumer(&scratch);
        if number % 3 == 0 {
            // Looked at and not consumed: it is next for whoever comes.
            std::mem::forget(reader.receive(patience()).unwrap());
            drop(reader);
            reader = consumer(&scratch);
        }
        assert_eq!(reader.receive_value(patience()), Ok(number));
    }
}

#[test]
fn generations_are_known_to_a_new_consumer() {
    let scratch = Scratch::new();
    drop(producer(&scratch));
    let mut second = producer(&scratch);
    second.send(b"two", patience()).unwrap();
    second.send(b"two again", patience()).unwrap();
    assert_eq!(next(&mut consumer(&scratch)), b"two");
    let mut reader = consumer(&scratch);
    assert_eq!(reader.generation(), 2);
    assert_eq!(next(&mut reader), b"two again");
}

#[test]
fn a_full_ring_without_a_consumer_is_an_end_once_one_was_there() {
    let scratch = Scratch::new();
    let mut producer =
        options(&scratch).capacity_bytes(4096).create_trusting(&"frames".parse().unwrap()).unwrap();
    while producer.try_send(&[0; 64]).is_ok() {}
    assert_eq!(producer.try_send(&[0; 64]), Err(SendError::Full), "nobody has come yet");
    drop(consumer(&scratch));
    assert_eq!(producer.send(&[0; 64], patience()), Err(SendError::Closed));
    assert_eq!(producer.wait_until_consumed(patience()), Err(SendError::Closed));
}

#[test]
fn a_successor_in_a_full_ring_says_so_when_there_is_room() {
    let scratch = Scratch::new();
    let mut first =
        options(&scratch).capacity_bytes(4096).create_trusting(&"frames".parse().unwrap()).unwrap();
    let mut sent = 0;
    while first.try_send(&[1]).is_ok() {
        sent += 1;
    }
    drop(first);
    let mut second = producer(&scratch);
    assert_eq!(second.try_send(&[2]), Err(SendError::Full));
    let mut reader = consumer(&scratch);
    for _ in 0..sent {
        assert_eq!(next(&mut reader), [1]);
    }
    second.send(&[2], patience()).unwrap();
    assert_eq!(end(&mut reader), ReceiveError::Closed);
    assert_eq!(next(&mut reader), [2]);
    assert_eq!(reader.generation(), 2);
}

#[test]
fn a_sleeper_in_the_place_of_one_that_was_rung_is_rung_too() {
    let scratch = Scratch::new();
    let mut producer = producer(&scratch);
    // Each consumer sleeps once, which its predecessor did as well.
    for number in 0..20_u64 {
        let mut reader = options(&scratch)
            .wait(cabotage_link::Wait::Block)
            .open_trusting(&"frames".parse().unwrap())
            .unwrap();
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(move || reader.receive_value::<u64>(patience()));
            // Whether it sleeps already or not, it must get this.
            std::thread::yield_now();
            producer.send_value(&number, patience()).unwrap();
            assert_eq!(sleeper.join().unwrap(), Ok(number));
        });
    }
}
