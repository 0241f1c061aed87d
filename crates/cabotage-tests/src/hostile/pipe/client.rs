// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim of servers that lie: an ordinary client that opens a pipe, does what it is asked to, and says how that
//! went; and between two such, a client of an honest server.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_link::{LinkError, metered::Interest};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, Fault};
use cabotage_pipe::named::{ClientOptions, NamedPipeClient, PipeError, Ready};

use super::{LAIR, NAME};
use crate::hostile::channel::victim_consumer::{How, Met};
use crate::hostile::tasks::{self, Task};
use crate::role::Part;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// Plays it: its place.
pub(crate) fn play(part: &Part) {
    let place = Scratch::of(part.argument(0));
    let options = ClientOptions::messages().scope(Scope::System).registry(&place.registry());
    let mut meetings = 0;
    part.say("ready");
    for order in part.orders() {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["meet", patience_ms] => {
                meetings += 1;
                let patience = Duration::from_millis(patience_ms.parse().expect("a number"));
                // One time it waits in its calls, the next time on the descriptor.
                part.say(meet(&options, patience, meetings % 2 == 0));
            }
            ["call"] => {
                part.say(call(&options).map_or_else(|error| error.to_string(), |()| "answered".into()))
            }
            _ => panic!("an order that nobody understands: {order}"),
        }
    }
}

/// Opens the liar's pipe and does what it asks for until there is no more, or nothing comes for so long.
fn meet(options: &ClientOptions, patience: Duration, on_descriptor: bool) -> Met {
    let mut pipe = match options.open_within(LAIR, patience) {
        Ok(pipe) => pipe,
        Err(error) => return Met { how: how_of(&error), records: 0, words: error.to_string() },
    };
    let (mut records, mut question) = (0, Vec::new());
    let error = loop {
        let looked = pipe.peek(&mut [0; 64]).and_then(|_| pipe.state());
        let received = match on_descriptor {
            _ if looked == Err(PipeError::Forked) => break PipeError::Forked,
            false => pipe.receive(&mut question, Deadline::within(patience)),
            true => receive_on_descriptor(&mut pipe, &mut question, Deadline::within(patience)),
        };
        match received {
            Ok(()) => answer(&mut pipe, &question),
            Err(error) => break error,
        }
        records += 1;
    };
    // Whatever it says of itself is an answer.
    let _ = (pipe.info(), pipe.server().map(|server| server.pid()));
    Met { how: how_of(&error), records, words: error.to_string() }
}

fn receive_on_descriptor(
    pipe: &mut NamedPipeClient,
    question: &mut Vec<u8>,
    deadline: Deadline,
) -> Result<(), PipeError> {
    loop {
        match pipe.receive(question, Deadline::Now) {
            Err(PipeError::Empty) if deadline.has_passed() => return Err(PipeError::TimedOut),
            Err(PipeError::Empty) => {}
            answer => return answer,
        }
        if pipe.ready(Interest::Read)? == Ready::Armed {
            poll::wait([(pipe.as_fd(), Readiness::IN)], deadline)?;
        }
    }
}

/// Does what a server asks for. What it has no room for it misses; that it is gone, the next read tells.
fn answer(pipe: &mut NamedPipeClient, question: &[u8]) {
    let _ = match tasks::asked(question) {
        Task::Bytes(bytes) => pipe.try_write(&vec![7; bytes.into()]),
        Task::Echo => pipe.try_write(question),
        Task::Nothing | Task::Block | Task::Descriptor => Ok(0),
    };
}

/// Asks an honest server something.
fn call(options: &ClientOptions) -> Result<(), PipeError> {
    let question = tasks::ask(Task::Echo);
    let mut answer = [0; 64];
    let bytes = options.call(NAME, &question, &mut answer, soon())?;
    if answer[..bytes] == question { Ok(()) } else { Err(PipeError::Broken) }
}

fn how_of(error: &PipeError) -> How {
    match error {
        PipeError::Broken | PipeError::Disconnected => How::Closed,
        PipeError::NotFound | PipeError::AccessDenied(_) | PipeError::InvalidParameter(_) => How::Died,
        PipeError::TimedOut => How::Silent,
        PipeError::Peer(LinkError::Refused(_)) => How::Died,
        PipeError::Peer(error) if error.fault() == Fault::Peer => How::Fault,
        _ => How::Other,
    }
}
