// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kills of the tests, as many as you like:
//! `cargo run --release -p cabotage-link --example kill_link -- --kills 10000`.
#![forbid(unsafe_code)]

use std::time::Instant;

#[path = "../tests/support/kills.rs"]
mod killing;
#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    if let Some(role) = support::role() {
        return killing::victim(&role);
    }
    let kills = support::number("--kills", 1_000);
    let mut random = support::Random::of_today();
    let begin = Instant::now();
    let tally = killing::supervise(kills, &mut random, &|role| support::command("", role), &mut |tally| {
        if tally.kills.is_multiple_of(1_000) {
            println!("{:>6.0} s  {tally:?}", begin.elapsed().as_secs_f64());
        }
    });
    println!("every message once, in order, whole; nothing left: {tally:?}");
}
