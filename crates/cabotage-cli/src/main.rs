// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `cabotage` command: reads the command line, hands over, answers with an exit code.
#![forbid(unsafe_code)]

mod address;
mod args;
mod bench;
mod exit;
mod output;
mod scratch;
mod tour;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::parse();
    let output = output::Output::new(args.json);
    match args.command.run(&output) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.complain(&failure);
            failure.exit().into()
        }
    }
}
