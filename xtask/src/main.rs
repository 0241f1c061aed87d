// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chores of the repository that are programs, not tests: `cargo run -p xtask -- CHORE`.
//! They live here and not in scripts so that a stranger needs Rust and nothing else.
#![forbid(unsafe_code)]

mod graph;
mod licences;
mod reasons;

use std::process::ExitCode;

const USAGE: &str =
    "usage: cargo run -p xtask -- licences   (are all dependencies allowed, and written down?)";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let chore = std::env::args().nth(1);
    let outcome = match chore.as_deref() {
        Some("licences") => check_dependencies(),
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
