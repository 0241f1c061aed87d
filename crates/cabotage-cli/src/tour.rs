// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage tour`: a real file between two real processes, by every mechanism in turn.
//!
//! A mechanism is one file below and one line in [`mechanism::ALL`].

use std::path::PathBuf;

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Send a real file between two real processes, by every mechanism in turn
///
/// For each: the steps as they happened, the textbook's questions answered, SHA-256 compared, throughput,
/// round-trip time and system calls per message.
#[derive(Debug, clap::Args)]
pub(crate) struct TourArgs {
    /// The file that travels [default: this program itself]
    file: Option<PathBuf>,
}

/// What the parent tells the child on its command line.
#[derive(Debug, clap::Args)]
pub(crate) struct ChildArgs {
    /// The mechanism
    mechanism: String,
}

pub(crate) fn run(_args: &TourArgs, _output: &Output) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
pub(crate) fn run_child(_args: &ChildArgs) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
