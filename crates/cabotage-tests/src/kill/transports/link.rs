// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links: as a pair of which one end is passed to the victim, and by a name, with the victim as client or as server.
//!
//! A link whose peer died is over, so each victim has a link of its own; a name is taken over by each next server.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Scope};
use cabotage_link::{AcceptError, End, Link, LinkError, Listener, Options, ReceiveError, SendError, Wait};
use cabotage_os::Deadline;

use super::{Answer, receive_for_ever, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session, Side, Survivor, Transport};
use crate::record::InOrder;
use crate::role::Role;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The number under which a victim finds its end.
const END: i32 = 21;
/// How long a victim waits in one call.
pub(super) const WHILE: Duration = Duration::from_secs(1);

/// An end is passed to the victim.
#[derive(Debug)]
pub(super) struct Pair;

/// The victim connects to a name.
#[derive(Debug)]
pub(super) struct Client;

/// The victim publishes a name, and takes it over from the victim before.
#[derive(Debug)]
pub(super) struct Server;

fn name() -> Name {
    "kills".parse().expect("a name")
}

/// Each way to wait has its turn.
fn options(number: u64) -> Options {
    Options::new().wait([Wait::Adaptive, Wait::Block, Wait::Spin][usize::try_from(number % 3).unwrap_or(0)])
}

impl Transport for Pair {
    fn name(&self) -> &'static str {
        "link-pair"
    }

    fn survivor(&self, victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Near { victims, link: None, number: 0 }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        talk(End::inherited(END)?.link(options(life.number))?, life)
    }
}

