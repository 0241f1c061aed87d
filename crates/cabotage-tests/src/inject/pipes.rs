// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pipes and FIFOs besides framed records: made, opened, served, handed to a child.

use std::time::Duration;

use cabotage_pipe::fifo::{Event, Options, Peer, Server, Writer};
use cabotage_pipe::{ReadEnd, Spawn, WriteEnd};

use super::Answer;
use super::ledger::shortly;
use crate::scratch::Scratch;

pub(super) fn a_fifo_is_made_opened_and_removed(place: &Scratch) -> Answer {
    let (fifo, _) = Options::new().exact_mode(0o640).create_or_reuse(place.path("made"))?;
    let reader = fifo.reader(Peer::Any)?;
    let writer = Writer::open(fifo.path(), Peer::Required)?;
    writer.write_all_within(b"ahoy", Duration::from_millis(50))?;
    let mut text = [0; 16];
    assert_eq!(reader.read_within(&mut text, Duration::from_millis(50))?, 4);
    drop(writer);
    let late = fifo.writer(Peer::within(Duration::from_millis(50)))?;
    drop((late, reader));
    assert!(fifo.is_linked()?);
    fifo.remove()?;
    Ok(())
}

pub(super) fn a_fifo_server_sees_a_writer_come_and_go(place: &Scratch) -> Answer {
    let (fifo, _) = Options::new().create_or_reuse(place.path("served"))?;
    let mut server: Server = fifo.server()?;
    let writer = Writer::open(fifo.path(), Peer::Required)?;
    writer.write_all_within(b"order", Duration::from_millis(50))?;
    drop(writer);
    let mut text = Vec::new();
    let mut buffer = [0; 64];
    loop {
        match server.next_event(&mut buffer, shortly())? {
            Event::Data(bytes) => text.extend_from_slice(&buffer[..bytes]),
            _ if text == b"order" => break,
            _ => {}
        }
    }
    fifo.remove()?;
    Ok(())
}

pub(super) fn a_child_gets_exactly_one_end(_: &Scratch) -> Answer {
    let (reader, writer) = cabotage_pipe::anonymous()?;
    let mut child = Spawn::new("true").pass_as(writer, 30).spawn()?;
    let end = reader.read_within(&mut [0; 8], Duration::from_secs(20));
    child.wait()?;
    assert_eq!(end?, 0, "nobody writes, and nobody holds the other end");
    Ok(())
}
