// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many connects race a few listening instances, between many processes, some of which are killed on the way: no client
//! is lost, no instance has two, nothing hangs.
//!
//! `cargo run --release -p cabotage-pipe --example instance_race [ROUNDS [CONNECTS [INSTANCES]]]`

mod race;

use std::process::{Command, ExitCode};

use race::{Plan, Race};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let Some(("play", role)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        race::play(role);
        return ExitCode::SUCCESS;
    }
    let mut numbers = arguments.iter().map(|text| text.parse().expect("a number"));
    let mut next = |default| numbers.next().unwrap_or(default);
    let plan = Plan {
        rounds: next(100),
        connects: next(1_000),
        instances: next(50),
        servers: 5,
        clients: 16,
        kills: true,
    };
    println!("{plan:?}");
    let root = tempfile::tempdir().expect("a place for the names");
    let program = std::env::current_exe().expect("this program");
    let start = move |role: &[String]| {
        let mut command = Command::new(&program);
        command.arg("play").args(role);
        command
    };
    let begin = std::time::Instant::now();
    let told = Race::new(root.path(), plan, &start).run();
    let seconds = begin.elapsed().as_secs_f64();
    let served = plan.rounds * plan.connects;
    println!(
        "{served} clients served, each by an instance of its own; {told} were told of a killed server and came \
         again; {seconds:.1} s, {:.0} connects a second",
        served as f64 / seconds
    );
    ExitCode::SUCCESS
}
