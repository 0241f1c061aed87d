// SPDX-License-Identifier: MIT OR Apache-2.0
//! A receive right that comes from another process: all that belongs to it is taken into custody, and counts when the
//! message comes that carries the right.

use std::os::fd::OwnedFd;

use cabotage_link::Key;

use super::desk::{Desk, Route, link_over};
use super::end::End;
use super::hearing::Fault;
use super::moving::Arrival;
use super::packet::Packet;
use super::rules::{Broken, Role, TOKENS_MAX};
use super::unpacking::Came;
use super::wire::{self, Message as Told, To, Whole, Word};
use crate::kernel::calls::Handover;
use crate::kernel::message::{Capability, Cargo, Message, Sender};
use crate::kernel::{Kernel, PortId};

/// How many receive rights of one link may be under way at once.
const COMING_MAX: usize = 64;

/// What has come of a receive right.
#[derive(Debug)]
pub(super) struct Coming {
    arrival: Arrival<OwnedFd, (Message, bool)>,
    port: PortId,
    /// The link by which the message with the right comes, and its number there.
    giver: Key,
    number: u64,
    whole: Whole,
    /// Who is told of what: no senders, and the right's destruction.
    requests: Option<Message>,
}

/// How a message of the queue says by which right it was sent; the last one is none, but carries what is requested.
pub(super) const BY_SEND: To = To::Port;
pub(super) const BY_ONCE: To = To::Token(1);
pub(super) const REQUESTS: To = To::Token(2);

impl Desk {
    /// A receive right is to come over a link of its own.
    pub(super) fn hear_offer(
        &mut self,
        kernel: &mut Kernel,
        giver: Key,
        number: u64,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        if self.coming.values().filter(|coming| coming.giver == giver).count() >= COMING_MAX {
            return Err(Broken::OutOfTurn);
        }
        let link = descriptor.and_then(|descriptor| link_over(descriptor).ok());
        let Some(key) = link.and_then(|link| self.set.insert(link).ok()) else { return Ok(()) };
        let route = self.next_number();
        let mut role = Role::owner(0);
        let _ = role.hear_release();
        let port = kernel.adopt();
        self.ends.add(End::new(key, port, route, role));
        self.routes.insert(route, Route::Origin(key));
        let arrival = Arrival::default();
        let coming = Coming { arrival, port, giver, number, whole: Whole::default(), requests: None };
        self.coming.insert(key, Box::new(coming));
        self.say_bare(key, Word::Ready, 0, None);
        Ok(())
    }

    /// The end of a link to a holder.
    pub(super) fn hear_give(
        &mut self,
        key: Key,
        heard: u64,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        let coming = self.coming.get_mut(&key).ok_or(Broken::OutOfTurn)?;
        let end = descriptor.ok_or(Broken::OutOfTurn)?;
        coming.arrival.end(end, heard).map_err(|_| Broken::OutOfTurn)
    }

    /// A message of the queue. Who sent it first is its old owner's word alone, so it counts as the old owner's.
    pub(super) fn hear_carried(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        record: Told<'_>,
        mut came: Came,
    ) -> Result<(), Fault> {
        let to = record.to;
        let mut message = Message {
            id: record.id,
            destination: Capability::Null,
            reply: (Capability::Null, None),
            body: record.body.to_vec(),
            cargo: Vec::with_capacity(record.items.len()),
            complex: record.is_complex,
            sender: Sender::Task(self.sender(key)),
            origin: None,
        };
        let unpacked = self.unpack_all(kernel, key, record, &mut came, &mut message);
        let coming = self.coming.get_mut(&key);
        let refused = match (unpacked, coming) {
            (Err(fault), _) => Some((fault, message)),
            (Ok(()), None) => Some(("hands over what is no port's", message)),
            (Ok(()), Some(coming)) if to == REQUESTS => {
                coming.requests.replace(message).map(|message| ("says twice who is told", message))
            }
            (Ok(()), Some(coming)) => {
                let is_late = coming.arrival.message((message, to == BY_ONCE)).is_err();
                return if is_late { Err("went on after it was whole") } else { Ok(()) };
            }
        };
        match refused {
            Some((fault, message)) => {
                kernel.destroy_message(message);
                Err(fault)
            }
            None => Ok(()),
        }
    }

    /// That was all.
    pub(super) fn hear_whole(&mut self, key: Key, whole: Whole) -> Result<(), Broken> {
        let coming = self.coming.get_mut(&key).ok_or(Broken::OutOfTurn)?;
        coming.arrival.whole(whole.ends, whole.messages).map_err(|_| Broken::OutOfTurn)?;
        if u64::from(whole.once) >= whole.ends || whole.tokens as usize > TOKENS_MAX {
            return Err(Broken::Grant);
        }
        coming.whole = whole;
        self.say_bare(key, Word::Custody, 0, None);
        Ok(())
    }

