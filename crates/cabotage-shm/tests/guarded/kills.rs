// SPDX-License-Identifier: MIT OR Apache-2.0
//! Consumers that are killed at chance moments and before each of their calls: whoever comes next gets each record that
//! was not consumed, once. Producers likewise: what is received of them has no gap.

use std::os::unix::fs::FileExt;
use std::time::Duration;

use cabotage_os::{Deadline, seam};
use cabotage_shm::{ChannelOptions, Consumer, ReceiveError};

use crate::support::{Harbour, name, number, path_of_child, record, role, soon};

/// Notes which record it has in hand, and that it is consumed; compares the first with what the last one noted.
fn consume(options: &ChannelOptions, records: u64) {
    let notes = std::fs::File::options().read(true).write(true).open(path_of_child("notes")).unwrap();
    let word = |at: u64| {
        let mut word = [0; 8];
        notes.read_exact_at(&mut word, at).unwrap();
        u64::from_le_bytes(word)
    };
    let mut consumer = options.open(&name()).unwrap();
    let (begun, done) = (word(0), word(8));
    for taken in 0..records {
        let Ok(record) = consumer.receive(soon()) else { return };
        let position = record.position();
        assert_eq!(number(&record.to_vec()), position);
        let is_next = taken > 0 || (done..=begun).contains(&position);
        if !is_next {
            std::fs::write(path_of_child("wrong"), format!("{position} after {done} to {begun}")).unwrap();
        }
        notes.write_all_at(&(position + 1).to_le_bytes(), 0).unwrap();
        drop(record);
        notes.write_all_at(&(position + 1).to_le_bytes(), 8).unwrap();
    }
}

#[test]
fn consumers_that_are_killed_at_chance_moments_lose_and_double_nothing() {
    const TEST: &str = "kills::consumers_that_are_killed_at_chance_moments_lose_and_double_nothing";
    const KILLS: u32 = 40;
    if let Some((role, options)) = role() {
        let call: u64 = role.parse().unwrap();
        let _plan = (call > 0).then(|| seam::kill_nth(call - 1));
        return consume(&options, u64::MAX);
    }
    let harbour = Harbour::new();
    std::fs::write(harbour.path("notes"), [0; 16]).unwrap();
    let mut producer = harbour.options().capacity_bytes(8192).create(&name()).unwrap();
    let mut sent = 0;
    let seed = std::process::id();
    println!("seed {seed}");
    for kill in 0..KILLS {
        // Every other one kills itself, before one of its first calls.
        let call = if kill % 2 == 0 { 0 } else { kill };
        let mut child = harbour.start(TEST, &call.to_string());
        let lives = Duration::from_micros(
            u64::from(seed.wrapping_mul(2_654_435_761).wrapping_mul(kill + 1)) % 20_000,
        );
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_millis(8) + lives && child.0.try_wait().unwrap().is_none() {
            match producer.send(&record(sent), Deadline::within(Duration::from_millis(1))) {
                Ok(()) => sent += 1,
                Err(error) => assert_eq!(error.fault(), cabotage_os::Fault::Peer, "{error}"),
            }
            if producer.consumer().unwrap().is_here() && sent % 64 == 0 {
                std::thread::yield_now();
            }
        }
        child.kill();
    }
    let wrong = std::fs::read_to_string(harbour.path("wrong")).ok();
    assert_eq!(wrong, None);
    // Whatever is left comes to the last one.
    let mut last = harbour.consumer(&mut producer);
    let notes = std::fs::read(harbour.path("notes")).unwrap();
    let word = |at: usize| u64::from_le_bytes(notes[at..at + 8].try_into().unwrap());
    let first = last.try_receive().unwrap().map_or(sent, |record| record.position());
    assert!((word(8)..=word(0)).contains(&first), "{first} after {} to {}", word(8), word(0));
    println!("{sent} records sent, {first} consumed by those who were killed");
}

/// Everything that a producer does, once.
fn produce(options: &ChannelOptions) {
    let mut producer = options.capacity_bytes_of_test().create(&name()).unwrap();
    producer.send(&record(0), soon()).unwrap();
    producer.wait_for_consumer(soon()).unwrap();
    producer.send(&record(1), soon()).unwrap();
    let body = record(2);
    let mut loan = producer.loan(body.len(), soon()).unwrap();
    loan.write_at(0, &body);
    loan.send().unwrap();
    producer.send_all((3..60).map(record), soon()).unwrap();
    producer.wait_until_consumed(soon()).unwrap();
}

trait OfTest {
    fn capacity_bytes_of_test(&self) -> ChannelOptions;
}

impl OfTest for ChannelOptions {
    fn capacity_bytes_of_test(&self) -> ChannelOptions {
        self.clone().capacity_bytes(4096)
    }
}

#[test]
fn a_producer_that_is_killed_before_any_call_leaves_what_it_sent_without_a_gap() {
    const TEST: &str = "kills::a_producer_that_is_killed_before_any_call_leaves_what_it_sent_without_a_gap";
    if let Some((role, options)) = role() {
        let _plan = seam::kill_nth(role.parse().unwrap());
        return produce(&options);
    }
    let harbour = Harbour::new();
    let mut whole = 0;
    for call in 0.. {
        let mut child = harbour.start(TEST, &call.to_string());
        let mut received = 0;
        let mut receive_all = |mut consumer: Consumer| loop {
            match consumer.receive(soon()) {
                Ok(record) => assert_eq!(number(&record.to_vec()), received, "killed before call {call}"),
                Err(ReceiveError::Died | ReceiveError::Closed) => return,
                Err(error) => panic!("{error}"),
            }
            received += 1;
        };
        // Until it has let us in, or has ended.
        while child.0.try_wait().unwrap().is_none() {
            let patience = Deadline::within(Duration::from_millis(20));
            if let Ok(consumer) = harbour.options().until_there(patience).open(&name()) {
                receive_all(consumer);
                break;
            }
        }
        if child.0.wait().unwrap().success() {
            assert_eq!(received, 60);
            whole += 1;
            if whole == 2 {
                println!("killed before each of {call} calls");
                break;
            }
        }
    }
}
