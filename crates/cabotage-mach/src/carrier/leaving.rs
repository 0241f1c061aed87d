// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receive right that goes to another process: its old owner's part of the move, until everything has been said.

mod detaching;
mod estate;

use std::os::fd::OwnedFd;

use cabotage_link::{Deadline, Key, Letter, Ready};

use super::desk::{Desk, link_over, refusal_of_link, refusal_of_set, two_ends};
use super::end::End;
use super::hearing::Fault;
use super::moving::{Departure, Reading};
use super::packet::Packet;
use super::passing::{Change, NotPassed};
use super::rules::{Broken, Role};
use super::wire::{self, Record, Says, WireError, Word};
use crate::kernel::message::{Capability, Cargo, Message};
use crate::kernel::port::Home;
use crate::kernel::{Kernel, PortId};

/// How many records are taken from one link in one look.
const RECORDS_AT_ONCE: usize = 4096;

/// A move.
#[derive(Debug)]
pub(super) struct Going {
    departure: Departure<Key>,
    /// The port whose message carries the right, the link to it, and the number by which it does.
    destination: PortId,
    by: Key,
    number: u64,
    /// The link over which everything goes.
    estate: Key,
    /// The ends for the new owner, by the links of the holders.
    fresh: Vec<(Key, OwnedFd)>,
    /// Our own end, for the send rights that are left here.
    own: Option<OwnedFd>,
    /// What was made ready for the rights in the queue.
    changes: Vec<Change>,
    /// Whether somebody may have a send-once right to the port and was not asked; our ends of those that are links.
    has_unasked: bool,
    once: Vec<OwnedFd>,
    /// How many messages of the queue were handed over, and how many send-once rights stay here.
    messages: usize,
    tokens: u32,
    has_failed: bool,
}

impl Desk {
    /// The number of a receive right that may go with its message now.
    pub(super) fn number_of_going(&self, port: PortId) -> Option<u64> {
        self.going.get(&port).filter(|going| going.departure.may_decide()).map(|going| going.number)
    }

    /// Begins to move the receive rights of a message: then the message waits. `None`: there are none, or they may go.
    pub(super) fn set_out(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        message: &Message,
    ) -> Option<Result<(), NotPassed>> {
        let rights: Vec<PortId> = message.cargo.iter().flat_map(receive_rights).collect();
        let destination = message.destination.port()?;
        if rights.is_empty() || rights.iter().all(|port| self.number_of_going(*port).is_some()) {
            return None;
        }
        for port in rights {
            if self.going.contains_key(&port) || self.ports_end(kernel, port) {
                continue;
            }
            if let Err(error) = self.offer(kernel, key, port, destination) {
                return Some(Err(error));
            }
        }
        Some(Ok(()))
    }

    /// A message of the kernel with a receive right waits at a port that is away. One whose right can't go is destroyed.
    pub(super) fn depart(&mut self, kernel: &mut Kernel, destination: PortId) {
        let Some(message) = kernel.first_for_carrier(destination) else { return };
        let route = kernel.ports.get(destination).and_then(|port| port.route_of(&message.destination));
        match route.and_then(|route| self.way(route)).and_then(|(key, _)| self.set_out(kernel, key, &message))
        {
            Some(Ok(())) => kernel.await_carrier(destination, message),
            _ => kernel.destroy_message(message),
        }
    }

    /// Whether a receive right is on its way to another process.
    pub(super) fn is_moving(&self) -> bool {
        !self.going.is_empty()
    }

    /// Whether the port has died.
    fn ports_end(&self, kernel: &Kernel, port: PortId) -> bool {
        kernel.ports.get(port).is_none()
    }

    fn offer(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        port: PortId,
        destination: PortId,
    ) -> Result<(), NotPassed> {
        // A queue with receive rights of its own stays where it is.
        if kernel.is_rooted(port) {
            return Err(NotPassed::Receive);
        }
        let (ours, theirs) = two_ends()?;
        let link = link_over(ours).map_err(refusal_of_link)?;
        let estate = self.set.insert(link).map_err(|refused| refusal_of_set(refused.error))?;
        let number = self.next_number();
        let mut role = Role::holder(0);
        role.release();
        self.ends.add(End::new(estate, port, number, role));
        self.known(port)?;
        kernel.hold_back(port, true);
        let taken = self.ends.get_mut(key).map_or(0, |end| end.role.tell());
        self.say(key, Packet::with(wire::numbered(Word::Offer, number, taken), theirs));
        let departure = Departure::offered();
        self.going.insert(
            port,
            Box::new(Going {
                departure,
                destination,
                by: key,
                number,
                estate,
                fresh: Vec::new(),
                own: None,
                changes: Vec::new(),
                has_unasked: true,
                once: Vec::new(),
                messages: 0,
                tokens: 0,
                has_failed: false,
            }),
        );
        Ok(())
    }

