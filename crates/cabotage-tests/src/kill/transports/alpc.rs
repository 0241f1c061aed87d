// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channels of ALPC, with the victim as client or as server.
//!
//! A channel ends with either of its ends, so each victim has one of its own. A server's port outlives its clients;
//! a killed server's name is taken over by the next one.

use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_alpc::{
    ChannelError, Client, ClientId, Connecting, ConnectionPort, Incoming, Ready, ReceiveError, Received,
    SendError, Wait,
};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, Fault};

use super::link::wait_for_death;
use super::{Answer, receive_for_ever, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::ports::{NAME, connect_options, end_of, port_options, sweep};
use crate::record::InOrder;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);

/// The victim connects to a port.
#[derive(Debug)]
pub(super) struct AlpcClient;

/// The victim has the port, and takes it over from the victim before.
#[derive(Debug)]
pub(super) struct AlpcServer;

/// Each way to wait has its turn.
fn wait(number: u64) -> Wait {
    [Wait::Adaptive, Wait::Block, Wait::Spin][usize::try_from(number % 3).unwrap_or(0)]
}

impl Transport for AlpcClient {
    fn name(&self) -> &'static str {
        "alpc-client"
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Serving { victims, port: port_options(place).create(NAME)? }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let options = connect_options(&life.place).wait(wait(life.number)).wait_for_name();
        let mut client = options.connect(NAME)?;
        begin(life);
        match life.side {
            // Some ask and wait for the reply, some only say.
            Side::Sender if life.number.is_multiple_of(2) => {
                Ok(send_for_ever(&life.notes, life.number, |record| {
                    match client.request_within(record, soon()) {
                        Ok(_) => Ok(Answer::Done),
                        Err(cabotage_alpc::RequestError::Lost(_)) => Ok(Answer::Over),
                        Err(error) => Err(error),
                    }
                })?)
            }
            Side::Sender => Ok(send_for_ever(&life.notes, life.number, |record| {
                send_answer(client.send_datagram(record, Deadline::within(WHILE)))
            })?),
            Side::Receiver => {
                let mut due = InOrder::from(life.number, 0);
                receive_for_ever(&life.notes, &mut due, |take| {
                    match client.receive(Deadline::within(WHILE)) {
                        Ok(Received::Datagram(body)) => take(body).map(|()| Answer::Done),
                        Ok(other) => Err(format!("no datagram, but {other:?}").into()),
                        Err(error) => receive_answer(error),
                    }
                })
            }
        }
    }
}

