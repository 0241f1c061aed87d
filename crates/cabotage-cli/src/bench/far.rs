// SPDX-License-Identifier: MIT OR Apache-2.0
//! The far end's process: it builds its end, says that it is ready, and runs the rounds it is told to run.
//!
//! When its commands end, the near end's process is gone or done. Then it finishes its round, so that a name it
//! made is removed, and ends; a round that cannot finish, since it waits for the dead, is given up soon after.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use cabotage::os::{inherited, processor};

use super::case::{Case, Far, Result, Role};
use super::cases;
use crate::exit::{Exit, Failure};

/// What the near end's process tells this one on its command line.
#[derive(Debug, clap::Args)]
pub(crate) struct FarArgs {
    /// The case
    case: String,
    /// Which of its subjects
    role: Role,
    /// A processor to run on
    #[arg(long = "processor")]
    processors: Vec<usize>,
    /// The inherited descriptors
    descriptors: Vec<i32>,
}

/// Serves rounds until the near end's process has no more.
pub(crate) fn serve(args: &FarArgs) -> Result<Exit> {
    if !args.processors.is_empty() {
        processor::confine(&args.processors)?;
    }
    let case = cases::find(&args.case).ok_or_else(|| Failure::usage("there is no such case"))?;
    let mut far = build(case, args)?;
    let commands = listen();
    say(&[])?;
    match run_rounds(far.as_mut(), &commands) {
        Err(_) if commands.recv_timeout(GRACE) == Err(RecvTimeoutError::Disconnected) => Ok(Exit::Done),
        outcome => outcome.map(|()| Exit::Done),
    }
}

fn run_rounds(far: &mut dyn Far, commands: &Receiver<u32>) -> Result<()> {
    for operations in commands {
        let answer = far.round(operations)?;
        if !answer.is_empty() {
            say(&answer)?;
        }
    }
    Ok(())
}

fn build(case: &Case, args: &FarArgs) -> Result<Box<dyn Far>> {
    let subject = case.subject(args.role)?;
    let take = |&number| Ok(inherited::take(number)?);
    (subject.far)(args.descriptors.iter().map(take).collect::<Result<_>>()?)
}

/// A thread that hears the commands, and the silence after them, whatever this process is stuck in.
fn listen() -> Receiver<u32> {
    let (sender, commands) = channel();
    thread::spawn(move || {
        let orders = stdin().lock().lines().map_while(std::result::Result::ok);
        for operations in orders.map_while(|line| line.parse().ok()) {
            let _ = sender.send(operations);
        }
        drop(sender);
        thread::sleep(GRACE);
        std::process::exit(0);
    });
    commands
}

/// One line: the numbers, parted by spaces.
fn say(numbers: &[u32]) -> Result<()> {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    let mut out = stdout().lock();
    writeln!(out, "{}", words.join(" "))?;
    Ok(out.flush()?)
}

/// How long a round may take to finish once nobody waits for it; a usual one takes milliseconds.
const GRACE: Duration = Duration::from_millis(500);
