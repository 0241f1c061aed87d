// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach, with the holder of a send right as victim: it takes the right, sends, passes rights on, asks, hands
//! memory over, gives back.
//!
//! Whatever the point, the port receives what was committed, with its memory whole, and then, once, that nobody can send
//! any more; and a right to the victim's port that came is dead.

use std::time::Duration;

use cabotage_mach::{
    AnyRight, Carried, Deadline, Memory, Notification, Outgoing, ReceiveError, ReceiveRight, Region,
    SendRight,
};

use super::message;
use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::record::InOrder;
use crate::rights::{look, prepare};
use crate::watchdog::soon;

/// So many messages bring the memory of both ends.
const WARM: u64 = 4;
/// How much memory a message brings that brings any, and what stands in each byte.
const MEMORY_BYTES: usize = 40_000;
const FILLED: u8 = 0xa7;

pub(in crate::crash::operations) const OPERATIONS: &[Operation] = &[
    Operation { name: "mach.send", set: |_| stage(send) },
    Operation { name: "mach.send-right", set: |_| stage(send_right) },
    Operation { name: "mach.pass-on", set: |_| stage(pass_on) },
    Operation { name: "mach.send-once", set: |_| stage(send_once) },
    Operation { name: "mach.offer-receive", set: |_| stage(offer_receive) },
    Operation { name: "mach.release", set: |_| stage(release) },
    Operation { name: "mach.send-memory", set: |_| stage(send_memory) },
    Operation { name: "mach.send-sealed", set: |_| stage(send_sealed) },
    Operation { name: "mach.lend", set: |_| stage(lend) },
];

fn send(gate: &Gate<'_>, right: SendRight) {
    post(gate, right, message(WARM));
}

/// A right to its own port: a link is made for it.
fn send_right(gate: &Gate<'_>, right: SendRight) {
    let own = ReceiveRight::new().expect("a port");
    let send = own.make_send().expect("a right");
    post(gate, right, message(WARM).with(send));
    drop(own);
}

/// The right that it has itself: a fork.
fn pass_on(gate: &Gate<'_>, right: SendRight) {
    let copy = right.copy().expect("a right");
    post(gate, right, message(WARM).with(copy));
}

fn send_once(gate: &Gate<'_>, right: SendRight) {
    let own = ReceiveRight::new().expect("a port");
    let once = own.make_send_once().expect("a right");
    post(gate, right, message(WARM).reply_to(once));
    drop(own);
}

/// A port of its own is to go, and the other owner does not answer in time: it is offered and taken back.
fn offer_receive(gate: &Gate<'_>, right: SendRight) {
    let own = ReceiveRight::new().expect("a port");
    let in_vain = Duration::from_millis(5);
    gate.operation(|| gate.notes.sending(WARM, || right.send_within(message(WARM).with(own), in_vain)));
}

/// Memory that is copied into a block.
fn send_memory(gate: &Gate<'_>, right: SendRight) {
    post(gate, right, message(WARM).memory(vec![FILLED; MEMORY_BYTES]));
}

/// Memory that goes as it is: it is sealed as a part of the operation.
fn send_sealed(gate: &Gate<'_>, right: SendRight) {
    let mut region = Region::create("crash", MEMORY_BYTES).expect("memory");
    region.fill(FILLED);
    gate.operation(|| {
        let sealed = region.seal().expect("sealed memory");
        gate.notes.sending(WARM, || right.send_within(message(WARM).memory(sealed), Deadline::Now))
    });
    drop(right);
}

/// Memory that is written where it is read.
fn lend(gate: &Gate<'_>, right: SendRight) {
    gate.operation(|| {
        let mut loan =
            right.loan(MEMORY_BYTES, Deadline::Now).expect("no refusal").expect("a port that is away");
        assert!(loan.write_at(0, &[FILLED; MEMORY_BYTES]));
        gate.notes.sending(WARM, || right.send_within(message(WARM).lend(loan), Deadline::Now))
    });
    drop(right);
}

fn release(gate: &Gate<'_>, right: SendRight) {
    gate.operation(|| drop(right));
}

fn post(gate: &Gate<'_>, right: SendRight, message: Outgoing) {
    gate.operation(|| gate.notes.sending(WARM, || right.send_within(message, Deadline::Now)));
    drop(right);
}

/// A victim with a right that is warm when its operation begins.
fn stage(victim: fn(&Gate<'_>, SendRight)) -> Result<Stage, Wrong> {
    prepare()?;
    let port = ReceiveRight::new()?;
    let end = port.make_send()?.to_end()?;
    let act = move |gate: &Gate<'_>| {
        let right = SendRight::from_end(end).expect("a right");
        for number in 0..WARM {
            let sent = gate.notes.sending(number, || right.send_within(message(number), soon()));
            sent.expect("room");
        }
        victim(gate, right);
    };
    let survivor = Owner { port, due: InOrder::from(0, 0) };
    Ok(Stage { victim: Box::new(act), survivor: Box::new(survivor) })
}

/// The owner of the port, who lives on.
struct Owner {
    port: ReceiveRight,
    due: InOrder,
}

impl Survivor for Owner {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        for _ in 0..WARM {
            self.due.take(self.port.receive_within(soon())?.body())?;
        }
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        self.port.notify_when_unused(0, self.port.make_send_once()?)?;
        outcome.told(|| self.hear_out())?;
        ground.notes.check_received(self.due.next())?;
        match self.port.receive_within(Deadline::Now) {
            Err(ReceiveError::TimedOut) => {}
            other => return Err(format!("nobody can send, and yet comes {other:?}").into()),
        }
        drop(self.port);
        (0..16).for_each(|_| look());
        Ok(())
    }
}

impl Owner {
    /// Receives until nobody can send any more.
    fn hear_out(&mut self) -> Result<(), Wrong> {
        loop {
            match self.port.receive_within(soon())?.into_notification() {
                Ok(Notification::NoSenders { .. }) => return Ok(()),
                Ok(news) => return Err(format!("the port is told {news:?}").into()),
                Err(mut message) => {
                    self.due.take(message.body())?;
                    for carried in message.take_carried() {
                        match carried {
                            Carried::Right(right) => dies(&right, self.port.name())?,
                            Carried::Memory(memory) => is_whole(memory)?,
                            other => return Err(format!("nobody sent {other:?}").into()),
                        }
                    }
                    // Its sender is dead, and so is the port to answer to.
                    let _ = message.reply(Outgoing::new(1_001));
                }
            }
        }
    }
}

/// A right to a port of the dead dies; one to our own is known by our own name.
fn dies(right: &AnyRight, own: cabotage_mach::Name) -> Result<(), Wrong> {
    let AnyRight::Send(right) = right else { return Ok(()) };
    let patience = soon();
    while right.name() != own && !right.is_dead() {
        if patience.has_passed() {
            return Err("a right to a port of a dead process lives".into());
        }
        look();
    }
    Ok(())
}

/// What is sent can be read when its sender is dead, every byte of it.
fn is_whole(memory: Memory) -> Result<(), Wrong> {
    let bytes = memory.into_immutable()?;
    let is_whole = bytes.len() == MEMORY_BYTES && bytes.iter().all(|byte| *byte == FILLED);
    if is_whole { Ok(()) } else { Err("memory is torn".into()) }
}
