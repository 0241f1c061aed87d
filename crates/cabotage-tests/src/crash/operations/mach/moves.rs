// SPDX-License-Identifier: MIT OR Apache-2.0
//! A whole move of a receive right with a full queue, while somebody waits for room at its port: the victim gives the
//! port away, takes it, or is who waits.
//!
//! Whatever the point, the port is in one place with everything that was sent, or it is dead and its sender is told.

use std::thread::JoinHandle;

use cabotage_mach::{Carried, Notification, Outgoing, ReceiveRight, SendError, SendRight, Unsent};

use super::other::{Other, right_in};
use super::{hear_out, message};
use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::record::InOrder;
use crate::rights::{look, prepare};
use crate::watchdog::soon;

/// Others have to answer in between, so no two runs go the same way: points are drawn.
pub(in crate::crash::operations) const OPERATIONS: &[Operation] = &[
    Operation { name: "mach.give-port", set: |_| give_port() },
    Operation { name: "mach.take-port", set: |_| take_port() },
    Operation { name: "mach.follow-port", set: |_| follow_port() },
];

/// How many messages the sender has: more than the port queues.
const MESSAGES: u64 = 12;
/// How many it queues.
const QUEUED: u32 = 5;
/// The numbers of the messages that bring a right to send by, and the port.
const HELLO: i32 = 2_000;
const PORT: i32 = 2_001;

/// What became of a sender.
enum Sent {
    /// It has sent everything, and its right is gone.
    All,
    /// It was told that the port is dead.
    Dead,
}

/// Sends all messages, however long there is no room.
fn send_all(right: &SendRight) -> Result<Sent, SendError> {
    for number in 0..MESSAGES {
        match right.send_within(message(number), soon()).map_err(|unsent| unsent.error()) {
            Ok(()) => {}
            Err(SendError::InvalidDestination) => return Ok(Sent::Dead),
            Err(error) => return Err(error),
        }
    }
    Ok(Sent::All)
}

/// One who sends in a thread of its own.
struct Sender(JoinHandle<Result<Sent, SendError>>);

impl Sender {
    fn start(right: SendRight) -> Self {
        Self(std::thread::spawn(move || send_all(&right)))
    }

    fn end(self) -> Result<Sent, Wrong> {
        Ok(self.0.join().map_err(|_| "a sender that panics")??)
    }

    /// Its port is dead: what it still sends is lost, and that is told.
    fn told(self) -> Result<(), Wrong> {
        self.end().map(|_| ())
    }

    /// All that it sent is received at the port, which lives.
    fn heard_out_at(self, port: &ReceiveRight) -> Result<(), Wrong> {
        let mut due = InOrder::from(0, 0);
        hear_out(port, &mut due)?;
        match self.end()? {
            Sent::All if due.next() == MESSAGES => Ok(()),
            Sent::All => Err(format!("of {MESSAGES} messages {} have come", due.next()).into()),
            Sent::Dead => Err("the port lives, and its sender was told that it is dead".into()),
        }
    }
}

/// Waits until the queue is full, or nobody is left who could fill it.
fn fill_up(port: &ReceiveRight) {
    let patience = soon();
    let is_due = || {
        let queued = port.status().expect("a port that lives").queued;
        // A message that waits has a right of its own.
        queued < QUEUED && port.names().send_rights(port.name()).expect("a port that lives") > queued
    };
    while is_due() {
        assert!(!patience.has_passed(), "nobody sends");
        look();
        std::thread::yield_now();
    }
}

/// The receive right that a message brought.
fn port_in(carried: Vec<Carried>) -> Option<ReceiveRight> {
    carried.into_iter().find_map(|carried| match carried {
        Carried::Right(right) => right.into_receive(),
        _ => None,
    })
}

fn give_port() -> Result<Stage, Wrong> {
    prepare()?;
    let door = ReceiveRight::new()?;
    let end = door.make_send()?.to_end()?;
    let victim = move |gate: &Gate<'_>| {
        let door = SendRight::from_end(end).expect("a right");
        let port = ReceiveRight::new().expect("a port");
        let right = port.make_send().expect("a right");
        door.send_within(Outgoing::new(HELLO).with(right), soon()).expect("room");
        fill_up(&port);
        let message = Outgoing::new(PORT).with(port);
        gate.operation(|| gate.notes.doing(|| door.send_within(message, soon())).expect("a port that moves"));
    };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(Heir { door, sender: None }) })
}

/// Whom the port comes to, and somebody in the same process who sends to it.
struct Heir {
    door: ReceiveRight,
    sender: Option<Sender>,
}

/// What comes to the door before nobody is left who could knock.
fn port_at(door: &ReceiveRight) -> Result<Option<ReceiveRight>, Wrong> {
    door.notify_when_unused(0, door.make_send_once()?)?;
    let mut port = None;
    loop {
        match door.receive_within(soon())?.into_notification() {
            Ok(Notification::NoSenders { .. }) => return Ok(port),
            Err(mut message) if message.id() == PORT && port.is_none() => {
                port = Some(port_in(message.take_carried()).ok_or("the message came without its port")?);
            }
            other => return Err(format!("at the door there is {other:?}").into()),
        }
    }
}

