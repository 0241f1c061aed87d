// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chores of the repository that are programs, not tests: `cargo run -p xtask -- CHORE`.
//! They live here and not in scripts so that a stranger needs Rust and nothing else.
#![forbid(unsafe_code)]

mod graph;
mod install;
mod licences;
mod reasons;
mod weaken;

use std::process::ExitCode;

use weaken::Choice;

const USAGE: &str = "usage: cargo run -p xtask -- CHORE
  licences   are all dependencies allowed, and written down?
  weaken     do the lane's models catch every weakened ordering?
             --all: and its tests every weakened rule? WORD: only what has the word in its name, file or test
  install    builds the C libraries for release and installs them
             --prefix DIR (/usr/local), --destdir DIR: below this folder, for packages";

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["licences"] => check_dependencies(),
        ["weaken"] => check_models(Choice::Models),
        ["weaken", "--all"] => check_models(Choice::All),
        ["weaken", word] => check_models(Choice::Named(word)),
        ["install", options @ ..] => install::run(options),
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
