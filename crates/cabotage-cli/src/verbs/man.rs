// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage man`: the manual pages, from the definition of the command line.

use std::fs;
use std::path::PathBuf;

use crate::args;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Write the manual pages into a folder
///
/// One page for the command and one for each verb, made if the folder is missing. `man -l DIR/cabotage.1` shows
/// one; MANPATH/man1 is where `man` looks.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes the pages.
pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<Exit, Failure> {
    let directory = &args.directory;
    let about = |refusal| Failure::from(refusal).about(directory.display());
    fs::create_dir_all(directory).map_err(about)?;
    clap_mangen::generate_to(args::definition(), directory).map_err(about)?;
    if output.is_json() {
        output.record(&serde_json::json!({ "directory": directory.display().to_string() }))?;
    }
    Ok(Exit::Done)
}