impl Survivor for Heir {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        let right = right_in(self.door.receive_within(soon())?)?;
        self.sender = Some(Sender::start(right));
        Ok(())
    }

    fn check(mut self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let sender = self.sender.take().ok_or("somebody sends")?;
        match outcome.told(|| port_at(&self.door))? {
            Some(port) => sender.heard_out_at(&port)?,
            None if ground.notes.is_done() => return Err("a port that was given away is lost".into()),
            None => sender.told()?,
        }
        drop(self.door);
        (0..16).for_each(|_| look());
        Ok(())
    }
}

fn take_port() -> Result<Stage, Wrong> {
    prepare()?;
    let own = ReceiveRight::new()?;
    let end = own.make_send()?.to_end()?;
    let victim = move |gate: &Gate<'_>| {
        let right = SendRight::from_end(end).expect("a right");
        let door = ReceiveRight::new().expect("a port");
        let to_door = door.make_send().expect("a right");
        right.send_within(Outgoing::new(HELLO).with(to_door), soon()).expect("room");
        gate.operation(|| {
            let mut message = door.receive_within(soon()).expect("a message");
            port_in(message.take_carried()).expect("a port")
        });
    };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(Giver { own, moving: None }) })
}

/// Who gives the port away, and sends to it.
struct Giver {
    own: ReceiveRight,
    moving: Option<(Sender, JoinHandle<Result<(), Unsent>>)>,
}

impl Survivor for Giver {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        let door = right_in(self.own.receive_within(soon())?)?;
        let port = ReceiveRight::new()?;
        let sender = Sender::start(port.make_send()?);
        fill_up(&port);
        let mover = std::thread::spawn(move || door.send_within(Outgoing::new(PORT).with(port), soon()));
        self.moving = Some((sender, mover));
        Ok(())
    }

    fn check(mut self: Box<Self>, _ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let (sender, mover) = self.moving.take().ok_or("a port that moves")?;
        match outcome.told(|| mover.join()).map_err(|_| "a mover that panics")? {
            // It died there, or on the way.
            Ok(()) => sender.told()?,
            Err(unsent) if unsent.error() != SendError::InvalidDestination => return Err(unsent.into()),
            Err(unsent) => match unsent.into_message().map(Outgoing::into_carried).and_then(port_in) {
                Some(port) => sender.heard_out_at(&port)?,
                None => sender.told()?,
            },
        }
        drop(self.own);
        (0..16).for_each(|_| look());
        Ok(())
    }
}

/// The old owner, in a process of its own: it gives its port away once the queue is full.
fn give_away(door: &SendRight) -> Result<(), Wrong> {
    let port = ReceiveRight::new()?;
    door.send_within(Outgoing::new(HELLO).with(port.make_send()?), soon())?;
    fill_up(&port);
    Ok(door.send_within(Outgoing::new(PORT).with(port), soon())?)
}

fn follow_port() -> Result<Stage, Wrong> {
    prepare()?;
    let door = ReceiveRight::new()?;
    let old_owner = Other::start(door.make_send()?.to_end()?, give_away)?;
    let end = right_in(door.receive_within(soon())?)?.to_end()?;
    let victim = move |gate: &Gate<'_>| {
        let right = SendRight::from_end(end).expect("a right");
        gate.operation(|| {
            for number in 0..MESSAGES {
                let sent = gate.notes.sending(number, || right.send_within(message(number), soon()));
                sent.expect("room at a port that moves");
            }
        });
        drop(right);
    };
    let survivor = Follower { old_owner, door: Some(door), heir: None };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// Takes the port and everything that is sent to it; answers how many messages came.
fn hear_at(door: &ReceiveRight) -> Result<u64, Wrong> {
    let port = port_in(door.receive_within(soon())?.take_carried()).ok_or("a message without its port")?;
    let mut due = InOrder::from(0, 0);
    hear_out(&port, &mut due)?;
    Ok(due.next())
}

/// The new owner, which hears the victim out wherever the port is.
struct Follower {
    old_owner: Other,
    door: Option<ReceiveRight>,
    heir: Option<JoinHandle<Result<u64, String>>>,
}

impl Survivor for Follower {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        let door = self.door.take().ok_or("a door")?;
        self.heir = Some(std::thread::spawn(move || hear_at(&door).map_err(|wrong| wrong.to_string())));
        Ok(())
    }

    fn check(self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let Self { old_owner, heir, .. } = *self;
        let heir = heir.ok_or("an heir")?;
        let received = outcome.told(|| heir.join()).map_err(|_| "an heir that panics")??;
        ground.notes.check_received(received)?;
        drop(old_owner);
        (0..16).for_each(|_| look());
        Ok(())
    }
}