impl Transport for AlpcServer {
    fn name(&self) -> &'static str {
        "alpc-server"
    }

    fn survivor(&self, victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Calling { victims }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let mut port = port_options(&life.place).wait(wait(life.number)).create(NAME)?;
        loop {
            match port.receive(Deadline::within(WHILE)) {
                // One that does not wait any more is none.
                Ok(Incoming::ConnectionRequest(request)) => {
                    if let Ok(client) = port.accept(request, b"", 0) {
                        talk(&mut port, client, life)?;
                    }
                }
                Ok(incoming) if end_of(&incoming).is_some() => {}
                Ok(other) => return Err(format!("a port without clients receives {other:?}").into()),
                Err(ReceiveError::Nothing) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn begin(life: &Life<'_>) {
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
}

/// The life of a server, until its client is gone.
fn talk(port: &mut ConnectionPort, client: ClientId, life: &Life<'_>) -> Result<(), Wrong> {
    begin(life);
    match life.side {
        Side::Sender => Ok(send_for_ever(&life.notes, life.number, |record| {
            send_answer(port.send_datagram(client, record, Deadline::within(WHILE)))
        })?),
        Side::Receiver => {
            let mut due = InOrder::from(life.number, 0);
            receive_for_ever(&life.notes, &mut due, |take| match port.receive(Deadline::within(WHILE)) {
                Ok(Incoming::Datagram(datagram)) => take(datagram.body()).map(|()| Answer::Done),
                Ok(incoming) if end_of(&incoming).is_some() => Ok(Answer::Over),
                Ok(other) => Err(format!("no datagram, but {other:?}").into()),
                Err(error) => receive_answer(error),
            })
        }
    }
}

fn send_answer(sent: Result<(), SendError>) -> Result<Answer, SendError> {
    match sent {
        Ok(()) => Ok(Answer::Done),
        Err(SendError::Full) => Ok(Answer::NotYet),
        Err(SendError::NoClient | SendError::Channel(ChannelError::Died | ChannelError::Closed)) => {
            Ok(Answer::Over)
        }
        Err(error) => Err(error),
    }
}

fn receive_answer(error: ReceiveError) -> Result<Answer, Wrong> {
    match error {
        ReceiveError::Nothing => Ok(Answer::NotYet),
        ReceiveError::Channel(ChannelError::Died | ChannelError::Closed) => Ok(Answer::Over),
        error => Err(error.into()),
    }
}

/// Sends to a victim until it is dead.
fn send_until_death(
    session: &Session<'_>,
    mut send: impl FnMut(&[u8], Deadline) -> Result<(), SendError>,
) -> Result<(), Wrong> {
    let mut number = 0;
    loop {
        let next = record(session.number, number);
        match session.slice(|deadline| send(&next, deadline)) {
            Ok(()) => number += 1,
            Err(SendError::Full) => session.still_waits()?,
            Err(SendError::Channel(ChannelError::Died)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    session.told();
    wait_for_death(session)?;
    match session.notes.taken() {
        taken if taken <= number => Ok(()),
        taken => Err(format!("{taken} records were taken, of {number} that were sent").into()),
    }
}

struct Serving {
    victims: Side,
    port: ConnectionPort,
}

impl Survivor for Serving {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        loop {
            // One that died before this look has asked before it, or never.
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.port.receive(deadline)) {
                Ok(Incoming::ConnectionRequest(request)) => match self.port.accept(request, b"", 0) {
                    Ok(client) => return self.outlive(client, session),
                    Err(not_admitted) if not_admitted.error.fault() == Fault::Peer => {}
                    Err(not_admitted) => return Err(not_admitted.into()),
                },
                Ok(other) => return Err(format!("a port without clients receives {other:?}").into()),
                Err(ReceiveError::Nothing) if was_dead => return Ok(()),
                Err(ReceiveError::Nothing) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        drop(self.port);
        sweep(place)
    }
}

impl Serving {
    /// Talks with one client until it is dead.
    fn outlive(&mut self, client: ClientId, session: &Session<'_>) -> Result<(), Wrong> {
        match self.victims {
            Side::Sender => self.receive_until_death(session),
            Side::Receiver => {
                send_until_death(session, |record, deadline| {
                    self.port.send_datagram(client, record, deadline)
                })?;
                match self.port.receive(soon())? {
                    Incoming::ClientDied { client: dead, .. } if dead == client => Ok(()),
                    other => Err(format!("its client is dead, and the port receives {other:?}").into()),
                }
            }
        }
    }

    fn receive_until_death(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let mut due = InOrder::from(session.number, 0);
        loop {
            match session.slice(|deadline| self.port.receive(deadline)) {
                Ok(Incoming::Datagram(datagram)) => drop(due.take(datagram.body())?),
                Ok(Incoming::Request(request)) => {
                    due.take(request.body())?;
                    // The end of one that is dead comes next.
                    let _ = self.port.reply(request, b"");
                }
                Ok(Incoming::ClientDied { .. }) => break,
                Ok(other) => return Err(format!("the port receives {other:?}").into()),
                Err(ReceiveError::Nothing) => session.still_waits()?,
                Err(error) => return Err(error.into()),
            }
        }
        session.told();
        wait_for_death(session)?;
        session.notes.check_received(due.next())
    }
}

struct Calling {
    victims: Side,
}

impl Survivor for Calling {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        match connect(session)? {
            Some(client) => outlive(client, self.victims, session),
            None => Ok(()),
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        sweep(place)
    }
}

/// Asks the victim to be let in, until it does or is dead.
fn connect(session: &Session<'_>) -> Result<Option<Client>, Wrong> {
    loop {
        let was_dead = session.is_dead();
        let asked = session
            .slice(|deadline| connect_options(session.place).deadline(deadline).wait_for_name().begin(NAME));
        match asked {
            Ok(connecting) => {
                if let Some(client) = enter(connecting, session)? {
                    return Ok(Some(client));
                }
            }
            Err(error) if error.fault() == Fault::System => return Err(error.into()),
            Err(_) if was_dead => return Ok(None),
            Err(_) => {}
        }
    }
}

/// Waits to be let in; `None` when there is nobody any more who could.
fn enter(mut connecting: Connecting, session: &Session<'_>) -> Result<Option<Client>, Wrong> {
    loop {
        connecting = match connecting.try_finish() {
            Ok(Ok(client)) => return Ok(Some(client)),
            Ok(Err(again)) => again,
            Err(error) if error.fault() == Fault::System => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        session.still_waits()?;
        if connecting.ready()? == Ready::Armed {
            let waits = [(connecting.as_fd(), Readiness::IN)];
            session.slice(|deadline| poll::wait(waits, deadline))?;
        }
    }
}

/// Talks with one server until it is dead.
fn outlive(mut client: Client, victims: Side, session: &Session<'_>) -> Result<(), Wrong> {
    if victims == Side::Receiver {
        return send_until_death(session, |record, deadline| client.send_datagram(record, deadline));
    }
    let mut due = InOrder::from(session.number, 0);
    loop {
        match session.slice(|deadline| client.receive(deadline).map(|received| received.body().to_vec())) {
            Ok(record) => drop(due.take(&record)?),
            Err(ReceiveError::Nothing) => session.still_waits()?,
            Err(ReceiveError::Channel(ChannelError::Died)) => break,
            Err(error) => return Err(error.into()),
        }
    }
    session.told();
    wait_for_death(session)?;
    session.notes.check_received(due.next())
}
