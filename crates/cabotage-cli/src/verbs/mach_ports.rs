// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls over Mach: a command behind a port that has a name, and one message to it with a right to answer.

use std::ffi::OsString;
use std::thread;

use cabotage::Deadline;
use cabotage::link::JoinError;
use cabotage::link::names::{ConnectError, Name};
use cabotage::mach::bootstrap::{Bootstrap, CheckIn, Keeper, LookUp};
use cabotage::mach::{BootstrapError, Message, Notification, ReceiveRight, SendRight};

use super::serve::{Served, answer};
use super::timeout::Timeout;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// How many messages are answered at once: a command that takes long keeps only those waiting who ask it.
const WORKERS: usize = 8;

/// Has the port as long as it serves.
pub(crate) fn check_in(name: &Name) -> Result<ReceiveRight, Failure> {
    Ok(CheckIn::new().check_in(&name.to_string())?)
}

/// The same with a server of names, and with the next one when that ends.
pub(crate) fn check_in_with_server(name: &Name) -> Result<(ReceiveRight, Option<Keeper>), Failure> {
    let keeper = Keeper::start(LookUp::new())?;
    Ok((keeper.check_in(&name.to_string())?, Some(keeper)))
}

/// Answers each message by the command, for ever.
pub(crate) fn serve(
    port: &ReceiveRight,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<Exit, Failure> {
    let work = || -> Result<(), Failure> {
        loop {
            // Of what comes unasked, such as the news of a right that went unused, nothing is to be done.
            let Err(mut message) = port.receive()?.into_notification().map(drop::<Notification>) else {
                continue;
            };
            if let Err(failure) = answer_one(&mut message, command, address, output) {
                output.complain(&failure.about(address));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..WORKERS {
            thread::Builder::new().name("worker".into()).spawn_scoped(scope, work)?;
        }
        work().map(|()| Exit::Done)
    })
}

/// A message that asks for no answer is answered to nobody.
fn answer_one(
    message: &mut Message,
    command: &[OsString],
    address: &str,
    output: &Output,
) -> Result<(), Failure> {
    let (status, answer) = answer(command, message.body())?;
    let token = message.audit_token();
    let who = token.and_then(|token| Some((i32::try_from(token.pid()).ok()?, token.effective_uid())));
    Served::tell(output, address, who, message.body().len(), &answer, status)?;
    if !status.success() {
        output.remark(format_args!("{address}: {} ended with {status}", command[0].display()));
    }
    match message.reply_right().kind() {
        Some(_) => Ok(message.reply(answer)?),
        None => Ok(()),
    }
}

/// Looks the name up. Without a time-out it must be there.
pub(crate) fn look_up(name: &Name, timeout: &Timeout) -> Result<SendRight, Failure> {
    let how = LookUp::new();
    let how = if timeout.is_given() { how.wait(timeout.deadline()) } else { how };
    let name = name.to_string();
    how.look_up(&name).or_else(|error| ask_server(&name, error, timeout)).map_err(|error| match error {
        BootstrapError::Join(JoinError::Connect(
            ConnectError::Absent { .. } | ConnectError::Refused { .. },
        )) if timeout.is_given() => {
            Failure::new(Exit::TimedOut, format!("nobody checked in as mach:{name} before the time was up"))
        }
        error => error.into(),
    })
}

/// A name that nobody has published may be one that a server of names has, if there is one.
fn ask_server(name: &str, error: BootstrapError, timeout: &Timeout) -> Result<SendRight, BootstrapError> {
    let is_absent = matches!(error, BootstrapError::Join(JoinError::Connect(ConnectError::Absent { .. })));
    match Bootstrap::current().ok().filter(|_| is_absent) {
        Some(mut server) if timeout.is_given() => server.look_up_within(name, timeout.deadline()),
        Some(server) => server.look_up(name),
        None => Err(error),
    }
}

/// Sends one message and waits for its answer.
pub(crate) fn call(right: &SendRight, question: &[u8], deadline: Deadline) -> Result<Vec<u8>, Failure> {
    Ok(right.request_within(question, deadline)?.into_body())
}
