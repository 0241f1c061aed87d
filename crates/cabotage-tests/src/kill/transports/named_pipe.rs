// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes of messages, with the victim as client or as server. The survivor must find the state that the table says:
//! what was written completely is read, then the pipe is broken; a writer is told that its reader is gone; the end is
//! closing. A server's end then disconnects and serves the next client; a dead server's name is free at once.

use cabotage_os::Deadline;
use cabotage_pipe::named::{NamedPipeServer, PipeError, State, WriteError};

use super::link::{WHILE, wait_for_death};
use super::{Answer, receive_for_ever, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::pipes::{self, End};
use crate::record::InOrder;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The victim opens the pipe.
#[derive(Debug)]
pub(super) struct Client;

/// The victim creates the pipe, and takes its name over from the victim before.
#[derive(Debug)]
pub(super) struct Server;

impl Transport for Client {
    fn name(&self) -> &'static str {
        "named-pipe-client"
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Serving { victims, server: pipes::create(place)? }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        talk(&mut pipes::open(&life.place, soon())?.into(), life)
    }
}

impl Transport for Server {
    fn name(&self) -> &'static str {
        "named-pipe-server"
    }

    fn survivor(&self, victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Calling { victims }))
    }

    /// It is the first instance, or it fails: a dead server must not be in its way.
    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let mut server = pipes::create(&life.place)?;
        loop {
            match server.connect(WHILE) {
                Ok(()) => break,
                Err(PipeError::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        }
        talk(&mut server.into(), life)
    }
}

fn send(end: &mut End, message: &[u8], deadline: Deadline) -> Result<Answer, WriteError> {
    match end.write(message, deadline) {
        Ok(()) => Ok(Answer::Done),
        // What is taken back was read by nobody; a message is read whole or not at all.
        Err(WriteError { source: PipeError::TimedOut, .. }) => Ok(Answer::NotYet),
        Err(WriteError { source: PipeError::Broken | PipeError::Closing, .. }) => Ok(Answer::Over),
        Err(error) => Err(error),
    }
}

fn receive(end: &mut End, message: &mut Vec<u8>, deadline: Deadline) -> Result<Answer, PipeError> {
    match end.receive(message, deadline) {
        Ok(()) => Ok(Answer::Done),
        Err(PipeError::TimedOut) => Ok(Answer::NotYet),
        Err(PipeError::Broken) => Ok(Answer::Over),
        Err(error) => Err(error),
    }
}

/// The life of a victim: it does one thing until its survivor is gone.
fn talk(end: &mut End, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    match life.side {
        Side::Sender => {
            Ok(send_for_ever(&life.notes, life.number, |record| send(end, record, Deadline::within(WHILE)))?)
        }
        Side::Receiver => {
            let mut due = InOrder::from(life.number, 0);
            let mut message = Vec::new();
            receive_for_ever(&life.notes, &mut due, |take| {
                let answer = receive(end, &mut message, Deadline::within(WHILE))?;
                if answer == Answer::Done {
                    take(&message)?;
                }
                Ok(answer)
            })
        }
    }
}

/// Uses an end until its peer is dead, and sees that it is in the state that follows from that.
fn outlive(end: &mut End, victims: Side, session: &Session<'_>) -> Result<(), Wrong> {
    match victims {
        Side::Sender => read_all(end, session)?,
        Side::Receiver => write_on(end, session)?,
    }
    match end.state()? {
        State::Closing => Ok(()),
        other => Err(format!("the other end is dead, and the state is {other:?}").into()),
    }
}

fn read_all(end: &mut End, session: &Session<'_>) -> Result<(), Wrong> {
    let mut due = InOrder::from(session.number, 0);
    let mut message = Vec::new();
    loop {
        match session.slice(|deadline| receive(end, &mut message, deadline))? {
            Answer::Done => drop(due.take(&message)?),
            Answer::NotYet => session.still_waits()?,
            Answer::Over => break,
        }
    }
    session.told();
    wait_for_death(session)?;
    session.notes.check_received(due.next())
}

fn write_on(end: &mut End, session: &Session<'_>) -> Result<(), Wrong> {
    let mut number = 0;
    loop {
        let next = record(session.number, number);
        match session.slice(|deadline| send(end, &next, deadline))? {
            Answer::Done => number += 1,
            Answer::NotYet => session.still_waits()?,
            Answer::Over => break,
        }
    }
    session.told();
    wait_for_death(session)?;
    // The last one may have been read without its writer being told.
    match session.notes.taken() {
        taken if taken <= number + 1 => Ok(()),
        taken => Err(format!("{taken} records were taken, of {number} that were written").into()),
    }
}

struct Serving {
    victims: Side,
    server: NamedPipeServer,
}

impl Serving {
    /// Waits for a client; answers whether one has come before the victim's death.
    fn wait_for_client(&mut self, session: &Session<'_>) -> Result<bool, Wrong> {
        loop {
            // One that died before this look has connected before it, or never.
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.server.connect(deadline)) {
                Ok(()) => return Ok(true),
                Err(PipeError::TimedOut) if was_dead => return Ok(false),
                Err(PipeError::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Survivor for Serving {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        if !self.wait_for_client(session)? {
            return Ok(());
        }
        let server = std::mem::replace(&mut self.server, pipes::server(session.place).create(pipes::NAME)?);
        let mut end = End::from(server);
        outlive(&mut end, self.victims, session)?;
        let End::Server(mut server) = end else { return Ok(()) };
        match server.connect(Deadline::Now) {
            Err(PipeError::Closing) => {}
            other => return Err(format!("a server whose client is dead, and listens: {other:?}").into()),
        }
        server.disconnect()?;
        self.server = *server;
        match self.server.connect(Deadline::Now) {
            Err(PipeError::Listening) => Ok(()),
            other => Err(format!("a server that has disconnected, and listens: {other:?}").into()),
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        self.server.close()?;
        pipes::sweep(place)
    }
}

struct Calling {
    victims: Side,
}

impl Survivor for Calling {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        loop {
            let was_dead = session.is_dead();
            match session.slice(|deadline| pipes::open(session.place, deadline)) {
                Ok(client) => {
                    outlive(&mut client.into(), self.victims, session)?;
                    break;
                }
                Err(error) if error.fault() == cabotage_os::Fault::System => return Err(error.into()),
                Err(_) if was_dead => break,
                Err(_) => {}
            }
        }
        // The name is free at once, as if nobody had ever had it.
        pipes::create(session.place)?.close()?;
        Ok(())
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        pipes::sweep(place)
    }
}
