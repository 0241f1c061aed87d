// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chores of the repository that are programs, not tests: `cargo run -p xtask -- CHORE`.
//! They live here and not in scripts so that a stranger needs Rust and nothing else.
#![forbid(unsafe_code)]

mod graph;
mod licences;
mod reasons;
mod weaken;

use std::process::ExitCode;

use weaken::Choice;

const USAGE: &str = "usage: cargo run -p xtask -- CHORE
  licences   are all dependencies allowed, and written down?
  weaken     do the lane's models catch every weakened ordering?
             --all: and its tests every weakened rule? WORD: only what has the word in its name, file or test";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let (chore, choice) = (std::env::args().nth(1), std::env::args().nth(2));
    let outcome = match (chore.as_deref(), choice.as_deref()) {
        (Some("licences"), None) => check_dependencies(),
        (Some("weaken"), None) => check_models(Choice::Models),
        (Some("weaken"), Some("--all")) => check_models(Choice::All),
        (Some("weaken"), Some(word)) => check_models(Choice::Named(word)),
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

fn check_models(choice: Choice<'_>) -> Outcome {
    println!("{}", weaken::check(choice)?);
    Ok(())
}
