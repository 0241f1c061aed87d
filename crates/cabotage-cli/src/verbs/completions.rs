// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage completions`: what a shell needs to complete our command line.

use crate::args;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Print the completions for a shell
///
/// Source them in its start-up file: `source <(cabotage completions bash)`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs, output: &Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::definition(), "cabotage", &mut script);
    output.raw(&script)?;
    Ok(Exit::Done)
}
