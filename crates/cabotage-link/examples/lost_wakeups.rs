// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rounds of the tests that park nearly every time, as many as you like:
//! `cargo run --release -p cabotage-link --example lost_wakeups -- --rounds 100000000`.
#![forbid(unsafe_code)]

use std::time::Instant;

use cabotage_link::Link;

#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/support/wakeups.rs"]
mod waking;

use support::Random;
use waking::{WAYS, acknowledge, ask, options};

/// How many rounds one child acknowledges.
const ROUNDS_EACH: u64 = 100_000;

fn main() {
    if let Some(role) = support::role() {
        let (number, seed) = role.split_once(' ').expect("a way and a seed");
        let (way, membarrier) = WAYS[number.parse::<usize>().expect("a number")];
        let mut link = support::inherited(options(way, membarrier));
        return acknowledge(&mut link, way, &mut Random(seed.parse().expect("a seed")));
    }
    let rounds = support::number("--rounds", 100_000_000);
    let mut random = Random::of_today();
    let (begin, mut done, mut turn) = (Instant::now(), 0, 0);
    while done < rounds {
        let number = turn % WAYS.len();
        let (way, membarrier) = WAYS[number];
        let (mut near, end) = Link::pair(options(way, membarrier)).expect("a link");
        let child = support::start(support::command("", &format!("{number} {}", random.next())), end);
        let these = ROUNDS_EACH.min(rounds - done).next_multiple_of(8);
        ask(&mut near, way, these, &mut random);
        drop(near);
        child.must_succeed();
        (done, turn) = (done + these, turn + 1);
        if number == WAYS.len() - 1 {
            println!("{:>8.0} s  {done} rounds, none lost", begin.elapsed().as_secs_f64());
        }
    }
    println!("{done} rounds in {:.0} s, no wake-up lost", begin.elapsed().as_secs_f64());
}
