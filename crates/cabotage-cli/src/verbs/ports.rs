// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls over ALPC: a command behind a connection port, and one request to a port.

use std::ffi::OsString;

use cabotage::Deadline;
use cabotage::alpc::{Client, ConnectError, ConnectOptions, ConnectionPort, Incoming, PortOptions, Request};
use cabotage::link::names::{ConnectError as Reach, Name};

use super::serve::{Served, answer};
use super::timeout::Timeout;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// How many requests are answered at once: a command that takes long keeps only those waiting who ask it.
const WORKERS: usize = 8;

/// Has the port as long as it serves.
pub(crate) fn publish(name: &Name) -> Result<ConnectionPort, Failure> {
    Ok(PortOptions::new().create_as(name)?)
}

/// Answers each request by the command, for ever.
pub(crate) fn serve(
    port: ConnectionPort,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<Exit, Failure> {
    let complain = |news: Incoming| {
        if let Incoming::Disconnected { error, .. } = news {
            output.complain(&Failure::from(*error).about(address));
        }
    };
    port.server().notice(complain).run_with(WORKERS, |request: &mut Request| {
        match answer_one(request, command, address, output) {
            Ok(answer) => Some(answer),
            Err(failure) => {
                output.complain(&failure.about(address));
                // The asker is told that there is none.
                None
            }
        }
    })?;
    Ok(Exit::Done)
}

fn answer_one(
    request: &Request,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<Vec<u8>, Failure> {
    let (status, answer) = answer(command, request.body())?;
    let who = request.token().identity();
    Served::tell(output, address, Some((who.pid, who.uid)), request.body().len(), &answer, status)?;
    if !status.success() {
        output.remark(format_args!("{address}: {} ended with {status}", command[0].display()));
    }
    Ok(answer)
}

/// Connects to the port of this name. Without a time-out it must be there.
pub(crate) fn connect(name: &Name, timeout: &Timeout) -> Result<Client, Failure> {
    let options = ConnectOptions::new().deadline(timeout.deadline());
    let options = if timeout.is_given() { options.wait_for_name() } else { options };
    options.connect(&name.to_string()).map_err(|error| match error {
        ConnectError::Reach(Reach::Absent { .. } | Reach::Refused { .. }) if timeout.is_given() => {
            Failure::new(Exit::TimedOut, format!("nobody published alpc:{name} before the time was up"))
        }
        error => error.into(),
    })
}

/// Sends one request and waits for its reply.
pub(crate) fn call(client: &mut Client, question: &[u8], deadline: Deadline) -> Result<Vec<u8>, Failure> {
    Ok(client.request_within(question, deadline)?.to_vec())
}
