// SPDX-License-Identifier: MIT OR Apache-2.0
//! The everyday verbs, each in a module of its own.

use clap::Subcommand;

use crate::args;
use crate::bench::{self, BenchArgs, FarArgs};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// A verb and what it was given.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Bench(BenchArgs),
    /// The other process of a measurement
    #[command(hide = true)]
    BenchFar(FarArgs),
    /// Print the completions for a shell; source them in its start-up file
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Verb {
    /// Does what was asked.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        match self {
            Self::Bench(args) => return bench::run(args, output),
            Self::BenchFar(args) => return bench::serve(args),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut args::definition(), "cabotage", &mut script);
                output.raw(&script)?;
            }
        }
        Ok(Exit::Done)
    }
}
