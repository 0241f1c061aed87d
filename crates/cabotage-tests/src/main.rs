// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `cabotage-tests` command: the long runs of the harness, and the roles that its processes play.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use cabotage_tests::Wrong;
use cabotage_tests::card::Card;
use cabotage_tests::crash::CrashPoints;
use cabotage_tests::hostile::command::Hostile;
use cabotage_tests::inject::Faults;
use cabotage_tests::kill::Kills;
use cabotage_tests::role;
use cabotage_tests::suite::Suite;
use clap::{Parser, Subcommand};

/// Real processes that die, stop or lie, and what must still be true afterwards.
#[derive(Debug, Parser)]
#[command(name = "cabotage-tests", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Card(Card),
    CrashPoints(CrashPoints),
    Hostile(Hostile),
    Suite(Suite),
    Kills(Kills),
    Faults(Faults),
    /// Plays a role, as a process that a suite has started
    #[command(hide = true)]
    Role {
        /// Which
        name: String,
        /// How long it may take
        patience_ms: u64,
        /// What it is given
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done: Result<bool, Wrong> = match Arguments::parse().command {
        Command::Card(card) => card.run(),
        Command::Hostile(hostile) => Ok(hostile.run()),
        Command::Suite(suite) => Ok(suite.run()),
        Command::Faults(faults) => Ok(faults.run()),
        Command::CrashPoints(points) => points.run().map(|total| total.violations == 0),
        Command::Kills(kills) => kills.run().map(|tally| tally.violations.is_empty()),
        Command::Role { name, patience_ms, arguments } => {
            role::play(&name, Duration::from_millis(patience_ms), arguments)
                .map(|()| true)
                .map_err(Into::into)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cabotage-tests: {error}");
            ExitCode::FAILURE
        }
    }
}
