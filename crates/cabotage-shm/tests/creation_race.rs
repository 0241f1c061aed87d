// SPDX-License-Identifier: MIT OR Apache-2.0
//! Eight processes race for one object, some killed on the way. A longer race is a command:
//! `cargo run --release -p cabotage-shm --example creation_race -- --rounds 100000`.

mod common;
mod race;

use std::process::Command;
use std::time::Duration;

use common::{Scratch, Watchdog, this_binary};

#[test]
fn of_eight_racing_processes_one_creates_whoever_is_killed() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    let scratch = Scratch::new();
    let start = || worker(&scratch);
    let tally = race::supervise(scratch.path.path(), 1500, 8, 20_260_101, &start, &mut |_| ());
    eprintln!("{tally:?}");
    assert!(tally.kills > 100 && tally.won_by_the_dead > 0, "the race was too peaceful: {tally:?}");
}

#[test]
fn a_creator_killed_before_any_of_its_calls_leaves_a_complete_object_or_none() {
    let _watchdog = Watchdog::new(Duration::from_secs(120));
    let scratch = Scratch::new();
    let kills = race::kill_at_each_call(scratch.path.path(), &|| worker(&scratch));
    assert!(kills > 4 * 8, "only {kills} of the creators died");
}

fn worker(scratch: &Scratch) -> Command {
    let mut worker = this_binary("a_racing_process");
    worker.env("CABOTAGE_TEST_DIRECTORY", scratch.path.path());
    worker
}

#[test]
#[ignore = "a role, played by other processes of the test above"]
fn a_racing_process() {
    if let Some(directory) = std::env::var_os("CABOTAGE_TEST_DIRECTORY") {
        race::work(directory.as_ref());
    }
}
