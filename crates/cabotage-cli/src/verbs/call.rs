// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage call`: one message to a link, and the answer.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::links;
use super::timeout::Timeout;
use super::transfer;
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Send one message to a link, and print the answer
///
/// The message is all of standard input, or of --input. The answer is the next message that comes back, from
/// `cabotage serve` or any program that has published the name.
#[derive(Debug, clap::Args)]
pub(crate) struct CallArgs {
    /// Whom to ask: link:NAME
    #[arg(value_parser = Address::argument())]
    address: Address,
    /// Send this file [default: standard input]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Write the answer to this file, made anew [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    timeout: Timeout,
}

/// What `--json` says of a call.
#[derive(Debug, Serialize)]
struct Called {
    verb: &'static str,
    address: String,
    bytes: usize,
    answer_bytes: usize,
    seconds: f64,
}

/// Calls.
pub(crate) fn run(args: &CallArgs, output: &Output) -> Result<Exit, Failure> {
    transfer::refuse_bytes_among_records(output, args.output.as_deref())?;
    let name = args.address.link()?;
    let deadline = args.timeout.deadline();
    let (mut source, _) = transfer::source(args.input.as_deref())?;
    let mut question = Vec::new();
    source.read_to_end(&mut question)?;
    let mut link = links::connect(name, &args.timeout)?;
    let began = Instant::now();
    link.send(&question, deadline).map_err(|error| Failure::from(error).about(&args.address))?;
    let answer = link.receive(deadline).map_err(|error| Failure::from(error).about(&args.address))?.to_vec();
    let seconds = began.elapsed().as_secs_f64();
    transfer::target(args.output.as_deref())?.write(&answer)?;
    if output.is_json() {
        let address = args.address.to_string();
        let (bytes, answer_bytes) = (question.len(), answer.len());
        output.record(&Called { verb: "call", address, bytes, answer_bytes, seconds })?;
    }
    Ok(Exit::Done)
}
