// SPDX-License-Identifier: MIT OR Apache-2.0
//! FIFOs: made, opened, written, read and removed; the name outlives its processes, and stays usable.

use std::time::Duration;

use cabotage_pipe::fifo::{self, Fifo, OpenError, Peer};
use cabotage_pipe::framed::{Reader, Writer};

use super::pipe::{drain, receive_last, send_last};
use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::record::Mark;

const BYTES: usize = 100;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "fifo.create", set: create },
    Operation { name: "fifo.open-to-write", set: |ground| open(ground, true) },
    Operation { name: "fifo.open-to-read", set: |ground| open(ground, false) },
    Operation { name: "fifo.send", set: send },
    Operation { name: "fifo.receive", set: receive },
    Operation { name: "fifo.remove", set: remove },
];

/// A FIFO is there or not, never anything else; whoever comes next makes it or takes it, and it works.
fn create(_: &Ground<'_>) -> Result<Stage, Wrong> {
    let victim = |gate: &Gate<'_>| {
        let path = gate.place.path("f");
        gate.operation(|| gate.notes.doing(|| fifo::create(&path)));
    };
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        match Fifo::at(ground.place.path("f")) {
            Ok(_) => {}
            Err(OpenError::Missing { .. }) if !ground.notes.is_done() => {}
            Err(error) => return Err(error.into()),
        }
        is_usable(ground)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// One who takes the place of a killed process finds a FIFO that works.
fn is_usable(ground: &Ground<'_>) -> Result<(), Wrong> {
    let (fifo, _) = fifo::Options::new().create_or_reuse(ground.place.path("f"))?;
    let (mut reader, mut writer) = (fifo.reader(Peer::Any)?, fifo.writer(Peer::Required)?);
    std::io::Write::write_all(&mut writer, b"ahoy")?;
    let mut text = [0; 4];
    std::io::Read::read_exact(&mut reader, &mut text)?;
    if &text != b"ahoy" {
        return Err("a FIFO holds what a dead process left in it".into());
    }
    Ok(fifo.remove()?)
}

fn open(ground: &Ground<'_>, to_write: bool) -> Result<Stage, Wrong> {
    let fifo = fifo::create(ground.place.path("f"))?;
    // The other end is open, so that nobody has to wait.
    let reader = if to_write { Some(fifo.reader(Peer::Any)?) } else { None };
    let writer = if to_write { None } else { Some(fifo.writer(Peer::Any)?) };
    let victim = move |gate: &Gate<'_>| {
        let path = gate.place.path("f");
        if to_write {
            gate.operation(|| fifo::Writer::open(&path, Peer::within(Duration::from_secs(9))));
        } else {
            gate.operation(|| fifo::Reader::open(&path, Peer::within(Duration::from_secs(9))));
        }
    };
    let survivor = After(move |ground: &Ground<'_>, _: &mut Outcome| {
        drop((reader, writer));
        is_usable(ground)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn send(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let fifo = fifo::create(ground.place.path("f"))?;
    let reader = fifo.reader(Peer::Any)?;
    let victim = |gate: &Gate<'_>| {
        let writer = fifo::Writer::open(gate.place.path("f"), Peer::Required).expect("a reader");
        send_last(gate, Writer::new(writer).expect("an id"), BYTES);
    };
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        outcome.told(|| drain(&mut Reader::new(reader), ground))?;
        is_usable(ground)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn receive(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    let fifo = fifo::create(ground.place.path("f"))?;
    // A process of its own has no copy of the end that it is to have alone.
    let theirs = fifo.reader(Peer::Any)?;
    let mut writer = Writer::new(fifo.writer(Peer::Required)?)?;
    for number in 0..4 {
        writer.send(&Mark { stream: 0, number }.record(BYTES), cabotage_os::Deadline::Now)?;
    }
    let victim = move |gate: &Gate<'_>| receive_last(gate, theirs);
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        let told = outcome.told(|| writer.send(b"is anybody there?", cabotage_os::Deadline::Now));
        if told.is_ok() {
            return Err("a writer without a reader is not told".into());
        }
        drop(writer);
        is_usable(ground)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

fn remove(ground: &Ground<'_>) -> Result<Stage, Wrong> {
    fifo::create(ground.place.path("f"))?;
    let victim = |gate: &Gate<'_>| {
        let path = gate.place.path("f");
        gate.operation(|| gate.notes.doing(|| fifo::remove(&path)));
    };
    let survivor = After(|ground: &Ground<'_>, _: &mut Outcome| {
        if ground.notes.is_done() && Fifo::at(ground.place.path("f")).is_ok() {
            return Err("a removed FIFO is still there".into());
        }
        is_usable(ground)
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}
