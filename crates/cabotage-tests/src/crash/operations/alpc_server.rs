// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of ALPC, with the server as victim: it creates the port, lets in, refuses, receives, replies, calls back, ends.
//!
//! Whatever the point, the client is told what became of it and of what it has asked, and the next server gets the
//! name.

use std::thread::JoinHandle;

use cabotage_alpc::{
    ChannelError, Client, ConnectError, Connecting, ConnectionPort, Incoming, Loss, ReceiveError, Received,
    Request, RequestError, Wait,
};
use cabotage_os::Deadline;

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::ports::{NAME, connect_options, let_in, port_options, sweep};
use crate::record::Mark;
use crate::scratch::Scratch;
use crate::watchdog::soon;

const BYTES: usize = 100;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "alpc.create", set: create },
    Operation { name: "alpc.accept", set: |_| Ok(asked(accept)) },
    Operation { name: "alpc.refuse", set: |_| Ok(asked(refuse)) },
    Operation { name: "alpc.receive", set: |_| Ok(served(receive)) },
    Operation { name: "alpc.reply", set: |_| Ok(served(reply)) },
    Operation { name: "alpc.let-go", set: |_| Ok(served(let_go)) },
    Operation { name: "alpc.end", set: |_| Ok(served(end)) },
    Operation { name: "alpc.callback", set: |_| Ok(blocking(callback)) },
];

fn port(place: &Scratch) -> ConnectionPort {
    port_options(place).wait(Wait::Block).create(NAME).expect("a free name")
}

fn record(number: u64) -> Vec<u8> {
    Mark { stream: 1, number }.record(BYTES)
}

/// One more client asks and is answered.
pub(super) fn let_next_one_ask(port: &mut ConnectionPort, place: &Scratch) -> Result<(), Wrong> {
    let connecting = connect_options(place).wait(Wait::Block).begin(NAME)?;
    let_in(port, soon())?;
    let mut client = connecting.finish(soon())?;
    let id = client.send_request(b"is anybody there?", soon())?;
    match port.receive(soon())? {
        Incoming::Request(request) => port.reply(request, b"yes")?,
        other => return Err(format!("no request, but {other:?}").into()),
    }
    match client.receive(soon())? {
        Received::Reply { id: answered, body: b"yes" } if answered == id => Ok(()),
        other => Err(format!("no reply, but {other:?}").into()),
    }
}

