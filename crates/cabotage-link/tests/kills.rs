// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ends that are killed or stopped under load: whoever is left got every message once, in order and whole, is told,
//! and keeps nothing.
#![forbid(unsafe_code)]

#[path = "support/kills.rs"]
mod killing;
mod support;

use std::time::{Duration, Instant};

use cabotage_link::{Deadline, Link, Options, ReceiveError, SendError, Wait};
use cabotage_os::process::{Pidfd, Signal};

use support::{Random, alone, command, inherited, role, soon, start};

/// A hundredth of what `examples/kill_link.rs` does.
const KILLS: u64 = 100;

#[test]
fn a_hundred_kills_cost_nobody_a_message() {
    const TEST: &str = "a_hundred_kills_cost_nobody_a_message";
    if let Some(role) = role() {
        return killing::victim(&role);
    }
    let _alone = alone();
    let mut random = Random::of_today();
    let tally = killing::supervise(KILLS, &mut random, &|role| command(TEST, role), &mut |_| {});
    println!("{tally:?}");
    assert!(tally.received > KILLS);
}

#[test]
fn a_stopped_peer_costs_no_more_than_the_deadline() {
    const TEST: &str = "a_stopped_peer_costs_no_more_than_the_deadline";
    if role().is_some() {
        let mut link = inherited(Options::new());
        loop {
            let Ok(copy) = link.receive(soon()).map(|message| message.to_vec()) else { return };
            if link.send(&copy, soon()).is_err() {
                return;
            }
        }
    }
    let _alone = alone();
    for wait in [Wait::Block, Wait::Adaptive, Wait::Spin] {
        let (mut link, end) = Link::pair(Options::new().wait(wait)).unwrap();
        let child = start(command(TEST, "echo"), end);
        let pidfd = Pidfd::of_child(&child.0).unwrap();
        let mut sent = 0_u64;
        let mut answered = 0_u64;
        for _ in 0..5 {
            link.send(&sent.to_le_bytes(), soon()).unwrap();
            sent += 1;
            assert_eq!(link.receive(soon()).unwrap().to_vec(), answered.to_le_bytes());
            answered += 1;
            pidfd.send_signal(Signal::STOP).unwrap();
            let patience = || Deadline::within(Duration::from_millis(20));
            // What it had done before it was stopped.
            let begin = Instant::now();
            assert_eq!(link.receive(patience()).unwrap_err(), ReceiveError::Nothing);
            assert!(begin.elapsed() < Duration::from_secs(10));
            while sent - answered < 2_000 && link.send(&sent.to_le_bytes(), patience()).is_ok() {
                sent += 1;
            }
            if let Err(error) = link.block(9, patience()) {
                assert_eq!(error, SendError::Full);
            }
            pidfd.send_signal(Signal::CONT).unwrap();
            while answered < sent {
                assert_eq!(link.receive(soon()).unwrap().to_vec(), answered.to_le_bytes());
                answered += 1;
            }
        }
        drop(link);
        child.must_succeed();
    }
}
