// SPDX-License-Identifier: MIT OR Apache-2.0
//! FIFOs with framed messages: each victim opens a FIFO of its own by its path.

use std::path::PathBuf;

use cabotage_pipe::fifo::{self, Fifo, OpenError, Peer};

use super::framed;
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct NamedPipe;

fn path(place: &Scratch, number: u64) -> PathBuf {
    place.path(&format!("fifo-{number}"))
}

impl Transport for NamedPipe {
    fn name(&self) -> &'static str {
        "fifo"
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Other { victims, fifo: None, place: Scratch::of(&place.to_string()), number: 0 }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let path = path(&life.place, life.number);
        match life.side {
            Side::Sender => framed::send(fifo::Writer::open(path, Peer::Wait(soon()))?, life),
            Side::Receiver => framed::receive(fifo::Reader::open(path, Peer::Wait(soon()))?, life),
        }
    }
}

struct Other {
    victims: Side,
    fifo: Option<Fifo>,
    place: Scratch,
    number: u64,
}

impl Survivor for Other {
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        self.fifo = Some(fifo::create(path(&self.place, self.number))?);
        self.number += 1;
        Ok(role)
    }

    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let fifo = self.fifo.take().ok_or("one FIFO for each victim")?;
        if self.victims == Side::Sender {
            framed::outlive_sender(fifo.reader(Peer::Any)?, session)?;
        } else if let Some(writer) = reach(&fifo, session)? {
            framed::outlive_receiver(writer, session)?;
        }
        Ok(fifo.remove()?)
    }

    fn leave(self: Box<Self>, _place: &Scratch) -> Result<(), Wrong> {
        Ok(())
    }
}

/// Opens the end that writes as soon as the victim reads; `None` if it dies before.
fn reach(fifo: &Fifo, session: &Session<'_>) -> Result<Option<fifo::Writer>, Wrong> {
    loop {
        let was_dead = session.is_dead();
        match session.slice(|deadline| fifo.writer(Peer::Wait(deadline))) {
            Ok(writer) => return Ok(Some(writer)),
            Err(OpenError::NoReader { .. } | OpenError::TimedOut { .. }) if was_dead => return Ok(None),
            Err(OpenError::NoReader { .. } | OpenError::TimedOut { .. }) => session.still_waits()?,
            Err(error) => return Err(error.into()),
        }
    }
}
