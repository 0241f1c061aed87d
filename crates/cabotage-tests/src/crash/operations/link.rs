// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links: each way to send and to receive, from the HELLO to the end.
//!
//! A link whose end was killed is over, so what is left to check is its other end: all that was committed, whole, in
//! order and once, then the news, and nothing kept.

use std::io::Read;
use std::os::fd::AsFd;
use std::time::Duration;

use cabotage_link::{End, Link, LinkError, Message, Options, Parcel, Ready, ReceiveError, Wait};
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};

use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::notes::Notes;
use crate::record::{InOrder, Mark};
use crate::watchdog::soon;

/// So many messages each way bring both outboxes and end the talk over the socket.
const WARM: u64 = 20;
const SHORT_BYTES: usize = 100;
/// Above what is copied word by word; each byte more is a point more.
const LONG_BYTES: usize = 600;
const BLOCK_BYTES: usize = 600;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { name: "link.join", set: |_| stage(Way { warm: 0, victim: join, ..SENDS }) },
    Operation { name: "link.send-first", set: |_| stage(Way { warm: 0, victim: send_first, ..SENDS }) },
    Operation { name: "link.send", set: |_| stage(Way { victim: send_short, ..SENDS }) },
    Operation { name: "link.send-long", set: |_| stage(Way { victim: send_long, ..SENDS }) },
    Operation {
        name: "link.send-to-sleeper",
        set: |_| stage(Way { sleeps: true, victim: send_short, ..SENDS }),
    },
    Operation { name: "link.send-into-larger-ring", set: |_| stage(Way { victim: send_growing, ..SENDS }) },
    Operation { name: "link.send-block", set: |_| stage(Way { victim: send_block, ..SENDS }) },
    Operation { name: "link.send-descriptor", set: |_| stage(Way { victim: send_descriptor, ..SENDS }) },
    Operation { name: "link.receive", set: |_| stage(Way { last: say_short, victim: receive, ..SENDS }) },
    Operation {
        name: "link.receive-block",
        set: |_| stage(Way { last: say_block, victim: receive, ..SENDS }),
    },
    Operation {
        name: "link.receive-descriptor",
        set: |_| stage(Way { last: say_descriptor, victim: receive, ..SENDS }),
    },
    Operation { name: "link.arm", set: |_| stage(Way { victim: arm, ..SENDS }) },
    Operation { name: "link.trim", set: |_| stage(Way { victim: trim, ..SENDS }) },
    Operation { name: "link.split-and-send", set: |_| stage(Way { victim: split_and_send, ..SENDS }) },
    Operation { name: "link.close", set: |_| stage(Way { victim: close, ..SENDS }) },
];

/// How one operation is tried.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Messages each way before it.
    warm: u64,
    /// Whether the survivor sleeps on its descriptor.
    sleeps: bool,
    /// What the survivor sends last, for the victim to receive.
    last: fn(&mut Link) -> Result<(), Wrong>,
    victim: fn(&Gate<'_>, Victim),
}

const SENDS: Way = Way { warm: WARM, sleeps: false, last: |_| Ok(()), victim: send_short };

fn options() -> Options {
    Options::new().wait(Wait::Block)
}

fn stage(way: Way) -> Result<Stage, Wrong> {
    let (near, end) = Link::pair(options())?;
    let end = end.into_fd().ok_or("an end of another process")?;
    let victim = move |gate: &Gate<'_>| {
        let end = End::received(end).expect("an end");
        (way.victim)(gate, Victim { end, warm: way.warm });
    };
    let survivor = Near { link: near, way, due: InOrder::from(0, 0) };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// The end that is to die.
#[derive(Debug)]
struct Victim {
    end: End,
    warm: u64,
}

impl Victim {
    /// Its link, after the talk that goes before the operation.
    fn link(self, notes: &Notes) -> Link {
        let mut link = self.end.link(options()).expect("a link");
        for number in 0..self.warm {
            let message = link.receive(soon()).expect("a message");
            assert_eq!(Mark::of(&message.to_vec()), Ok(Mark { stream: 1, number }));
        }
        for number in 0..self.warm {
            notes.sending(number, || link.send(&mark(number).record(SHORT_BYTES), soon())).expect("room");
        }
        link
    }
}

fn mark(number: u64) -> Mark {
    Mark { stream: 0, number }
}

fn join(gate: &Gate<'_>, victim: Victim) {
    gate.operation(|| victim.end.link(options()));
}

fn send_first(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    let record = mark(0).record(SHORT_BYTES);
    gate.operation(|| gate.notes.sending(0, || link.send(&record, Deadline::Now)));
}

fn send_short(gate: &Gate<'_>, victim: Victim) {
    send(gate, victim, SHORT_BYTES);
}

fn send_long(gate: &Gate<'_>, victim: Victim) {
    send(gate, victim, LONG_BYTES);
}

fn send(gate: &Gate<'_>, victim: Victim, bytes: usize) {
    let mut link = victim.link(gate.notes);
    let record = mark(WARM).record(bytes);
    gate.operation(|| gate.notes.sending(WARM, || link.send(&record, Deadline::Now)));
}