/// The next server gets the name and serves; afterwards nothing is there.
fn next_one_serves(place: &Scratch) -> Result<(), Wrong> {
    let mut port = port_options(place).wait(Wait::Block).create(NAME)?;
    let_next_one_ask(&mut port, place)?;
    drop(port);
    sweep(place)?;
    match std::fs::remove_dir_all(place.path("user")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn create(_: &Ground<'_>) -> Result<Stage, Wrong> {
    let victim = |gate: &Gate<'_>| gate.operation(|| port(gate.place));
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        if connect_options(ground.place).begin(NAME).is_ok() {
            return Err("a dead server's port is connected to".into());
        }
        next_one_serves(ground.place)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn accept(gate: &Gate<'_>, port: &mut ConnectionPort, incoming: Incoming) {
    let Incoming::ConnectionRequest(request) = incoming else { panic!("{incoming:?}") };
    gate.operation(|| gate.notes.doing(|| port.accept(request, b"welcome", 1)));
}

fn refuse(gate: &Gate<'_>, port: &mut ConnectionPort, incoming: Incoming) {
    let Incoming::ConnectionRequest(request) = incoming else { panic!("{incoming:?}") };
    gate.operation(|| gate.notes.doing(|| port.refuse(request, b"no")));
}

/// A victim whom a client has asked to be let in.
fn asked(act: fn(&Gate<'_>, &mut ConnectionPort, Incoming)) -> Stage {
    let victim = move |gate: &Gate<'_>| {
        let mut port = port(gate.place);
        let incoming = port.receive(soon()).expect("a client");
        act(gate, &mut port, incoming);
    };
    Stage { victim: Box::new(victim), survivor: Box::new(Asker(None)) }
}

/// A client that has asked to be let in.
struct Asker(Option<Connecting>);

impl Survivor for Asker {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        self.0 = Some(connect_options(ground.place).wait(Wait::Block).wait_for_name().begin(NAME)?);
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let connecting = self.0.take().ok_or("a client that has asked")?;
        let is_begun = ground.notes.is_begun();
        match outcome.told(|| connecting.finish(soon())) {
            Ok(mut client) if is_begun && client.accept_data() == b"welcome" => {
                match client.receive(soon()) {
                    Err(ReceiveError::Channel(ChannelError::Died)) => {}
                    other => return Err(format!("the client of a dead server is told: {other:?}").into()),
                }
            }
            Err(ConnectError::Refused { data }) if is_begun && data == b"no" => {}
            Err(ConnectError::Channel(ChannelError::Died)) if !ground.notes.is_done() => {}
            other => return Err(format!("the client of a dead server is told: {other:?}").into()),
        }
        next_one_serves(ground.place)
    }
}

fn receive(gate: &Gate<'_>, mut port: ConnectionPort) {
    gate.operation(|| gate.notes.taking(0, || port.receive(soon())));
}

fn requested(port: &mut ConnectionPort) -> Request {
    match port.receive(soon()).expect("a request") {
        Incoming::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

fn reply(gate: &Gate<'_>, mut port: ConnectionPort) {
    let request = requested(&mut port);
    let record = record(0);
    gate.operation(|| gate.notes.doing(|| port.reply(request, &record)));
}

fn let_go(gate: &Gate<'_>, mut port: ConnectionPort) {
    let request = requested(&mut port);
    gate.operation(|| {
        drop(request);
        port.try_receive().map(|incoming| assert!(incoming.is_none(), "{incoming:?}"))
    });
}

fn end(gate: &Gate<'_>, port: ConnectionPort) {
    gate.operation(|| {
        gate.notes.doing(|| {
            drop(port);
            Ok::<_, ()>(())
        })
    });
}

/// A victim that has let in a client, and from which that has asked something.
fn served(act: fn(&Gate<'_>, ConnectionPort)) -> Stage {
    let victim = move |gate: &Gate<'_>| {
        let mut port = port(gate.place);
        let_in(&mut port, soon()).expect("a client");
        act(gate, port);
    };
    Stage { victim: Box::new(victim), survivor: Box::new(Asking(None)) }
}

/// A client with a request on its way.
struct Asking(Option<Client>);

impl Survivor for Asking {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut client = connect_options(ground.place).wait(Wait::Block).wait_for_name().connect(NAME)?;
        client.send_request(b"?", soon())?;
        self.0 = Some(client);
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let mut client = self.0.take().ok_or("a client that was let in")?;
        let is_done = ground.notes.is_done();
        // The one answer to the request: its reply, or that there is none.
        match outcome.told(|| client.receive(soon()))? {
            Received::Reply { id: 1, body } if ground.notes.is_begun() => {
                if body != record(0) {
                    return Err("a torn reply".into());
                }
            }
            Received::LostReply { id: 1, loss: Loss::Dropped } => {}
            Received::LostReply { id: 1, loss: Loss::Gone(ChannelError::Died) } if !is_done => {}
            Received::LostReply { id: 1, loss: Loss::Gone(ChannelError::Closed) }
                if ground.notes.is_begun() => {}
            other => return Err(format!("the client of a dead server receives {other:?}").into()),
        }
        match client.receive(soon()) {
            Err(ReceiveError::Channel(ChannelError::Died | ChannelError::Closed)) => {}
            other => return Err(format!("and then {other:?}").into()),
        }
        next_one_serves(ground.place)
    }
}

fn callback(gate: &Gate<'_>, mut port: ConnectionPort) {
    let request = requested(&mut port);
    let record = record(0);
    gate.operation(|| gate.notes.sending(0, || port.callback(&request, &record, Deadline::Now)));
}

/// A victim in whose client a thread is blocked until the reply comes.
fn blocking(act: fn(&Gate<'_>, ConnectionPort)) -> Stage {
    let Stage { victim, .. } = served(act);
    Stage { victim, survivor: Box::new(Blocked(None)) }
}

/// What became of the request, and how many callbacks came.
type Told = (Result<Vec<u8>, RequestError>, u64);

/// A client that is blocked in a thread of its own.
struct Blocked(Option<JoinHandle<Told>>);

impl Survivor for Blocked {
    fn prepare(&mut self, ground: &Ground<'_>) -> Result<(), Wrong> {
        let mut client = connect_options(ground.place).wait(Wait::Block).wait_for_name().connect(NAME)?;
        self.0 = Some(std::thread::spawn(move || {
            let mut callbacks = 0;
            let told = client
                .request_with(b"?", soon(), |_, callback| {
                    assert_eq!(callback.body(), record(0), "a torn callback");
                    callbacks += 1;
                    b"!"
                })
                .map(|reply| reply.to_vec());
            (told, callbacks)
        }));
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let blocked = self.0.take().ok_or("a client that is blocked")?;
        let (told, callbacks) = outcome.told(|| blocked.join()).map_err(|_| "a torn callback")?;
        match told {
            Err(RequestError::Lost(Loss::Gone(ChannelError::Died))) => {}
            other => return Err(format!("one who is blocked in a dead server is told: {other:?}").into()),
        }
        ground.notes.check_received(callbacks)?;
        next_one_serves(ground.place)
    }
}
