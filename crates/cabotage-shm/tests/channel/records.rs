// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes in comes out: sizes, values, batches, loans, room.

use cabotage_os::{Deadline, Fault, seam};
use cabotage_shm::{ReceiveError, SendError};

use crate::common::Scratch;
use crate::{consumer, next, options, patience, producer};

#[test]
fn records_of_every_size_come_out_as_they_went_in() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    let max = producer.record_bytes_max();
    for bytes in (0..200).chain([1023, 1024, 1025, max - 1, max]) {
        let record: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 251).unwrap()).collect();
        producer.send(&record, patience()).unwrap();
        assert_eq!(next(&mut consumer), record, "{bytes} bytes");
    }
    let too_long = producer.send(&vec![0; max + 1], patience()).unwrap_err();
    assert_eq!(too_long, SendError::TooLong { bytes: max + 1, bytes_max: max });
    assert_eq!(too_long.fault(), Fault::Caller);
    assert_eq!(producer.loan(max + 1, patience()).map(drop).unwrap_err(), too_long);
}

#[test]
fn a_full_ring_is_told_and_has_room_again_after_reading() {
    let scratch = Scratch::new();
    let mut producer =
        options(&scratch).capacity_bytes(1).create_trusting(&"frames".parse().unwrap()).unwrap();
    let mut consumer = consumer(&scratch);
    assert_eq!(producer.capacity_bytes(), 4096);
    let mut sent = 0_u64;
    while producer.try_send(&sent.to_le_bytes()).is_ok() {
        sent += 1;
    }
    assert!(sent > 200, "{sent} records of two words");
    assert_eq!(producer.try_send(&[0; 8]).unwrap_err(), SendError::Full);
    assert_eq!(producer.send_all([[0; 8]; 3], Deadline::Now).unwrap_err().sent, 0);
    for number in 0..sent {
        assert_eq!(next(&mut consumer), number.to_le_bytes());
    }
    producer.try_send(b"again").unwrap();
    assert_eq!(next(&mut consumer), b"again");
}

#[test]
fn values_are_sent_as_numbers_and_another_size_stays_the_next_record() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    producer.send_value(&7_u64, patience()).unwrap();
    producer.send_value(&[1.5_f64; 20], patience()).unwrap();
    let wrong = consumer.receive_value::<u32>(patience()).unwrap_err();
    assert_eq!(wrong, ReceiveError::OtherSize { bytes: 8, expected: 4 });
    assert_eq!(consumer.receive_value::<u64>(patience()), Ok(7));
    assert_eq!(consumer.receive_value::<[f64; 20]>(patience()), Ok([1.5; 20]));
}

#[test]
fn a_batch_longer_than_the_ring_arrives_whole_and_in_order() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    std::thread::scope(|scope| {
        let sending =
            scope.spawn(move || producer.send_all((0..20_000_u64).map(u64::to_le_bytes), patience()));
        let mut expected = 0_u64;
        while expected < 20_000 {
            assert_eq!(next(&mut consumer), expected.to_le_bytes());
            expected += 1;
            let check = |record: cabotage_shm::Record<'_>| {
                assert_eq!(record.value(), Some(expected));
                expected += 1;
            };
            consumer.receive_each(100, check).unwrap();
        }
        assert_eq!(sending.join().unwrap(), Ok(20_000));
    });
}

#[test]
fn what_a_batch_read_is_consumed_and_what_it_left_is_next() {
    let scratch = Scratch::new();
    let (mut producer, mut reader) = (producer(&scratch), consumer(&scratch));
    producer.send_all((0..10_u64).map(u64::to_le_bytes), patience()).unwrap();
    assert_eq!(reader.receive_each(4, |_| {}), Ok(4));
    drop(reader);
    let mut reader = consumer(&scratch);
    assert_eq!(reader.receive_value::<u64>(patience()), Ok(4));
    assert_eq!(reader.receive_each(100, |_| {}), Ok(5));
    assert_eq!(reader.receive_each(100, |_| {}), Ok(0));
    producer.send(b"last", patience()).unwrap();
    drop(producer);
    assert_eq!(reader.receive_each(100, |_| {}), Ok(1));
    assert_eq!(reader.receive(patience()).map(drop), Err(ReceiveError::Closed));
}

#[test]
fn a_loan_is_a_record_when_it_is_sent_and_nothing_before() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    assert_eq!(producer.loan(100, patience()).unwrap().bytes(), 100);
    let mut loan = producer.loan(10, patience()).unwrap();
    assert_eq!(loan.bytes(), 10);
    assert_eq!(loan.write_at(5, b"world!"), 5);
    assert_eq!(loan.write_at(0, b"hello"), 5);
    assert!(consumer.try_receive().unwrap().is_none());
    loan.send().unwrap();
    assert_eq!(next(&mut consumer), b"helloworld");
}

#[test]
fn parts_of_a_record_are_copied_and_its_position_grows() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    producer.send_all([b"0123456789", b"abcdefghij"], patience()).unwrap();
    let first = consumer.receive(patience()).unwrap();
    let mut part = [0; 4];
    assert_eq!((first.copy_from(8, &mut part), part), (2, *b"89\0\0"));
    assert_eq!(first.copy_from(10, &mut part), 0);
    let position = first.position();
    drop(first);
    assert!(consumer.receive(patience()).unwrap().position() > position);
}

#[test]
fn while_both_are_awake_no_system_call_is_made() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = (producer(&scratch), consumer(&scratch));
    let before = seam::calls();
    for _ in 0..1_000 {
        producer.send(&[7; 64], patience()).unwrap();
        consumer.receive(patience()).unwrap();
    }
    assert_eq!(seam::calls() - before, 0);
}
