// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage call`: one message to a link or a pipe, or a request to a connection port, and the answer.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use cabotage::link::names::Name;
use cabotage::pipe::named::PipeName;
use serde::Serialize;

use super::timeout::Timeout;
use super::{links, mach_ports, pipes, ports, transfer};
use crate::address::Address;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Send one message to a link, a pipe or a connection port, and print the answer
///
/// The message is all of standard input, or of --input. The answer is the next message that comes back, from
/// `cabotage serve` or any program that has published the name; of a connection port, it is the reply. In a pipe of
/// bytes, which keeps no borders, it is what one read finds.
#[derive(Debug, clap::Args)]
pub(crate) struct CallArgs {
    /// Whom to ask: link:NAME, pipe:NAME, alpc:NAME or mach:NAME
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
    let question = || -> Result<Vec<u8>, Failure> {
        let (mut source, _) = transfer::source(args.input.as_deref())?;
        let mut question = Vec::new();
        source.read_to_end(&mut question)?;
        Ok(question)
    };
    let Answered { bytes, answer, seconds } = match &args.address {
        Address::Link(name) => call_link(name, &question()?, args)?,
        Address::Pipe(name) => call_pipe(name, &question()?, args)?,
        Address::Alpc(name) => call_port(name, &question()?, args)?,
        Address::Mach(name) => call_mach(name, &question()?, args)?,
        other => return Err(other.carries_no_messages()),
    };
    transfer::target(args.output.as_deref())?.write(&answer)?;
    if output.is_json() {
        let address = args.address.to_string();
        let answer_bytes = answer.len();
        output.record(&Called { verb: "call", address, bytes, answer_bytes, seconds })?;
    }
    Ok(Exit::Done)
}

/// What came of a call.
struct Answered {
    /// How many were sent.
    bytes: usize,
    answer: Vec<u8>,
    seconds: f64,
}

fn call_link(name: &Name, question: &[u8], args: &CallArgs) -> Result<Answered, Failure> {
    let mut link = links::connect(name, &args.timeout)?;
    let (began, deadline) = (Instant::now(), args.timeout.deadline());
    link.send(question, deadline).map_err(|error| Failure::from(error).about(&args.address))?;
    let answer = link.receive(deadline).map_err(|error| Failure::from(error).about(&args.address))?.to_vec();
    Ok(Answered { bytes: question.len(), answer, seconds: began.elapsed().as_secs_f64() })
}

fn call_pipe(name: &PipeName, question: &[u8], args: &CallArgs) -> Result<Answered, Failure> {
    let mut client = pipes::open(name, &args.timeout)?;
    let began = Instant::now();
    let answer = pipes::ask(&mut client, question, args.timeout.deadline());
    let answer = answer.map_err(|failure| failure.about(&args.address))?;
    Ok(Answered { bytes: question.len(), answer, seconds: began.elapsed().as_secs_f64() })
}

fn call_port(name: &Name, question: &[u8], args: &CallArgs) -> Result<Answered, Failure> {
    let mut client = ports::connect(name, &args.timeout)?;
    let began = Instant::now();
    let answer = ports::call(&mut client, question, args.timeout.deadline());
    let answer = answer.map_err(|failure| failure.about(&args.address))?;
    Ok(Answered { bytes: question.len(), answer, seconds: began.elapsed().as_secs_f64() })
}

fn call_mach(name: &Name, question: &[u8], args: &CallArgs) -> Result<Answered, Failure> {
    let right = mach_ports::look_up(name, &args.timeout)?;
    let began = Instant::now();
    let answer = mach_ports::call(&right, question, args.timeout.deadline());
    let answer = answer.map_err(|failure| failure.about(&args.address))?;
    Ok(Answered { bytes: question.len(), answer, seconds: began.elapsed().as_secs_f64() })
}
