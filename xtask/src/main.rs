// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chores of the repository that are programs, not tests: `cargo run -p xtask -- CHORE`.
//! They live here and not in scripts so that a stranger needs Rust and nothing else.
#![forbid(unsafe_code)]

mod graph;
mod licences;
mod reasons;
mod weaken;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- CHORE
  licences   are all dependencies allowed, and written down?
  weaken     do the lane's models catch every weakened ordering?";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    let outcome = match chore.as_deref() {
        Some("licences") => check_dependencies(),
        Some("weaken") => check_models(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check_dependencies() -> Outcome {
    let graph = graph::load()?;
    println!("{}", licences::check(&graph)?);
    println!("{}", reasons::check(&graph)?);
    Ok(())
}

fn check_models() -> Outcome {
    println!("{}", weaken::check()?);
    Ok(())
}
