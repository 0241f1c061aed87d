// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects that another process shrinks while they are mapped: an error under the guard.

use std::fs::File;

use cabotage_os::Deadline;
use cabotage_shm::{Consumer, Producer, ReceiveError, SendError};

use crate::common::{Scratch, name};
use crate::{next, options, patience};

fn guarded(scratch: &Scratch) -> (Producer, Consumer) {
    let options = options(scratch).guard_against_shrinking();
    let producer = options.create_trusting(&name("frames")).unwrap();
    (producer, options.open_trusting(&name("frames")).unwrap())
}

fn shrink(scratch: &Scratch, suffix: &str) {
    let file = scratch.file_names().into_iter().find(|file| file.ends_with(suffix)).unwrap();
    let file = File::options().write(true).open(scratch.path.path().join(file)).unwrap();
    file.set_len(0).unwrap();
}

#[test]
fn under_the_guard_records_go_through_as_ever() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = guarded(&scratch);
    for number in 0..2_000_u64 {
        producer.send_value(&[number; 4], patience()).unwrap();
        let record = consumer.receive(patience()).unwrap();
        assert_eq!(record.value(), Some([number; 4]));
        let mut part = [0; 8];
        assert_eq!(record.copy_from(8, &mut part), 8);
        assert_eq!(u64::from_le_bytes(part), number);
    }
    drop(producer);
    assert_eq!(consumer.receive(patience()).map(drop), Err(ReceiveError::Closed));
}

#[test]
fn a_shrunk_object_is_told_to_both_ends_and_kills_nobody() {
    for suffix in ["frames", ".reader"] {
        let scratch = Scratch::new();
        let (mut producer, mut consumer) = guarded(&scratch);
        producer.send(b"one", patience()).unwrap();
        assert_eq!(next(&mut consumer), b"one");
        producer.send(b"two", patience()).unwrap();
        shrink(&scratch, suffix);
        let sent = std::iter::repeat_with(|| producer.send(&[7; 100], patience())).take(2_000);
        assert_eq!(sent.filter(Result::is_err).last(), Some(Err(SendError::Truncated)), "{suffix}");
        let received = std::iter::repeat_with(|| consumer.receive(Deadline::Now).map(drop)).take(10);
        assert_eq!(received.last(), Some(Err(ReceiveError::Truncated)), "{suffix}");
        assert_eq!(consumer.producer(), Err(ReceiveError::Truncated), "{suffix}");
    }
}

#[test]
fn a_record_in_hand_under_the_guard_stays_as_it_was() {
    let scratch = Scratch::new();
    let (mut producer, mut consumer) = guarded(&scratch);
    producer.send(&[7; 1000], patience()).unwrap();
    let record = consumer.receive(patience()).unwrap();
    shrink(&scratch, "frames");
    assert_eq!(record.to_vec(), [7; 1000]);
}
