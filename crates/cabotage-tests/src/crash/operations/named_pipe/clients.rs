// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client is killed; the server is told, and serves the next one.

use cabotage_os::Deadline;
use cabotage_pipe::named::{NamedPipeClient, NamedPipeServer, PipeError, State};

use super::{BYTES, WARM, clean, create, mark, open, serves_a_client};
use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::record::{InOrder, Mark};
use crate::watchdog::soon;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "named-pipe.open",
        set: |ground| stage(ground, Way { warm: 0, victim: open_and_write, ..WAY }),
    },
    Operation { name: "named-pipe.write", set: |ground| stage(ground, Way { victim: write, ..WAY }) },
    Operation {
        name: "named-pipe.write-blocked",
        set: |ground| stage(ground, Way { victim: write_blocked, ..WAY }),
    },
    Operation {
        name: "named-pipe.read",
        set: |ground| stage(ground, Way { says: true, victim: read, ..WAY }),
    },
    Operation {
        name: "named-pipe.read-short",
        set: |ground| stage(ground, Way { says: true, victim: read_short, ..WAY }),
    },
    Operation { name: "named-pipe.transact", set: |ground| stage(ground, Way { victim: transact, ..WAY }) },
    Operation { name: "named-pipe.close-client", set: |ground| stage(ground, Way { victim: close, ..WAY }) },
];

/// How one operation is tried.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Messages each way before it.
    warm: u64,
    /// Whether the server writes one more, for the victim to read.
    says: bool,
    victim: fn(&Gate<'_>),
}

const WAY: Way = Way { warm: WARM, says: false, victim: write };

fn stage(ground: &Ground<'_>, way: Way) -> Result<Stage, Wrong> {
    let survivor = Serving { server: create(ground.place)?, way, due: InOrder::from(0, 0) };
    Ok(Stage { victim: Box::new(way.victim), survivor: Box::new(survivor) })
}

/// The victim's end, after the talk that goes before the operation.
fn client(gate: &Gate<'_>) -> NamedPipeClient {
    let mut client = open(gate.place, soon()).expect("a server");
    let mut message = Vec::new();
    for number in 0..WARM {
        client.receive(&mut message, soon()).expect("a message");
        assert_eq!(Mark::of(&message), Ok(Mark { stream: 1, number }));
        let record = mark(number).record(BYTES);
        gate.notes.sending(number, || client.write_within(&record, soon())).expect("room");
    }
    client
}

fn open_and_write(gate: &Gate<'_>) {
    let record = mark(0).record(BYTES);
    gate.operation(|| {
        let mut client = open(gate.place, Deadline::Now).ok()?;
        gate.notes.sending(0, || client.write_within(&record, Deadline::Now)).ok()?;
        Some(client)
    });
}

fn write(gate: &Gate<'_>) {
    let mut client = client(gate);
    let record = mark(WARM).record(BYTES);
    gate.operation(|| gate.notes.sending(WARM, || client.write_within(&record, Deadline::Now)));
}

/// Two messages fit; the third is taken back, and it and all that follow come never.
fn write_blocked(gate: &Gate<'_>) {
    let mut client = client(gate);
    let records = [0, 1, 2].map(|more| mark(WARM + more).record(BYTES));
    gate.operation(|| {
        for (number, record) in (WARM..).zip(&records) {
            let _ = gate.notes.sending(number, || client.write_within(record, Deadline::Now));
        }
    });
}

fn read(gate: &Gate<'_>) {
    let mut client = client(gate);
    let mut message = Vec::new();
    gate.operation(|| gate.notes.taking(WARM, || client.receive(&mut message, soon())));
}

/// The rest stays in the pipe.
fn read_short(gate: &Gate<'_>) {
    let mut client = client(gate);
    gate.operation(|| client.read_within(&mut [0; BYTES / 2], soon()));
}

/// Nobody answers: the question stays written.
fn transact(gate: &Gate<'_>) {
    let mut client = client(gate);
    let record = mark(WARM).record(BYTES);
    gate.operation(|| {
        gate.notes.sending(WARM, || match client.transact(&record, &mut [0; BYTES], Deadline::Now) {
            Err(PipeError::TimedOut | PipeError::Empty) => Ok(()),
            other => Err(other),
        })
    });
}

fn close(gate: &Gate<'_>) {
    let client = client(gate);
    gate.operation(|| client.close());
}

/// The server's end lives on.
struct Serving {
    server: NamedPipeServer,
    way: Way,
    due: InOrder,
}

impl Survivor for Serving {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut message = Vec::new();
        if self.way.warm > 0 {
            self.server.connect(soon())?;
        }
        for number in 0..self.way.warm {
            self.server.write_within(&Mark { stream: 1, number }.record(BYTES), soon())?;
            self.server.receive(&mut message, soon())?;
            self.due.take(&message)?;
        }
        if self.way.says {
            self.server.write_within(&Mark { stream: 1, number: WARM }.record(BYTES), soon())?;
        }
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let has_client = match self.server.connect(Deadline::Now) {
            Ok(()) | Err(PipeError::AlreadyConnected | PipeError::Closing) => true,
            Err(PipeError::Listening) => false,
            Err(error) => return Err(error.into()),
        };
        if has_client {
            self.read_to_the_end(outcome)?;
            ground.notes.check_received(self.due.next())?;
            match self.server.state()? {
                State::Closing => self.server.disconnect()?,
                other => return Err(format!("the client is dead, and the state is {other:?}").into()),
            }
            match self.server.connect(Deadline::Now) {
                Err(PipeError::Listening) => {}
                other => return Err(format!("a server that listens again: {other:?}").into()),
            }
        }
        serves_a_client(&mut self.server, ground.place)?;
        self.server.close()?;
        clean(ground.place)
    }
}

impl Serving {
    fn read_to_the_end(&mut self, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut message = Vec::new();
        loop {
            match outcome.told(|| self.server.receive(&mut message, soon())) {
                Ok(()) => drop(self.due.take(&message)?),
                Err(PipeError::Broken) => return Ok(()),
                Err(error) => return Err(format!("the server of a dead client is told: {error}").into()),
            }
        }
    }
}