impl Transport for Client {
    fn name(&self) -> &'static str {
        "link-client"
    }

    fn survivor(&self, victims: Side, place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        let registry = place.registry();
        let listener = Listener::publish_in(&registry, &name(), PublishOptions::new(), options(0), soon())?;
        Ok(Box::new(Serving { victims, listener }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let how = ConnectOptions::new().wait_for_name();
        talk(Link::connect_in(&life.place.registry(), &name(), how, options(life.number), soon())?, life)
    }
}

impl Transport for Server {
    fn name(&self) -> &'static str {
        "link-server"
    }

    fn survivor(&self, victims: Side, _place: &Scratch) -> Result<Box<dyn Survivor>, Wrong> {
        Ok(Box::new(Calling { victims }))
    }

    fn victim(&self, life: &Life<'_>) -> Result<(), Wrong> {
        let registry = life.place.registry();
        let listener =
            Listener::publish_in(&registry, &name(), PublishOptions::new(), options(life.number), soon())?;
        loop {
            match listener.accept(Deadline::within(WHILE)) {
                Ok(link) => talk(link, life)?,
                Err(AcceptError::Nobody) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The life of a victim: it does one thing until its survivor is gone.
fn talk(mut link: Link, life: &Life<'_>) -> Result<(), Wrong> {
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    match life.side {
        Side::Sender => Ok(send_for_ever(&life.notes, life.number, |record| {
            send_answer(link.send(record, Deadline::within(WHILE)))
        })?),
        Side::Receiver => {
            let mut due = InOrder::from(life.number, 0);
            receive_for_ever(&life.notes, &mut due, |take| match link.receive(Deadline::within(WHILE)) {
                Ok(message) => take(&message.to_vec()).map(|()| Answer::Done),
                Err(error) => receive_answer(error),
            })
        }
    }
}

fn send_answer(sent: Result<(), SendError>) -> Result<Answer, SendError> {
    match sent {
        Ok(()) => Ok(Answer::Done),
        Err(SendError::Full) => Ok(Answer::NotYet),
        Err(SendError::Link(LinkError::Died | LinkError::Closed)) => Ok(Answer::Over),
        Err(error) => Err(error),
    }
}

fn receive_answer(error: ReceiveError) -> Result<Answer, Wrong> {
    match error {
        ReceiveError::Nothing => Ok(Answer::NotYet),
        ReceiveError::Link(LinkError::Died | LinkError::Closed) => Ok(Answer::Over),
        error => Err(error.into()),
    }
}

/// Uses a link until its peer is dead.
fn outlive(mut link: Link, victims: Side, session: &Session<'_>) -> Result<(), Wrong> {
    match victims {
        Side::Sender => {
            let mut due = InOrder::from(session.number, 0);
            loop {
                match session.slice(|deadline| link.receive(deadline).map(|message| message.to_vec())) {
                    Ok(record) => drop(due.take(&record)?),
                    Err(ReceiveError::Nothing) => session.still_waits()?,
                    Err(ReceiveError::Link(LinkError::Died)) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            session.told();
            wait_for_death(session)?;
            session.notes.check_received(due.next())
        }
        Side::Receiver => {
            let mut number = 0;
            loop {
                let next = record(session.number, number);
                match session.slice(|deadline| link.send(&next, deadline)) {
                    Ok(()) => number += 1,
                    Err(SendError::Full) => session.still_waits()?,
                    Err(SendError::Link(LinkError::Died)) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            session.told();
            wait_for_death(session)?;
            match session.notes.taken() {
                taken if taken <= number => Ok(()),
                taken => Err(format!("{taken} records were taken, of {number} that were sent").into()),
            }
        }
    }
}

/// The notes are final when the victim is dead, which the survivor may know a little earlier.
pub(super) fn wait_for_death(session: &Session<'_>) -> Result<(), Wrong> {
    while !session.is_dead() {
        session.still_waits()?;
        std::thread::yield_now();
    }
    Ok(())
}

struct Near {
    victims: Side,
    link: Option<Link>,
    number: u64,
}

impl Survivor for Near {
    fn equip(&mut self, role: Role) -> Result<Role, Wrong> {
        let (link, end) = Link::pair(options(self.number))?;
        self.number += 1;
        self.link = Some(link);
        let end: OwnedFd = end.into_fd().ok_or("an end of another process")?;
        Ok(role.pass_as(end, END))
    }

    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        outlive(self.link.take().ok_or("one link for each victim")?, self.victims, session)
    }

    fn leave(self: Box<Self>, _place: &Scratch) -> Result<(), Wrong> {
        Ok(())
    }
}

struct Serving {
    victims: Side,
    listener: Listener,
}

impl Survivor for Serving {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        loop {
            // One that died before this look has connected before it, or never.
            let was_dead = session.is_dead();
            match session.slice(|deadline| self.listener.accept(deadline)) {
                Ok(link) => return outlive(link, self.victims, session),
                Err(AcceptError::Nobody) if was_dead => return Ok(()),
                Err(AcceptError::Nobody) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        if !self.listener.unpublish()? {
            return Err("a living owner has lost its name".into());
        }
        sweep(place)
    }
}

struct Calling {
    victims: Side,
}

impl Survivor for Calling {
    fn live(&mut self, session: &Session<'_>) -> Result<(), Wrong> {
        let registry = session.place.registry();
        loop {
            let was_dead = session.is_dead();
            let how = ConnectOptions::new().wait_for_name();
            let link = session.slice(|deadline| {
                Link::connect_in(&registry, &name(), how, options(session.number), deadline)
            });
            match link {
                Ok(link) => return outlive(link, self.victims, session),
                Err(_) if was_dead => return Ok(()),
                Err(error) if error.fault() == cabotage_os::Fault::System => return Err(error.into()),
                Err(_) => {}
            }
        }
    }

    fn leave(self: Box<Self>, place: &Scratch) -> Result<(), Wrong> {
        sweep(place)
    }
}

/// Removes what killed owners left; nothing else may be there.
fn sweep(place: &Scratch) -> Result<(), Wrong> {
    place.registry().remove_all_stale(Kind::Link, Scope::User, soon())?;
    Ok(())
}
