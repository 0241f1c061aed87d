// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach, with the victim as sender or as receiver, alone or with rights in every message.
//!
//! The survivor checks in; each victim tells it where its own port is and gets a right to a port of its own. Once a
//! victim is dead that port has no sender, in one notification behind everything that was sent; each send-once right
//! that went to it has come to one message exactly, an answer or the news that there is none; and each right that it
//! gave is dead.

use std::time::Duration;

use cabotage_mach::{
    AnyRight, Message, Notification, Outgoing, ReceiveError, ReceiveRight, SendError, SendRight, Unsent,
};
use cabotage_os::Deadline;

use super::link::wait_for_death;
use super::{Answer, receive_for_ever, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::record::InOrder;
use crate::rights::{NAME, brought, check_in, look, look_up, prepare};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);
/// How many messages wait at a port.
const QUEUE_LIMIT: u32 = 64;
/// How many rights of a victim are kept until it is dead.
const KEPT_MAX: usize = 64;
/// Numbers of messages: the small ones are the kernel's.
const HELLO: i32 = 1_000;
const RECORD: i32 = 1_001;
const ANSWER: i32 = 1_002;

/// What goes beside each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mach {
    /// Nothing.
    Plain,
    /// A send right and a right to answer once, both to its sender's own port.
    Rights,
    /// Nothing; but the port was its sender's, and the receive right was passed on.
    Moved,
}

impl Transport for Mach {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "mach-plain",
            Self::Rights => "mach-rights",
            Self::Moved => "mach-moved",
        }
    }

    fn prepare(&self) -> Result<(), Wrong> {
        prepare()
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Owner { what: *self, victims, door: check_in(place, NAME)? }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let (to, own) = self.meet(life)?;
        life.notes.begin_stream(life.number);
        life.notes.set_ready(true);
        match life.side {
            Side::Sender => send_for_ever(&life.notes, life.number, |record| {
                while own.try_receive().is_ok() {}
                sent(to.send_within(self.message(record, &own)?, WHILE))
            }),
            Side::Receiver => {
                let mut due = InOrder::from(life.number, 0);
                receive_for_ever(&life.notes, &mut due, |take| match own.receive_within(WHILE) {
                    Ok(mut message) => {
                        take(message.body())?;
                        answer_some(&mut message);
                        Ok(Answer::Done)
                    }
                    Err(ReceiveError::TimedOut) if to.is_dead() => Ok(Answer::Over),
                    Err(ReceiveError::TimedOut) => Ok(Answer::NotYet),
                    Err(error) => Err(error.into()),
                })
            }
        }
    }
}

impl Mach {
    /// A right to the survivor's port and a port of its own, in one of the two cases another's.
    fn meet(self, life: &Life<'_>) -> Result<(SendRight, ReceiveRight), Wrong> {
        let (door, own) = (look_up(&life.place, NAME)?, roomy_port()?);
        let send = own.make_send()?;
        let is_given_away = self == Self::Moved && life.side == Side::Sender;
        let (kept, given) = if is_given_away {
            (roomy_port()?, AnyRight::from(own))
        } else {
            (own, AnyRight::from(send.copy()?))
        };
        let mut answer = door.request_within(Outgoing::new(HELLO).with(given), soon())?;
        match brought(&mut answer).next() {
            Some(AnyRight::Send(to)) => Ok((to, kept)),
            Some(AnyRight::Receive(port)) => Ok((send, port)),
            _ if is_given_away => Ok((send, kept)),
            other => Err(format!("no right to send by, but {other:?}").into()),
        }
    }

    fn message(self, record: &[u8], own: &ReceiveRight) -> Result<Outgoing, Wrong> {
        let message = Outgoing::new(RECORD).body(record);
        Ok(match self {
            Self::Plain | Self::Moved => message,
            Self::Rights => message.with(own.make_send()?).reply_to(own.make_send_once()?),
        })
    }
}

fn roomy_port() -> Result<ReceiveRight, Wrong> {
    let port = ReceiveRight::new()?;
    port.set_queue_limit(QUEUE_LIMIT)?;
    Ok(port)
}

fn sent(sent: Result<(), Unsent>) -> Result<Answer, Wrong> {
    match sent.map_err(|unsent| unsent.error()) {
        Ok(()) => Ok(Answer::Done),
        Err(SendError::TimedOut) => Ok(Answer::NotYet),
        Err(SendError::InvalidDestination) => Ok(Answer::Over),
        Err(error) => Err(error.into()),
    }
}

/// Answers every second message that may be answered; of the others the right is given back.
fn answer_some(message: &mut Message) {
    if message.sequence().is_multiple_of(2) {
        // One who is gone misses nothing.
        let _ = message.reply(Outgoing::new(ANSWER));
    }
}

struct Owner {
    what: Mach,
    victims: Side,
    door: ReceiveRight,
}