/// Fills the first ring. One who finds no room makes a larger ring, at once or when it comes again.
fn send_growing(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    let bytes = link.memory_bytes();
    let mut number = WARM;
    let mut record = mark(number).record(SHORT_BYTES);
    while gate.notes.sending(number, || link.send(&record, Deadline::Now)).is_ok() {
        number += 1;
        mark(number).fill(&mut record);
    }
    assert_eq!(link.memory_bytes(), bytes, "the ring has grown before the operation");
    let notes = gate.notes;
    gate.operation(|| {
        while link.memory_bytes() == bytes {
            if notes.sending(number, || link.send(&record, Deadline::Now)).is_ok() {
                number += 1;
                mark(number).fill(&mut record);
            }
        }
    });
}

fn send_block(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    let (body, record) = (mark(WARM).record(SHORT_BYTES), mark(WARM).record(BLOCK_BYTES));
    gate.operation(|| {
        gate.notes.sending(WARM, || {
            let mut block = link.block(BLOCK_BYTES, Deadline::Now).map_err(|_| ())?;
            block.write_at(0, &record).map_err(|_| ())?;
            link.send_parcel(Parcel::new(&body).block(block), Deadline::Now).map_err(|_| ())
        })
    });
}

fn send_descriptor(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    let body = mark(WARM).record(SHORT_BYTES);
    let reader = letter_in_a_pipe();
    gate.operation(|| {
        let parcel = Parcel::new(&body).descriptor(reader);
        gate.notes.sending(WARM, || link.send_parcel(parcel, Deadline::Now).map_err(|_| ()))
    });
}

fn receive(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    gate.operation(|| {
        gate.notes.taking(0, || link.receive(soon()).map(|message| message.into_letter().bytes.len()))
    });
}

fn arm(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    gate.operation(|| link.ready());
}

fn trim(gate: &Gate<'_>, victim: Victim) {
    let mut link = victim.link(gate.notes);
    gate.operation(|| link.trim());
}

fn split_and_send(gate: &Gate<'_>, victim: Victim) {
    let link = victim.link(gate.notes);
    let record = mark(WARM).record(SHORT_BYTES);
    gate.operation(|| {
        let (sender, receiver) = link.split();
        let sent = gate.notes.sending(WARM, || sender.send(&record, Deadline::Now));
        (sender, receiver, sent)
    });
}

fn close(gate: &Gate<'_>, victim: Victim) {
    let link = victim.link(gate.notes);
    gate.operation(|| {
        gate.notes.doing(|| {
            link.close();
            Ok::<_, ()>(())
        })
    });
}

/// A pipe with a record in it: what tells that a descriptor is the one that was sent.
fn letter_in_a_pipe() -> std::io::PipeReader {
    use std::io::Write;
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(&mark(WARM).record(SHORT_BYTES)).expect("room in a pipe");
    reader
}

fn say_short(link: &mut Link) -> Result<(), Wrong> {
    Ok(link.send(&mark(0).record(SHORT_BYTES), soon())?)
}

fn say_block(link: &mut Link) -> Result<(), Wrong> {
    let mut block = link.block(BLOCK_BYTES, soon())?;
    block.write_at(0, &mark(0).record(BLOCK_BYTES))?;
    Ok(link.send_parcel(Parcel::new(b"x").block(block), soon()).map_err(|unsent| unsent.error)?)
}

fn say_descriptor(link: &mut Link) -> Result<(), Wrong> {
    let parcel = Parcel::new(b"x").descriptor(letter_in_a_pipe());
    Ok(link.send_parcel(parcel, soon()).map_err(|unsent| unsent.error)?)
}

/// The end that lives on.
struct Near {
    link: Link,
    way: Way,
    due: InOrder,
}

impl Survivor for Near {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        for number in 0..self.way.warm {
            self.link.send(&Mark { stream: 1, number }.record(SHORT_BYTES), soon())?;
        }
        for _ in 0..self.way.warm {
            self.due.take(&self.link.receive(soon())?.to_vec())?;
        }
        (self.way.last)(&mut self.link)?;
        if self.way.sleeps && self.link.ready()? != Ready::Armed {
            return Err("there is a message that nobody sent".into());
        }
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        if self.way.sleeps {
            let waits = [(self.link.as_fd(), Readiness::IN)];
            let [found] = outcome.told(|| poll::wait(waits, Deadline::within(Duration::from_secs(2))))?;
            if found.is_empty() {
                return Err("one who sleeps is woken neither by the record nor by the death".into());
            }
        }
        let end = outcome.told(|| {
            loop {
                match self.link.receive(soon()) {
                    Ok(message) => take(message, &mut self.due)?,
                    Err(error) => return Ok::<_, Wrong>(error),
                }
            }
        })?;
        ground.notes.check_received(self.due.next())?;
        match end {
            ReceiveError::Link(LinkError::Died) if !ground.notes.is_done() => Ok(()),
            ReceiveError::Link(LinkError::Closed) if ground.notes.is_begun() => Ok(()),
            other => Err(format!("the survivor is told: {other}").into()),
        }
    }
}

/// Takes a message with all that came along.
fn take(mut message: Message<'_>, due: &mut InOrder) -> Result<(), Wrong> {
    let mark = due.take(&message.to_vec())?;
    if let Some(block) = message.take_block() {
        let mut body = vec![0; BLOCK_BYTES];
        block.copy_to(&mut body)?;
        if Mark::of(&body)? != mark {
            return Err("a block came with another message".into());
        }
    }
    for descriptor in message.take_descriptors() {
        let mut body = vec![0; SHORT_BYTES];
        std::io::PipeReader::from(descriptor).read_exact(&mut body)?;
        if Mark::of(&body)? != mark {
            return Err("a descriptor came with another message".into());
        }
    }
    Ok(())
}
