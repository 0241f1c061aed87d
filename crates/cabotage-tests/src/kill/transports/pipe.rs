// SPDX-License-Identifier: MIT OR Apache-2.0
//! Anonymous pipes with framed messages: each victim has a pipe of its own.

use std::io::{PipeReader, PipeWriter};

use super::framed;
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::role::Role;
use crate::scratch::Scratch;

/// The number under which a victim finds its end.
const END: i32 = 21;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Pipe;

impl Transport for Pipe {
    fn name(&self) -> &'static str {
        "pipe"
    }

    fn survivor(&self, victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(match victims {
            Side::Sender => Box::new(Reading(None)),
            Side::Receiver => Box::new(Writing(None)),
        })
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let end = life.part.descriptor(END);
        match life.side {
            Side::Sender => framed::send(PipeWriter::from(end), life),
            Side::Receiver => framed::receive(PipeReader::from(end), life),
        }
    }
}

struct Reading(Option<PipeReader>);

impl Survivor for Reading {
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        let (reader, writer) = cabotage_pipe::anonymous()?;
        self.0 = Some(reader);
        Ok(role.pass_as(writer, END))
    }

    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        framed::outlive_sender(self.0.take().ok_or("one pipe for each victim")?, session)
    }

    fn leave(self: Box<Self>, _place: &Scratch) -> Result<(), Wrong> {
        Ok(())
    }
}

struct Writing(Option<PipeWriter>);

impl Survivor for Writing {
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        let (reader, writer) = cabotage_pipe::anonymous()?;
        self.0 = Some(writer);
        Ok(role.pass_as(reader, END))
    }

    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        framed::outlive_receiver(self.0.take().ok_or("one pipe for each victim")?, session)
    }

    fn leave(self: Box<Self>, _place: &Scratch) -> Result<(), Wrong> {
        Ok(())
    }
}