impl Survivor for Owner {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let mut hello = loop {
            // One that died before this look has said it before it, or never.
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.door.receive_within(deadline)) {
                Ok(hello) => break hello,
                Err(ReceiveError::TimedOut) if was_dead => return Ok(()),
                Err(ReceiveError::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let port = roomy_port()?;
        let victims = brought(&mut hello).next();
        if self.what == Mach::Moved {
            return self.live_moved(hello, victims, port, session);
        }
        // One that is dead already gets none.
        let _ = hello.reply(Outgoing::new(HELLO).with(port.make_send()?));
        port.notify_when_unused(0, port.make_send_once()?)?;
        match (self.victims, victims) {
            (Side::Sender, _) => receive_until_death(&port, session),
            (Side::Receiver, Some(AnyRight::Send(right))) => self.send_until_death(&right, &port, session),
            (Side::Receiver, _) => wait_for_death(session),
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        drop(self.door);
        // The dead have hung up, which somebody has to hear.
        for _ in 0..64 {
            look();
        }
        crate::rights::sweep(place)
    }
}

impl Owner {
    /// The receive right of the port that is sent to comes from the victim, or goes to it.
    fn live_moved(
        &self,
        mut hello: Message,
        came: Option<AnyRight>,
        port: ReceiveRight,
        session: &Session<'_>,
    ) -> Result<(), Wrong> {
        if let (Side::Sender, Some(AnyRight::Receive(port))) = (self.victims, came) {
            let _ = hello.reply(Outgoing::new(HELLO));
            port.notify_when_unused(0, port.make_send_once()?)?;
            return receive_until_death(&port, session);
        }
        let right = port.make_send()?;
        // It dies with the victim, wherever it is by then.
        let _ = hello.reply(Outgoing::new(HELLO).with(port));
        send_until_dead(&right, session, |record| Ok(Outgoing::new(RECORD).body(record)))
    }
}

/// Sends messages with these records until the victim's port is dead: no more were taken than were sent.
fn send_until_dead(
    right: &SendRight,
    session: &Session<'_>,
    mut message: impl FnMut(&[u8]) -> Result<Outgoing, Wrong>,
) -> Result<(), Wrong> {
    let mut number = 0;
    loop {
        let next = message(&record(session.number, number))?;
        match sent(session.slice(|deadline| right.send_within(next, deadline)))? {
            Answer::Done => number += 1,
            Answer::NotYet => session.still_waits()?,
            Answer::Over => break,
        }
    }
    session.told();
    wait_for_death(session)?;
    match session.notes.taken() {
        taken if taken <= number => Ok(()),
        taken => Err(format!("{taken} records were taken, of {number} that were sent").into()),
    }
}

/// Receives from a victim until nobody can send any more.
fn receive_until_death(port: &ReceiveRight, session: &Session<'_>) -> Result<(), Wrong> {
    let mut due = InOrder::from(session.number, 0);
    let mut given = Vec::new();
    loop {
        let message = match session.slice(|deadline| port.receive_within(deadline)) {
            Ok(message) => message,
            Err(ReceiveError::TimedOut) => {
                session.still_waits()?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match message.into_notification() {
            Ok(Notification::NoSenders { .. }) => break,
            Ok(news) => return Err(format!("the port is told {news:?}").into()),
            Err(mut message) => {
                due.take(message.body())?;
                let rights = brought(&mut message).filter_map(AnyRight::into_send);
                given.extend(rights.take(KEPT_MAX - given.len()));
                answer_some(&mut message);
            }
        }
    }
    session.told();
    wait_for_death(session)?;
    all_die(&given)?;
    session.notes.check_received(due.next())
}

/// Rights to the ports of a process that is dead die, once that is heard.
fn all_die(rights: &[SendRight]) -> Result<(), Wrong> {
    let patience = soon();
    while !rights.iter().all(SendRight::is_dead) {
        if patience.has_passed() {
            return Err("rights to ports of a dead process live".into());
        }
        look();
    }
    Ok(())
}

impl Owner {
    /// Sends to a victim until its port is dead; then everything that went to it has come to its end.
    fn send_until_death(
        &self,
        right: &SendRight,
        port: &ReceiveRight,
        session: &Session<'_>,
    ) -> Result<(), Wrong> {
        let (mut made, mut tally) = (0, Tally::default());
        send_until_dead(right, session, |record| {
            while let Ok(message) = port.try_receive() {
                tally.take(message)?;
            }
            made += u64::from(self.what == Mach::Rights);
            self.what.message(record, port)
        })?;
        while tally.ended < made || !tally.is_unused {
            match port.receive_within(soon()) {
                Ok(message) => tally.take(message)?,
                Err(_) => return Err(format!("of {made} send-once rights, {tally:?}").into()),
            }
        }
        match port.receive_within(Deadline::Now) {
            Err(ReceiveError::TimedOut) => Ok(()),
            other => Err(format!("of {made} send-once rights {tally:?}, and then comes {other:?}").into()),
        }
    }
}

/// What came to the port that a victim had rights to.
#[derive(Debug, Default)]
struct Tally {
    /// Send-once rights that have come to an answer, or to the news that there is none.
    ended: u64,
    /// Whether no send right is left.
    is_unused: bool,
}

impl Tally {
    fn take(&mut self, message: Message) -> Result<(), Wrong> {
        match message.into_notification() {
            Err(answer) if answer.id() == ANSWER => self.ended += 1,
            Ok(Notification::SendOnce) => self.ended += 1,
            Ok(Notification::NoSenders { .. }) if !self.is_unused => self.is_unused = true,
            other => return Err(format!("the port is told {other:?}, with {self:?}").into()),
        }
        Ok(())
    }
}
