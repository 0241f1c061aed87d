// SPDX-License-Identifier: MIT OR Apache-2.0
//! The creation race of the tests, as long as you like:
//! `cargo run --release -p cabotage-shm --example creation_race -- --rounds 100000`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[path = "../tests/race/mod.rs"]
mod race;

fn main() {
    if let Some(directory) = worker_directory() {
        return race::work(&directory);
    }
    let rounds = number("--rounds", 100_000);
    let seed = number("--seed", u64::from(std::process::id()));
    let workers = usize::try_from(number("--workers", 8)).expect("so many processes");
    let home = if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { env::temp_dir() };
    let directory = home.join(format!("cabotage-race-{}", std::process::id()));
    std::fs::create_dir(&directory).expect("a directory for the race");

    let start = || {
        let mut worker = Command::new(env::current_exe().expect("the path of this program"));
        worker.arg("--work-in").arg(&directory);
        worker
    };
    let begin = Instant::now();
    let kills = race::kill_at_each_call(&directory, &start);
    println!(
        "{kills} creators killed, each before another call: a complete object or none, nothing left behind"
    );
    println!("{rounds} rounds of {workers} processes, seed {seed}");
    let tally = race::supervise(&directory, rounds, workers, seed, &start, &mut |tally| {
        if tally.rounds.is_multiple_of(10_000) {
            println!("{:>6.0} s  {tally:?}", begin.elapsed().as_secs_f64());
        }
    });
    std::fs::remove_dir(&directory).expect("an empty directory: nothing is left behind");
    println!(
        "one winner in each round, nothing left behind: {tally:?}, {:.0} s",
        begin.elapsed().as_secs_f64()
    );
}

fn worker_directory() -> Option<PathBuf> {
    let mut arguments = env::args_os().skip_while(|argument| argument != "--work-in");
    arguments.nth(1).map(PathBuf::from)
}

fn number(option: &str, default: u64) -> u64 {
    let mut arguments = env::args().skip_while(|argument| argument != option);
    match arguments.nth(1) {
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{option} wants a number, not {text}")),
        None => default,
    }
}
