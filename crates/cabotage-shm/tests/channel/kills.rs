// SPDX-License-Identifier: MIT OR Apache-2.0
//! Either end killed, at chance moments and before every single system call: nothing is lost, doubled or torn, the
//! other end is told, and a successor goes on.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use cabotage_os::fork::child_answers;
use cabotage_os::{Deadline, seam};
use cabotage_shm::{Consumer, Directory, Presence, Producer, ReceiveError, SendError};

use crate::common::{Killed, Scratch, Watchdog, name, this_binary};
use crate::{consumer, next, options, patience, producer};

/// A record of this number, longer or shorter by it, whose bytes all follow from it.
fn record(number: u64) -> Vec<u8> {
    let bytes = 8 + usize::try_from(number * 37 % 200).unwrap();
    let tail = (8..bytes).map(|at| u8::try_from((number + at as u64) % 251).unwrap());
    number.to_le_bytes().into_iter().chain(tail).collect()
}

/// The number of a record that is whole.
fn number_of(bytes: &[u8]) -> u64 {
    let number = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(bytes, record(number), "a torn record");
    number
}

/// Kills a child before its first system call in `act`, another before its second, until one lives through it;
/// `check` sees what each has left.
fn kill_before_each_call(act: impl Fn(&Scratch), check: impl Fn(&Scratch, u64), prepare: impl Fn(&Scratch)) {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    for nth in 0..400 {
        let scratch = Scratch::new();
        prepare(&scratch);
        let child = || {
            let plan = seam::kill_nth(nth);
            act(&scratch);
            drop(plan);
            true
        };
        let has_survived = child_answers(child, patience()).unwrap();
        check(&scratch, nth);
        if has_survived {
            assert!(nth > 0, "no system call at all");
            return;
        }
    }
    panic!("it never survives");
}

/// Both ends can be had and work, whatever was left.
fn works(scratch: &Scratch, nth: u64) {
    let mut producer = producer(scratch);
    let mut consumer = consumer(scratch);
    producer.send(b"after all", patience()).unwrap();
    loop {
        match consumer.receive(patience()) {
            Ok(record) if record.to_vec() == b"after all" => break,
            Ok(_) | Err(ReceiveError::Died | ReceiveError::Closed) => {}
            Err(error) => panic!("killed before call {nth}: {error}"),
        }
    }
    consumer.remove().unwrap();
    assert!(!scratch.file_names().contains(&"frames".to_owned()));
}

#[test]
fn a_producer_killed_before_any_call_of_its_creation_is_in_nobodys_way() {
    kill_before_each_call(|scratch| drop(producer(scratch)), works, |_| {});
}

#[test]
fn a_producer_killed_before_any_call_of_taking_over_is_in_nobodys_way() {
    kill_before_each_call(|scratch| drop(producer(scratch)), works, |scratch| drop(producer(scratch)));
}

#[test]
fn a_consumer_killed_before_any_call_of_opening_is_in_nobodys_way() {
    kill_before_each_call(|scratch| drop(consumer(scratch)), works, |scratch| drop(producer(scratch)));
}

#[test]
fn a_consumer_killed_before_any_call_of_removing_is_in_nobodys_way() {
    let act = |scratch: &Scratch| consumer(scratch).remove().unwrap();
    kill_before_each_call(act, works, |scratch| drop(producer(scratch)));
}

#[test]
fn what_a_producer_sent_before_it_was_killed_is_all_there_and_its_death_is_told_after() {
    let act = |scratch: &Scratch| {
        let mut producer = producer(scratch);
        for number in 0..20 {
            producer.send(&record(number), patience()).unwrap();
            // A call, to be killed before.
            assert!(!producer.consumer().unwrap().is_here());
        }
        std::mem::forget(producer);
        assert!(seam::call("exit", || Ok(())).is_ok());
    };
    let check = |scratch: &Scratch, nth: u64| {
        let Ok(mut consumer) = options(scratch).open_trusting(&name("frames")) else { return };
        if consumer.producer() == Ok(Presence::Nobody) {
            return; // killed between making the channel and taking its end
        }
        let mut expected = 0;
        let end = loop {
            match consumer.receive(patience()) {
                Ok(record) => assert_eq!(number_of(&record.to_vec()), expected, "killed before call {nth}"),
                Err(error) => break error,
            }
            expected += 1;
        };
        assert_eq!(end, ReceiveError::Died, "killed before call {nth}, after {expected} records");
    };
    kill_before_each_call(act, check, |_| {});
}

