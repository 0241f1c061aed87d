// SPDX-License-Identifier: MIT OR Apache-2.0
//! Transports that are wrong on purpose, each in one way: the supervisor must find out.

use std::io::{PipeReader, PipeWriter, Read, Write};

use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::role::Role;
use crate::scratch::Scratch;

/// The number under which a victim finds the end that tells that it lives.
const END: i32 = 21;

/// A sender whose records are committed and go nowhere.
#[derive(Debug)]
pub(super) struct Promise;

/// A survivor that leaves a file.
#[derive(Debug)]
pub(super) struct Litter;

impl Transport for Promise {
    fn name(&self) -> &'static str {
        "wrong-promise"
    }

    fn survivor(&self, _victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Deaf(None)))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        life.notes.sending(0, || Ok::<_, Wrong>(()))?;
        wait(life)
    }
}

impl Transport for Litter {
    fn name(&self) -> &'static str {
        "wrong-litter"
    }

    fn survivor(&self, _victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        std::fs::write(place.path("litter"), "x")?;
        Ok(Box::new(Deaf(None)))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        wait(life)
    }
}

/// Waits for its death.
fn wait(life: &Life<'_>) -> Result<(), Wrong> {
    let mut end = PipeWriter::from(life.part.descriptor(END));
    life.notes.set_ready(true);
    loop {
        end.write_all(b"alive")?;
    }
}

/// Sees that the victim dies, and nothing else.
struct Deaf(Option<PipeReader>);

impl Survivor for Deaf {
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        let (reader, writer) = std::io::pipe()?;
        self.0 = Some(reader);
        Ok(role.pass_as(writer, END))
    }

    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        self.0.take().ok_or("one pipe for each victim")?.read_to_end(&mut Vec::new())?;
        super::link::wait_for_death(session)?;
        session.notes.check_received(0)
    }

    fn leave(self: Box<Self>, _place: &Scratch) -> Result<(), Wrong> {
        Ok(())
    }
}
