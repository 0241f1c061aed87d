// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory out of line between processes: gigabytes of it, and what is left when one of them is killed.

use std::fs;

use cabotage_mach::{Carried, Memory, Message, Outgoing, Region, SendRight};

use crate::support::{
    Harbour, Other, check_in, hear, held, kill_some_time, look_up, next, role, say, soon, until_held,
};

const MANY_BYTES: usize = (2 << 30) + 1;

#[test]
fn two_gibibytes_and_a_byte_move_to_another_process() {
    const TEST: &str = "memory::two_gibibytes_and_a_byte_move_to_another_process";
    if role().is_some() {
        let mut region = Region::create("test", MANY_BYTES).unwrap();
        region[1] = 7;
        region[MANY_BYTES - 1] = 9;
        look_up("memory").send(Outgoing::new(1).memory(region.seal().unwrap())).unwrap();
        hear();
        return;
    }
    if available_bytes() < 3 * MANY_BYTES as u64 {
        eprintln!("not run: it needs {MANY_BYTES} bytes of memory, and this machine has not much more");
        return;
    }
    let harbour = Harbour::new();
    let port = harbour.check_in("memory");
    let sender = harbour.start(TEST, "sender", None);
    let memory = memory_of(next(&port)).pop().unwrap();
    sender.finish();
    let bytes = memory.into_immutable().unwrap();
    assert_eq!((bytes.len(), bytes[0], bytes[1], bytes[MANY_BYTES - 1]), (MANY_BYTES, 0, 7, 9));
    let mut own = Memory::from(bytes).into_region().unwrap();
    own[MANY_BYTES - 1] += 1;
    assert_eq!(own[MANY_BYTES - 1], 10);
}

fn available_bytes() -> u64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn memory_of(mut message: Message) -> Vec<Memory> {
    let memory = |carried| match carried {
        Carried::Memory(memory) => Some(memory),
        _ => None,
    };
    message.take_carried().into_iter().filter_map(memory).collect()
}

/// A message with memory of each kind, every byte of it the same.
fn laden(right: &SendRight, byte: u8) -> Option<Outgoing> {
    let mut region = Region::create("test", 50_000).unwrap();
    region.fill(byte);
    let mut loan = right.loan(30_000, soon()).ok()??;
    let is_written = loan.write_at(0, &[byte; 30_000]);
    let snapshot = region.snapshot().unwrap();
    is_written.then(|| {
        Outgoing::new(i32::from(byte))
            .memory(vec![byte; 100])
            .memory(vec![byte; 40_000])
            .memory(snapshot)
            .memory(region.seal().unwrap())
            .lend(loan)
    })
}

/// The number of the message by which a process is asked what it has.
const WHAT_IS_HELD: i32 = 1000;

#[test]
fn nothing_is_left_of_killed_senders_and_what_they_sent_can_be_read() {
    const TEST: &str = "memory::nothing_is_left_of_killed_senders_and_what_they_sent_can_be_read";
    match role().as_deref() {
        Some("sender") => {
            let right = look_up("memory");
            say("begins");
            for byte in (1..=250).cycle() {
                right.send(laden(&right, byte).unwrap()).unwrap();
            }
        }
        Some(_) => {
            let port = check_in("memory");
            let mut kept = None;
            loop {
                let message = next(&port);
                if message.id() == WHAT_IS_HELD {
                    check(kept.take());
                    say(&held());
                } else {
                    check(kept.replace((message.id(), memory_of(message))));
                }
            }
        }
        None => {}
    }
    let harbour = Harbour::new();
    let mut taker = harbour.start(TEST, "taker", None);
    let right = harbour.look_up("memory");
    let mut ask = || {
        right.send_within(Outgoing::new(WHAT_IS_HELD), soon()).unwrap();
        taker.hear().unwrap()
    };
    ask();
    let at_first = ask();
    for _ in 0..20 {
        let mut victim = harbour.start(TEST, "sender", None);
        assert_eq!(victim.hear().as_deref(), Some("begins"));
        kill_some_time(&mut victim);
    }
    until_held(ask, &at_first);
}

/// Each piece of memory has the bytes that its message says.
fn check(kept: Option<(i32, Vec<Memory>)>) {
    let Some((id, pieces)) = kept else { return };
    let lengths: Vec<usize> = pieces.iter().map(Memory::bytes).collect();
    assert_eq!(lengths, [100, 40_000, 50_000, 50_000, 30_000]);
    for memory in pieces {
        let bytes = memory.into_immutable().unwrap();
        assert!(bytes.iter().all(|byte| i32::from(*byte) == id));
    }
}

#[test]
fn nothing_is_left_of_what_went_to_killed_receivers() {
    const TEST: &str = "memory::nothing_is_left_of_what_went_to_killed_receivers";
    match role().as_deref() {
        Some("taker") => {
            let port = check_in("memory");
            loop {
                let message = next(&port);
                check(Some((message.id(), memory_of(message))));
            }
        }
        Some(_) => loop {
            if hear() == "count" {
                say(&held());
                continue;
            }
            let right = look_up("memory");
            say("sending");
            let mut bytes = (1..=250).cycle();
            while let Some(message) = laden(&right, bytes.next().unwrap()) {
                if right.send_within(message, soon()).is_err() {
                    break;
                }
            }
            say("over");
        },
        None => {}
    }
    let harbour = Harbour::new();
    let mut sender = harbour.start(TEST, "sender", None);
    let mut at_first = None;
    for _ in 0..20 {
        let mut victim = harbour.start(TEST, "taker", None);
        sender.tell("send");
        assert_eq!(sender.hear().as_deref(), Some("sending"));
        kill_some_time(&mut victim);
        assert_eq!(sender.hear().as_deref(), Some("over"));
        // What a first message leaves for good is counted once.
        at_first.get_or_insert_with(|| count(&mut sender));
    }
    until_held(|| count(&mut sender), &at_first.unwrap());
}

fn count(other: &mut Other) -> String {
    other.tell("count");
    other.hear().unwrap()
}