    /// The port that goes over this link.
    fn going_over(&mut self, key: Key) -> Result<&mut Going, Broken> {
        let going = self.going.values_mut().find(|going| going.estate == key);
        going.map(|going| &mut **going).ok_or(Broken::OutOfTurn)
    }

    /// What the other owner, or a holder, hears of a move.
    pub(super) fn hear_of_move(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        says: &Says<'_>,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        match *says {
            Says::Offer { number } => self.hear_offer(kernel, key, number, descriptor),
            Says::Ready => self.going_over(key)?.departure.ready().map_err(|_| Broken::OutOfTurn),
            Says::Custody => self.going_over(key)?.departure.custody().map_err(|_| Broken::OutOfTurn),
            Says::Give { heard } => self.hear_give(key, heard, descriptor),
            Says::Whole(whole) => self.hear_whole(key, whole),
            Says::Pause => self.hear_pause(key, descriptor),
            Says::Resume => self.hear_resume(kernel, key),
            Says::Moved { heard } => self.hear_moved(kernel, key, heard),
            Says::Here { heard } => self.hear_here(kernel, key, heard),
            _ => Err(Broken::OutOfTurn),
        }
    }

    /// Goes on with every move, as far as that is possible now.
    pub(super) fn advance_all(&mut self, kernel: &mut Kernel) {
        if self.going.is_empty() {
            return;
        }
        let ports: Vec<PortId> = self.going.keys().copied().collect();
        for port in ports {
            let is_on_its_way =
                matches!(kernel.ports.get(port).map(|port| port.home), Some(Home::Transit(_)));
            if !is_on_its_way {
                // The message was given back, or has died.
                self.take_move_back(kernel, port);
            } else if self.advance(kernel, port).is_err() {
                self.resume_all(kernel, port);
                self.offer_again(kernel, port);
            }
        }
    }

    /// Something was in the way: the move begins anew, for as long as the message waits.
    fn offer_again(&mut self, kernel: &mut Kernel, port: PortId) {
        let failed = self.going.get(&port).filter(|going| going.has_failed);
        let Some((key, destination)) = failed.map(|going| (going.by, going.destination)) else { return };
        if kernel.is_rooted(port) || self.ends.get(key).is_none() {
            return;
        }
        if let Some(going) = self.going.remove(&port)
            && self.offer(kernel, key, port, destination).is_err()
        {
            self.going.insert(port, going);
        }
    }

    fn advance(&mut self, kernel: &mut Kernel, port: PortId) -> Result<(), NotPassed> {
        if self.going.get(&port).is_some_and(|going| going.has_failed) {
            return Err(NotPassed::Crowded);
        }
        self.take_clients(kernel, port);
        if !self.have_met_all(port) || !self.detach_all(port)? {
            return Ok(());
        }
        for key in self.holders_of(port) {
            self.pause(key, port)?;
            self.hear_out(kernel, key, port);
        }
        let holders = self.holders_of(port);
        let Some(going) = self.going.get(&port).filter(|going| !going.has_failed) else { return Ok(()) };
        if going.departure.is_quiet(holders.iter().copied()) {
            self.hand_over(kernel, port, &holders)?;
        }
        let Some(going) = self.going.get(&port) else { return Ok(()) };
        let destination = going.destination;
        if going.departure.may_decide() && kernel.hold_back(port, false) {
            kernel.carry_waiting(destination, 1);
        }
        Ok(())
    }

    /// Clients that have come by the port's name and were not let in yet are holders too.
    fn take_clients(&mut self, kernel: &mut Kernel, port: PortId) {
        let Some(door) = self.ports.get(&port).and_then(|known| known.door) else { return };
        if self.going.get(&port).is_none_or(|going| going.departure.is_delivered()) {
            return;
        }
        let Some(listener) = self.set.unlisten(door) else { return };
        while let Ok(link) = listener.accept(Deadline::Now) {
            if let Ok(key) = self.set.insert(link) {
                self.admit(kernel, key, door);
            }
        }
        self.doors.remove(&door);
        let door = self.set.listen(listener).ok();
        self.doors.extend(door.map(|door| (door, port)));
        if let Some(known) = self.ports.get_mut(&port) {
            known.door = door;
        }
        if door.is_none() {
            kernel.withdraw_send(port);
        }
    }

    /// Whether every holder's library has answered. A right that lies in a queue where nobody reads it could not be told
    /// that the port moves; until it can, nobody is paused.
    fn have_met_all(&mut self, port: PortId) -> bool {
        let holders = self.holders_of(port);
        holders
            .into_iter()
            .all(|key| self.set.get_mut(key).is_none_or(|link| link.with_peer(|_| ()).is_some()))
    }

    /// The links of all who have a send right to a port of ours.
    fn holders_of(&self, port: PortId) -> Vec<Key> {
        let keys = self.ports.get(&port).map(|known| known.keys.as_slice()).unwrap_or_default();
        let has_right = |key: &&Key| {
            self.ends
                .get(**key)
                .is_some_and(|end| matches!(end.role, Role::Owner { .. }) && end.role.has_right())
        };
        keys.iter().filter(has_right).copied().collect()
    }

    fn pause(&mut self, key: Key, port: PortId) -> Result<(), NotPassed> {
        let Some(going) = self.going.get_mut(&port) else { return Ok(()) };
        if going.has_failed || !going.departure.is_to_pause(key) {
            return Ok(());
        }
        let (theirs, fresh) = two_ends()?;
        if let Some(link) = self.set.get_mut(key) {
            // Before the word itself: whoever publishes and is not asked was heard before this end has heard it out.
            link.ask_for_attention(true).map_err(refusal_of_link)?;
        }
        going.fresh.push((key, fresh));
        going.departure.pause(key);
        self.say_bare(key, Word::Pause, 0, Some(theirs));
        Ok(())
    }

    /// Takes what a paused holder has sent before, until a look finds nothing.
    fn hear_out(&mut self, kernel: &mut Kernel, key: Key, port: PortId) {
        let is_due =
            |desk: &Self| desk.going.get(&port).is_some_and(|going| going.departure.is_to_hear_out(key));
        let is_said = self.ends.get(key).is_some_and(|end| end.unsent.is_empty());
        for _ in 0..RECORDS_AT_ONCE {
            if !is_said || !is_due(self) {
                return;
            }
            if let Some(letter) = self.next_letter(key) {
                self.heed(kernel, key, letter);
                continue;
            }
            let is_armed = self.set.get_mut(key).is_some_and(|link| matches!(link.ready(), Ok(Ready::Armed)));
            if !is_armed && let Some(letter) = self.next_unread(key) {
                self.heed(kernel, key, letter);
                continue;
            }
            let heard = self.ends.get(key).map_or(0, |end| end.heard);
            if let Some(going) = self.going.get_mut(&port) {
                going.departure.heard(key, heard);
            }
        }
    }

    /// A record that is not to be read now is put aside; one that its sender sends to somebody else is dropped.
    pub(super) fn sift(&mut self, key: Key, letter: Letter) -> Result<Option<Letter>, Fault> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(Some(letter)) };
        if !end.has_moved && !self.going.contains_key(&end.port) {
            return Ok(Some(letter));
        }
        let record = Record::parse(&letter.bytes).map_err(WireError::rule)?;
        let is_about_port = matches!(end.role, Role::Owner { .. }) && record.says.is_about_port();
        let reading = if end.has_moved {
            Reading::Discard
        } else {
            self.going.get(&end.port).map_or(Reading::Take, |going| going.departure.reading(key))
        };
        match reading {
            _ if !is_about_port => Ok(Some(letter)),
            Reading::Take => Ok(Some(letter)),
            Reading::Leave => {
                end.aside.push_back(letter);
                Ok(None)
            }
            Reading::Discard => {
                discard(end, &record)?;
                Ok(None)
            }
        }
    }

    /// A link over which a port comes or goes is over.
    pub(super) fn ended_estate(&mut self, kernel: &mut Kernel, key: Key) {
        self.ended_coming(kernel, key);
        let port = self.going.iter().find(|(_, going)| going.estate == key).map(|(port, _)| *port);
        if let Some(port) = port {
            self.resume_all(kernel, port);
        }
    }
}

/// What is heard of a record that its sender sends to somebody else: which numbers it has used up.
fn discard(end: &mut End, record: &Record<'_>) -> Result<(), Fault> {
    end.custody.clear();
    if let Says::Message(message) = &record.says {
        for token in message.tokens() {
            end.held.admit(token).map_err(Broken::rule)?;
        }
    }
    Ok(())
}

/// The receive rights among what a message carries.
fn receive_rights(cargo: &Cargo) -> Vec<PortId> {
    cargo
        .rights()
        .iter()
        .filter_map(|right| match right {
            Capability::Receive(port) => Some(*port),
            _ => None,
        })
        .collect()
}