    /// The message with the right is here: so is the port.
    pub(super) fn arrive(
        &mut self,
        kernel: &mut Kernel,
        giver: Key,
        number: u64,
    ) -> Result<Capability, Fault> {
        // What went ahead of the message may still lie in its link.
        let of = |coming: &Coming| (coming.giver, coming.number) == (giver, number);
        let found = self.coming.iter().find(|(_, coming)| of(coming)).map(|(key, _)| *key);
        let coming = found.and_then(|key| self.coming.remove(&key)).ok_or(NOT_HERE)?;
        let Coming { arrival, port, whole, requests, .. } = *coming;
        let (ends, messages) = arrival.decide().map_err(|_| NOT_HERE)?;
        kernel.adopted(port, whole.limit, handover_of(&whole));
        for (mut message, is_once) in messages {
            message.destination = if is_once {
                kernel.grant_send_once(port);
                Capability::SendOnce(port)
            } else {
                kernel.grant_send(port);
                Capability::Send(port)
            };
            if let Err(message) = kernel.enqueue(port, message) {
                kernel.destroy_message(message);
            }
        }
        let requests = requests.map(|message| message.cargo).unwrap_or_default();
        let mut rights = requests.into_iter().filter_map(|cargo| match cargo {
            Cargo::Port(right, _) => Some(right),
            _ => None,
        });
        kernel.adopt_requests(port, rights.next(), rights.next());
        self.take_ends(kernel, port, &whole, ends);
        if let Some(key) = found {
            self.close_estate(key);
        }
        Ok(Capability::Receive(port))
    }

    /// The ends of the links of those who have rights to a port that has come.
    fn take_ends(&mut self, kernel: &mut Kernel, port: PortId, whole: &Whole, ends: Vec<(OwnedFd, u64)>) {
        let last = ends.len() - whole.once as usize - 1;
        for (at, (end, heard)) in ends.into_iter().enumerate() {
            if at > last {
                kernel.grant_send_once(port);
                self.link_once(kernel, port, Some(end));
                continue;
            }
            kernel.grant_send(port);
            let link = link_over(end).ok().and_then(|link| self.set.insert(link).ok());
            let owned = link.filter(|key| self.own_from(kernel, *key, port, false, Some(heard)).is_ok());
            let Some(key) = owned else {
                kernel.withdraw_send(port);
                continue;
            };
            if at == last
                && let Some(end) = self.ends.get_mut(key)
            {
                for _ in 0..whole.tokens {
                    kernel.grant_send_once(port);
                    let _ = end.granted.grant(port);
                }
            }
        }
    }

    /// The link over which a port came stays for the sake of send-once rights.
    fn close_estate(&mut self, key: Key) {
        if let Some(end) = self.ends.get_mut(key) {
            end.role.kill();
        }
        self.close_if_done(key);
    }

    /// The link over which a port comes is over. If the message with its right lies in the other link, it counts.
    pub(super) fn ended_coming(&mut self, kernel: &mut Kernel, key: Key) {
        let Some(giver) = self.coming.get(&key).map(|coming| coming.giver) else { return };
        while self.coming.contains_key(&key) {
            match self.next_letter(giver) {
                Some(letter) => self.heed(kernel, giver, letter),
                None => break,
            }
        }
        let Some(coming) = self.coming.remove(&key) else { return };
        let requests = coming.requests;
        let (_, messages) = coming.arrival.into_parts();
        for message in messages.into_iter().map(|(message, _)| message).chain(requests) {
            kernel.destroy_message(message);
        }
        kernel.port_died(coming.port);
    }

    /// A record that says nothing but a number.
    pub(super) fn say_number(&mut self, key: Key, word: Word, number: u64) {
        let taken = self.ends.get_mut(key).map_or(0, |end| end.role.tell());
        self.say(key, Packet::new(wire::numbered(word, number, taken)));
    }
}

const NOT_HERE: Fault = "sent a receive right of which it has not handed over everything";

/// The guard that a port comes with, and whether it is strict.
fn handover_of(whole: &Whole) -> Option<(Handover, bool)> {
    let has = |flag: u32| whole.guarding & flag != 0;
    let handover = Handover { guard: whole.guard, unguarded_on_send: false, immovable: has(wire::IMMOVABLE) };
    has(wire::GUARDED).then_some((handover, has(wire::STRICT)))
}
