// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server is killed; its client is told, and the next server gets the name.

use cabotage_os::Deadline;
use cabotage_pipe::named::{NamedPipeClient, NamedPipeServer, PipeError};

use super::{BYTES, create, mark, next_one_serves, open};
use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::record::InOrder;
use crate::watchdog::soon;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "named-pipe.create", set: |_| Ok(alone(create_it)) },
    Operation { name: "named-pipe.close", set: |_| Ok(alone(close)) },
    Operation { name: "named-pipe.accept", set: |_| Ok(with_a_client(accept)) },
    Operation { name: "named-pipe.disconnect", set: |_| Ok(with_a_client(disconnect)) },
    Operation { name: "named-pipe.listen-again", set: |_| Ok(with_a_client(listen_again)) },
    Operation { name: "named-pipe.second-instance", set: |_| Ok(with_a_client(second_instance)) },
];

/// A server that dies without a client.
fn alone(victim: fn(&Gate<'_>)) -> Stage {
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        if open(ground.place, Deadline::Now).is_ok() {
            return Err("a dead server's pipe is opened".into());
        }
        next_one_serves(ground.place)
    });
    Stage { victim: Box::new(victim), survivor: Box::new(survivor) }
}

fn create_it(gate: &Gate<'_>) {
    gate.operation(|| create(gate.place));
}

fn close(gate: &Gate<'_>) {
    let server = create(gate.place).expect("a new pipe");
    gate.operation(|| server.close());
}

/// A server that dies with a client, whose first message it may have read.
fn with_a_client(victim: fn(&Gate<'_>)) -> Stage {
    Stage { victim: Box::new(victim), survivor: Box::new(Client(None)) }
}

/// A server that a client has opened and written to.
fn opened(gate: &Gate<'_>) -> NamedPipeServer {
    let server = create(gate.place).expect("a new pipe");
    let fd = server.fd().expect("a descriptor while it listens");
    cabotage_os::poll::wait([(fd, cabotage_os::poll::Readiness::IN)], soon()).expect("a client");
    server
}

/// The same, with the client's message read, and one that the client has not read.
fn served(gate: &Gate<'_>) -> NamedPipeServer {
    let mut server = opened(gate);
    server.connect(soon()).expect("a client");
    server.receive(&mut Vec::new(), soon()).expect("a message");
    gate.notes.sending(0, || server.write_within(&mark(0).record(BYTES), soon())).expect("room");
    server
}

fn accept(gate: &Gate<'_>) {
    let mut server = opened(gate);
    let mut message = Vec::new();
    gate.operation(|| {
        server.connect(Deadline::Now)?;
        server.receive(&mut message, soon())
    });
}

/// What is unread is destroyed: it may be read or not, and the client is told one way or the other.
fn disconnect(gate: &Gate<'_>) {
    let mut server = served(gate);
    gate.notes.begin_stream(0);
    gate.operation(|| server.disconnect());
}

fn listen_again(gate: &Gate<'_>) {
    let mut server = served(gate);
    gate.notes.begin_stream(0);
    server.disconnect().expect("a client");
    gate.operation(|| server.connect(Deadline::Now));
}

fn second_instance(gate: &Gate<'_>) {
    let _server = served(gate);
    gate.operation(|| crate::pipes::server(gate.place).create(crate::pipes::NAME));
}

/// The client's end lives on.
struct Client(Option<NamedPipeClient>);

impl Survivor for Client {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut client = open(ground.place, soon())?;
        client.write_within(&mark(0).record(BYTES), soon())?;
        self.0 = Some(client);
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut client = self.0.take().ok_or("a client that has opened the pipe")?;
        let mut due = InOrder::from(0, 0);
        let mut message = Vec::new();
        loop {
            match outcome.told(|| client.receive(&mut message, soon())) {
                Ok(()) => drop(due.take(&message)?),
                Err(PipeError::Broken | PipeError::Disconnected) => break,
                Err(error) => return Err(format!("the client of a dead server is told: {error}").into()),
            }
        }
        if due.next() < ground.notes.sent() {
            return Err("a message that was written completely is lost".into());
        }
        drop(client);
        next_one_serves(ground.place)
    }
}
