// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line: which verbs there are, and what holds for all of them.

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::{self, Exit, Failure};
use crate::output::Output;
use crate::{tour, verbs};

/// The classic interprocess communication systems of the textbook, at work
///
/// Start with `cabotage tour`: a real file travels between two real processes, by each mechanism in turn.
#[derive(Debug, Parser)]
#[command(name = "cabotage", version, after_help = exit::EXPLAINED, arg_required_else_help = true)]
pub(crate) struct Args {
    /// One JSON object a line on standard output, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Tour(tour::TourArgs),
    /// The other process of a tour
    #[command(hide = true)]
    TourChild(tour::ChildArgs),
    #[command(flatten)]
    Verb(verbs::Verb),
}

impl Command {
    /// Does what was asked.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        match self {
            Self::Tour(args) => tour::run(args, output),
            Self::TourChild(args) => tour::run_child(args),
            Self::Verb(verb) => verb.run(output),
        }
    }
}

/// Reads the command line; help ends the process with 0, a mistake with [`Exit::Usage`].
pub(crate) fn parse() -> Args {
    Args::parse()
}

/// The definition of the whole command line, for completions and man pages.
pub(crate) fn definition() -> clap::Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_holds_together() {
        super::definition().debug_assert();
    }
}
