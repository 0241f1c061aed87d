// SPDX-License-Identifier: MIT OR Apache-2.0
//! No wake-up is lost, in any way of waiting, between threads and between processes.
#![forbid(unsafe_code)]

mod support;
#[path = "support/wakeups.rs"]
mod waking;

use cabotage_link::Link;

use support::{Random, command, inherited, role, start};
use waking::{WAYS, acknowledge, ask, options};

/// A thousandth of what `examples/lost_wakeups.rs` does, all ways and both tests together.
const ROUNDS: u64 = 100_000;
const EACH: u64 = ROUNDS / 2 / WAYS.len() as u64;

#[test]
fn no_wake_up_is_lost_between_threads() {
    let random = Random::of_today();
    for (way, membarrier) in WAYS {
        let options = options(way, membarrier);
        let (mut near, end) = Link::pair(options.clone()).unwrap();
        let mut far = end.link(options).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| acknowledge(&mut far, way, &mut random.clone()));
            ask(&mut near, way, EACH, &mut Random(random.clone().next()));
            drop(near);
        });
    }
}

#[test]
fn no_wake_up_is_lost_between_processes() {
    const TEST: &str = "no_wake_up_is_lost_between_processes";
    if let Some(role) = role() {
        let (number, seed) = role.split_once(' ').unwrap();
        let (way, membarrier) = WAYS[number.parse::<usize>().unwrap()];
        let mut link = inherited(options(way, membarrier));
        return acknowledge(&mut link, way, &mut Random(seed.parse().unwrap()));
    }
    let mut random = Random::of_today();
    for (number, (way, membarrier)) in WAYS.into_iter().enumerate() {
        let (mut near, end) = Link::pair(options(way, membarrier)).unwrap();
        let child = start(command(TEST, &format!("{number} {}", random.next())), end);
        ask(&mut near, way, EACH, &mut random);
        drop(near);
        child.must_succeed();
    }
}
