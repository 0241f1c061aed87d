// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of ALPC, with the client as victim: it asks to be let in, asks, cancels, closes.
//!
//! Whatever the point, the port receives what was committed, then the one end that is true, and the next client is
//! served.

use cabotage_alpc::{Client, ConnectionPort, Incoming, ReceiveError, Wait};
use cabotage_os::Deadline;

use super::alpc_server::let_next_one_ask;
use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::ports::{NAME, connect_options, let_in, port_options, sweep};
use crate::record::{InOrder, Mark};
use crate::watchdog::soon;

/// So many requests and replies bring the memory of both ends.
const WARM: u64 = 8;
const BYTES: usize = 100;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "alpc.connect", set: connect },
    Operation { name: "alpc.request", set: |ground| client(ground, request) },
    Operation { name: "alpc.request-sync", set: |ground| client(ground, request_in_vain) },
    Operation { name: "alpc.datagram", set: |ground| client(ground, datagram) },
    Operation { name: "alpc.cancel", set: |ground| client(ground, cancel) },
    Operation { name: "alpc.close", set: |ground| client(ground, close) },
];

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

/// A victim that is let in and warm when its operation begins.
fn client(ground: &Ground<'_>, victim: fn(&Gate<'_>, Client)) -> Result<Stage, Wrong> {
    let port = port_options(ground.place).wait(Wait::Block).create(NAME)?;
    let act = move |gate: &Gate<'_>| {
        let options = connect_options(gate.place).wait(Wait::Block);
        let mut client = options.connect(NAME).expect("a server");
        for number in 0..WARM {
            let asked = gate.notes.sending(number, || client.request(&mark(number).record(BYTES)).map(drop));
            asked.expect("a reply");
        }
        victim(gate, client);
    };
    let survivor = Serving { port, due: InOrder::from(0, 0), warm: WARM };
    Ok(Stage { victim: Box::new(act), survivor: Box::new(survivor) })
}

/// A victim that asks to be let in.
fn connect(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let port = port_options(ground.place).wait(Wait::Block).create(NAME)?;
    let act = |gate: &Gate<'_>| {
        let options = connect_options(gate.place).wait(Wait::Block).data(b"let me in");
        gate.operation(|| options.begin(NAME));
    };
    let survivor = Serving { port, due: InOrder::from(0, 0), warm: 0 };
    Ok(Stage { victim: Box::new(act), survivor: Box::new(survivor) })
}

fn request(gate: &Gate<'_>, mut client: Client) {
    let record = mark(WARM).record(BYTES);
    gate.operation(|| gate.notes.sending(WARM, || client.send_request(&record, Deadline::Now)));
}

/// Nobody answers at once: it is sent and canceled.
fn request_in_vain(gate: &Gate<'_>, mut client: Client) {
    let record = mark(WARM).record(BYTES);
    gate.operation(|| gate.notes.sending(WARM, || client.request_within(&record, Deadline::Now).map(drop)));
}

fn datagram(gate: &Gate<'_>, mut client: Client) {
    let record = mark(WARM).record(BYTES);
    gate.operation(|| gate.notes.sending(WARM, || client.send_datagram(&record, Deadline::Now)));
}

fn cancel(gate: &Gate<'_>, mut client: Client) {
    let record = mark(WARM).record(BYTES);
    let id = gate.notes.sending(WARM, || client.send_request(&record, Deadline::Now)).expect("room");
    gate.operation(|| client.cancel(id));
}

fn close(gate: &Gate<'_>, client: Client) {
    gate.operation(|| {
        gate.notes.doing(|| {
            client.close();
            Ok::<_, ()>(())
        })
    });
}

/// The port that lives on.
struct Serving {
    port: ConnectionPort,
    due: InOrder,
    /// How many requests come before the operation; without any, the victim is not let in before it either.
    warm: u64,
}

impl Survivor for Serving {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        if self.warm > 0 {
            let_in(&mut self.port, soon())?;
        }
        for _ in 0..self.warm {
            match self.port.receive(soon())? {
                Incoming::Request(request) => {
                    self.due.take(request.body())?;
                    self.port.reply(request, b"")?;
                }
                other => return Err(format!("no request, but {other:?}").into()),
            }
        }
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let end = outcome.told(|| self.receive_all())?;
        ground.notes.check_received(self.due.next())?;
        match end {
            Some(Incoming::ClientDied { .. }) if !ground.notes.is_done() => {}
            Some(Incoming::PortClosed { .. }) if ground.notes.is_begun() => {}
            None if self.warm == 0 => {}
            other => return Err(format!("the port is told: {other:?}").into()),
        }
        if self.port.clients() != 0 {
            return Err("a dead client is still in".into());
        }
        let_next_one_ask(&mut self.port, ground.place)?;
        drop(self.port);
        sweep(ground.place)
    }
}

impl Serving {
    /// Receives until the end of the victim, or until nothing comes of one that was never let in.
    fn receive_all(&mut self) -> Result<Option<Incoming>, Wrong> {
        // What a dead process has done is there.
        let patience = || if self.warm > 0 { soon() } else { Deadline::Now };
        let mut may_be_canceled = false;
        loop {
            match self.port.receive(patience()) {
                Ok(Incoming::ConnectionRequest(request)) => {
                    if request.data() != b"let me in" {
                        return Err(format!("it came with {:?}", request.data()).into());
                    }
                    // It is dead: whether that is found now or next, it is one and the same client.
                    if self.port.accept(request, b"", 0).is_ok() {
                        return Ok(Some(self.port.receive(soon())?));
                    }
                }
                Ok(Incoming::Request(request)) => {
                    self.due.take(request.body())?;
                    may_be_canceled = true;
                    drop(request);
                }
                Ok(Incoming::Datagram(datagram)) => drop(self.due.take(datagram.body())?),
                Ok(Incoming::Canceled { .. }) if may_be_canceled => may_be_canceled = false,
                Ok(other) => return Ok(Some(other)),
                Err(ReceiveError::Nothing) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