#[test]
fn a_sleeping_producer_and_a_sleeping_consumer_are_told_of_the_others_death() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    let scratch = Scratch::new();
    let mut first = options(&scratch).capacity_bytes(4096).create_trusting(&name("frames")).unwrap();
    let mut role = play("consume", &scratch);
    assert_eq!(role.line(), "ready");
    first.wait_for_consumer(patience()).unwrap();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            loop {
                match first.send(&record(0), patience()) {
                    Ok(()) => {}
                    Err(error) => break error,
                }
            }
        });
        role.line();
        role.kill();
        assert_eq!(sending.join().unwrap(), SendError::Died);
    });
    assert_eq!(first.consumer(), Ok(Presence::Died));
    drop(first);

    let scratch = Scratch::new();
    let mut role = play("produce 0", &scratch);
    assert_eq!(role.line(), "ready");
    let mut reader = consumer(&scratch);
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            loop {
                if let Err(error) = reader.receive(patience()) {
                    break error;
                }
            }
        });
        role.kill();
        assert_eq!(receiving.join().unwrap(), ReceiveError::Died);
    });
}

#[test]
fn producers_killed_at_chance_moments_lose_and_tear_nothing_that_was_visible() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    let scratch = Scratch::new();
    drop(producer(&scratch));
    let mut reader = consumer(&scratch);
    let mut expected = 0;
    for round in 0..ROUNDS {
        let mut role = play(&format!("produce {expected}"), &scratch);
        assert_eq!(role.line(), "ready");
        let kill_at = expected + chance(round) % 3_000;
        loop {
            match reader.receive(patience()) {
                Ok(record) => {
                    assert_eq!(number_of(&record.to_vec()), expected, "round {round}");
                    expected += 1;
                }
                Err(ReceiveError::Died | ReceiveError::Closed) if role.is_dead => break,
                Err(ReceiveError::Died | ReceiveError::Closed) => {}
                Err(error) => panic!("round {round}: {error}"),
            }
            if expected >= kill_at && !role.is_dead {
                role.kill();
            }
        }
    }
}

#[test]
fn consumers_killed_at_chance_moments_are_followed_without_a_loss() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    let scratch = Scratch::new();
    let mut sender = producer(&scratch);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut number = 0;
            while stopped.try_recv() != Err(std::sync::mpsc::TryRecvError::Disconnected) {
                match sender.send(&record(number), Deadline::within(Duration::from_millis(5))) {
                    Ok(()) => number += 1,
                    Err(SendError::Full | SendError::Died) => std::thread::yield_now(),
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let mut seen: Option<(u64, u64)> = None;
        for round in 0..ROUNDS {
            let mut role = play("consume", &scratch);
            assert_eq!(role.line(), "ready");
            for _ in 0..chance(round) % 500 {
                follow(&mut seen, &role.line());
            }
            role.kill();
            // What it still said before it died counts.
            while let Some(line) = role.last_line() {
                follow(&mut seen, &line);
            }
        }
        drop(stop);
    });
}

/// A line of a consumer: the position and number of a record in its hand. Only the last one of a killed consumer may
/// come again, at the same position.
fn follow(seen: &mut Option<(u64, u64)>, line: &str) {
    let (position, number) = line.split_once(' ').unwrap();
    let found = (position.parse().unwrap(), number.parse().unwrap());
    if let Some(last) = *seen {
        assert!(found == last || found.1 == last.1 + 1 && found.0 > last.0, "{found:?} after {last:?}");
    }
    *seen = Some(found);
}

