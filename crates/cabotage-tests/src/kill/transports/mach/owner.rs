// SPDX-License-Identifier: MIT OR Apache-2.0
//! The survivor: it owns the port at which victims say where theirs are, and hears each out, or sends to it until it is
//! dead.

use cabotage_mach::{
    AnyRight, Deadline, Message, Notification, Outgoing, ReceiveError, ReceiveRight, SendRight,
};

use super::super::link::wait_for_death;
use super::super::{Answer, record};
use super::tally::Tally;
use super::{HELLO, Mach, RECORD, answer_some, roomy_port, sent};
use crate::Wrong;
use crate::kill::session::{Session, Side, Survivor};
use crate::record::InOrder;
use crate::rights::{brought, look};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How many rights of a victim are kept until it is dead.
const KEPT_MAX: usize = 64;

/// See the [module](self).
pub(super) struct Owner {
    what: Mach,
    victims: Side,
    door: ReceiveRight,
}

impl Owner {
    pub(super) fn new(what: Mach, victims: Side, door: ReceiveRight) -> Self {
        Self { what, victims, door }
    }
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
