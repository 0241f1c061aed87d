// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pipes with framed messages: one whose writer dies in the middle is told as lost, and no other suffers.

use std::os::fd::OwnedFd;

use cabotage_os::Deadline;
use cabotage_pipe::ReadEnd;
use cabotage_pipe::framed::{Reader, Received, Writer};

use crate::Wrong;
use crate::crash::stage::{After, Gate, Ground, Operation, Outcome, Stage};
use crate::record::{InOrder, Mark};
use crate::watchdog::soon;

const SHORT_BYTES: usize = 100;
/// Three frames.
const LONG_BYTES: usize = 10_000;
/// Messages before the operation.
const BEFORE: u64 = 3;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "pipe.send", set: |_| send(SHORT_BYTES) },
    Operation { name: "pipe.send-in-frames", set: |_| send(LONG_BYTES) },
    Operation { name: "pipe.receive", set: |_| receive(SHORT_BYTES) },
    Operation { name: "pipe.receive-in-frames", set: |_| receive(LONG_BYTES) },
];

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

fn send(bytes: usize) -> Result<Stage, Wrong> {
    let (reader, writer) = cabotage_pipe::anonymous()?;
    let victim = move |gate: &Gate<'_>| send_last(gate, Writer::new(writer).expect("an id"), bytes);
    let survivor = After(move |ground: &Ground<'_>, outcome: &mut Outcome| {
        outcome.told(|| drain(&mut Reader::new(reader), ground))
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// Sends some messages, and one more of so many bytes as the operation.
pub(super) fn send_last<W: cabotage_pipe::WriteEnd>(gate: &Gate<'_>, mut writer: Writer<W>, bytes: usize) {
    for number in 0..BEFORE {
        gate.notes.sending(number, || writer.send(&mark(number).record(SHORT_BYTES), soon())).expect("room");
    }
    let record = mark(BEFORE).record(bytes);
    gate.operation(|| gate.notes.sending(BEFORE, || writer.send(&record, Deadline::Now)));
}

/// Receives to the end: all that was committed, and at most the one in hand besides, or its loss.
pub(super) fn drain<R: ReadEnd>(reader: &mut Reader<R>, ground: &Ground<'_>) -> Result<(), Wrong> {
    let (mut due, mut lost) = (InOrder::from(0, 0), 0);
    loop {
        match reader.receive(soon())? {
            Received::Message(message) => drop(due.take(&message.body)?),
            Received::Lost(_) => lost += 1,
            Received::End => break,
        }
    }
    ground.notes.check_received(due.next())?;
    // A loss that is told is that of the record in hand.
    ground.notes.check_received(due.next() + lost)
}

fn receive(bytes: usize) -> Result<Stage, Wrong> {
    let (reader, writer) = cabotage_pipe::anonymous()?;
    let mut writer = Writer::new(writer)?;
    for number in 0..=BEFORE {
        writer.send(&mark(number).record(bytes), Deadline::Now)?;
    }
    let theirs = OwnedFd::from(reader);
    let victim = move |gate: &Gate<'_>| receive_last(gate, std::io::PipeReader::from(theirs));
    let survivor = After(move |_: &Ground<'_>, outcome: &mut Outcome| {
        match outcome.told(|| writer.send(b"is anybody there?", Deadline::Now)) {
            Err(error) if error.fault() == cabotage_os::Fault::Peer => Ok(()),
            other => Err(format!("a writer without a reader is told: {other:?}").into()),
        }
    });
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// Receives some messages, and one more as the operation.
pub(super) fn receive_last<R: ReadEnd>(gate: &Gate<'_>, end: R) {
    let mut reader = Reader::new(end);
    for number in 0..BEFORE {
        let received = reader.receive(soon()).expect("a message");
        let Received::Message(message) = received else { panic!("{received:?}") };
        assert_eq!(Mark::of(&message.body), Ok(mark(number)));
    }
    gate.operation(|| gate.notes.taking(BEFORE, || reader.receive(Deadline::Now)));
}