const ROUNDS: u64 = 12;

/// A number that looks like chance, and is the same in every run.
fn chance(round: u64) -> u64 {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// Another process that plays one end.
struct Role {
    child: Killed,
    lines: BufReader<std::process::ChildStdout>,
    is_dead: bool,
}

fn play(role: &str, scratch: &Scratch) -> Role {
    let mut command = this_binary("kills::plays_an_end");
    command.env("CABOTAGE_TEST_ROLE", role).env("CABOTAGE_TEST_DIRECTORY", scratch.path.path());
    let mut child: Child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    Role { child: Killed(child), lines, is_dead: false }
}

impl Role {
    /// The next line that is its own, and not the test harness's.
    fn line(&mut self) -> String {
        self.last_line().expect("the role ended early")
    }

    fn last_line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            // A killed process may leave half a line.
            let whole = line.strip_suffix('\n')?;
            if let Some((_, own)) = whole.split_once("role: ") {
                return Some(own.to_owned());
            }
        }
    }

    fn kill(&mut self) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        self.is_dead = true;
    }
}

#[test]
#[ignore = "a role, played by another process of the tests above"]
fn plays_an_end() {
    let Some(role) = std::env::var_os("CABOTAGE_TEST_ROLE") else { return };
    let directory = Directory::open(std::env::var_os("CABOTAGE_TEST_DIRECTORY").unwrap()).unwrap();
    let options = Producer::options().directory(&directory).until_there(patience());
    let role = role.into_string().unwrap();
    match role.split_once(' ') {
        Some(("produce", first)) => {
            produce(options.create_trusting(&name("frames")).unwrap(), first.parse().unwrap())
        }
        _ => consume(options.open_trusting(&name("frames")).unwrap()),
    }
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    // One write, so that a kill leaves the line or none.
    let _ = stdout.write_all(format!("role: {line}\n").as_bytes());
    let _ = stdout.flush();
}

fn produce(mut producer: Producer, first: u64) {
    say("ready");
    for number in first.. {
        if number % 5 == 0 {
            let mut loan = producer.loan(record(number).len(), patience()).unwrap();
            loan.write_at(0, &record(number));
            loan.send().unwrap();
        } else {
            producer.send(&record(number), patience()).unwrap();
        }
    }
}

fn consume(mut consumer: Consumer) {
    say("ready");
    loop {
        let record = consumer.receive(patience()).unwrap();
        say(&format!("{} {}", record.position(), number_of(&record.to_vec())));
    }
}

#[test]
fn a_record_that_was_consumed_is_never_seen_again_after_a_kill_in_any_call_between() {
    let prepare = |scratch: &Scratch| {
        let mut producer = producer(scratch);
        producer.send_all((0..10).map(record), patience()).unwrap();
    };
    let act = |scratch: &Scratch| {
        let mut consumer = consumer(scratch);
        for number in 0..10 {
            assert_eq!(number_of(&next(&mut consumer)), number);
            consumer.producer().unwrap();
            std::fs::write(scratch.path.path().join("consumed"), number.to_string()).unwrap();
        }
    };
    let check = |scratch: &Scratch, nth: u64| {
        let noted = std::fs::read_to_string(scratch.path.path().join("consumed")).ok();
        let noted: Option<u64> = noted.and_then(|text| text.parse().ok());
        let mut consumer = consumer(scratch);
        match consumer.receive(patience()) {
            Ok(record) => {
                let found = number_of(&record.to_vec());
                let least = noted.map_or(0, |number| number + 1);
                assert!((least..=least + 1).contains(&found), "{found} after {noted:?}, call {nth}");
            }
            Err(error) => assert_eq!((error, noted >= Some(8)), (ReceiveError::Closed, true), "call {nth}"),
        }
    };
    kill_before_each_call(act, check, prepare);
}
