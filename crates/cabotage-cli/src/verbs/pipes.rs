// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions and answers over Windows named pipes: a command behind a pipe, and a caller.
//!
//! A pipe of messages keeps their borders, whatever their length. In a pipe of bytes what one read finds is taken for
//! the question, or the answer: so simple servers and clients of such pipes have always done it.

use std::ffi::OsString;
use std::io;
use std::thread;

use cabotage::Deadline;
use cabotage::pipe::named::{
    ClientOptions, HandleState, NamedPipeClient, NamedPipeServer, PipeError, PipeMode, PipeName,
    ServerOptions,
};

use super::serve::{Served, answer};
use super::timeout::Timeout;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// How many bytes one read takes of a pipe of bytes, and how long an answer is expected to be.
const READ_BYTES: usize = 64 << 10;

/// Serves for ever: an instance for each client, and one that listens.
pub(crate) fn serve(
    name: &PipeName,
    mode: PipeMode,
    command: &[OsString],
    output: &Output,
) -> Result<Exit, Failure> {
    let address = format!("pipe:{}", name.short());
    let mut listening = ServerOptions::new().pipe_mode(mode).create_at(name)?;
    thread::scope(|scope| {
        loop {
            let client = match listening.accept(Deadline::Never) {
                // It came and went before it was looked at.
                Err(PipeError::Closing) => {
                    listening.disconnect()?;
                    continue;
                }
                client => client?,
            };
            let serve = || {
                if let Err(failure) = attend(client, mode, command, &address, output) {
                    output.complain(&failure.about(&address));
                }
            };
            thread::Builder::new().name("client".into()).spawn_scoped(scope, serve)?;
        }
    })
}

/// Answers one client's questions until it leaves.
fn attend(
    mut client: NamedPipeServer,
    mode: PipeMode,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<(), Failure> {
    let who = client.client().map(|client| (client.pid(), client.uid()))?;
    let mut question = Vec::new();
    loop {
        match read(&mut client, mode, &mut question) {
            Ok(()) => {}
            Err(PipeError::Broken) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let (status, answer) = answer(command, &question)?;
        client.write_within(&answer, Deadline::Never).map_err(io::Error::from)?;
        Served::tell(output, address, Some(who), question.len(), &answer, status)?;
        if !status.success() {
            output.remark(format_args!("{address}: {} ended with {status}", command[0].display()));
        }
    }
}

fn read(client: &mut NamedPipeServer, mode: PipeMode, question: &mut Vec<u8>) -> Result<(), PipeError> {
    match mode {
        PipeMode::Message => client.receive(question, Deadline::Never),
        PipeMode::Byte => {
            question.resize(READ_BYTES, 0);
            let bytes = client.read_within(question, Deadline::Never)?;
            question.truncate(bytes);
            Ok(())
        }
    }
}

/// Opens the pipe, and reads messages if it has any. Without a time-out the pipe must be there, and an instance listen.
pub(crate) fn open(name: &PipeName, timeout: &Timeout) -> Result<NamedPipeClient, Failure> {
    let deadline = if timeout.is_given() { timeout.deadline() } else { Deadline::Now };
    let options = ClientOptions::new().wait_for_server(timeout.is_given());
    let mut client = options.open_at(name, deadline).map_err(|error| match error {
        PipeError::TimedOut | PipeError::NotFound if timeout.is_given() => {
            let words = format!("no instance of pipe:{} listened before the time was up", name.short());
            Failure::new(Exit::TimedOut, words)
        }
        error => Failure::from(error).about(format_args!("pipe:{}", name.short())),
    })?;
    if client.info()?.mode == PipeMode::Message {
        let state = client.handle_state()?;
        client.set_handle_state(HandleState { read_mode: PipeMode::Message, ..state })?;
    }
    Ok(client)
}

/// Asks, and answers what came back.
pub(crate) fn ask(
    client: &mut NamedPipeClient,
    question: &[u8],
    deadline: Deadline,
) -> Result<Vec<u8>, Failure> {
    let mut answer = vec![0; READ_BYTES];
    let is_message = client.handle_state()?.read_mode == PipeMode::Message;
    let asked = match is_message {
        true => client.transact(question, &mut answer, deadline),
        false => {
            client.write_within(question, deadline).map_err(io::Error::from)?;
            client.read_within(&mut answer, deadline)
        }
    };
    match asked {
        Ok(bytes) => answer.truncate(bytes),
        Err(PipeError::MoreData { got_bytes }) => {
            answer.truncate(got_bytes);
            let mut rest = Vec::new();
            client.receive(&mut rest, deadline)?;
            answer.append(&mut rest);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(answer)
}
