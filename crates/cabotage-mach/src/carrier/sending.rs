// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that leave this process.

use cabotage_link::{BLOCKS_MAX, Key, Room};

use super::desk::{Desk, Route};
use super::end::Kept;
use super::luggage::{BLOCK_BYTES_MIN, sealed_of};
use super::packet::Packet;
use super::passing::{Change, Prepared};
use super::rules::Role;
use super::wire::{Draft, ENTRY_BYTES, HEADER_BYTES, To, Word};
use crate::error::SendError;
use crate::kernel::message::{Capability, Cargo, Memory, Message, Sender};
use crate::kernel::messages::{Outgoing, SendFailed, Sent};
use crate::kernel::{Kernel, Notification, PortId};

impl Desk {
    /// How many messages the port of a route takes now; `None` for a send-once right, which takes one always.
    pub(super) fn room(&self, route: u64) -> Option<u64> {
        match self.routes.get(route) {
            Some(Route::Link(key)) => {
                let end = self.ends.get(*key)?;
                match &end.role {
                    // A port that moves looks full.
                    Role::Holder { .. } if !end.is_settled() => Some(0),
                    role @ Role::Holder { .. } => Some(role.room()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Sends what a task sends.
    ///
    /// # Errors
    /// As any send: there is no room, or a right of it can't go.
    pub(super) fn send(
        &mut self,
        kernel: &mut Kernel,
        route: u64,
        outgoing: Outgoing,
    ) -> Result<Sent, Box<SendFailed>> {
        self.look_for_room(kernel, route);
        let Some((key, to)) = self.way(route) else {
            let message = kernel.depart(outgoing);
            kernel.destroy_message(message);
            return Ok(Sent::Queued);
        };
        match self.set_out(kernel, key, outgoing.message()) {
            Some(Ok(())) => return kernel.no_room(outgoing),
            Some(Err(_)) => return Err(kernel.not_carried(outgoing, SendError::NoBuffer)),
            None => {}
        }
        if let Some(room) = self.room(route) {
            let needs_meeting = needs_meeting(outgoing.message());
            let is_full = room == 0 || !self.can_take(key, needs_meeting);
            if is_full || !self.would_leave(key, outgoing.message()) {
                return kernel.no_room(outgoing);
            }
        } else if self.owes_much(key) {
            return Err(kernel.not_carried(outgoing, SendError::NoBuffer));
        }
        match self.prepare(kernel, key, outgoing.message()) {
            Ok(prepared) => {
                let message = kernel.depart(outgoing);
                self.post(kernel, key, to, message, prepared);
                Ok(Sent::Queued)
            }
            Err(_) => Err(kernel.not_carried(outgoing, SendError::NoBuffer)),
        }
    }

    /// Takes what the port's owner has said, as long as there is no room: it may have told of some, or of its end.
    fn look_for_room(&mut self, kernel: &mut Kernel, route: u64) {
        while let Some((key, _)) = self.way(route) {
            self.make_sure(kernel, key);
            if self.room(route) != Some(0) {
                return;
            }
            let Some(letter) = self.next_letter(key) else { return };
            self.heed(kernel, key, letter);
        }
    }

    pub(super) fn way(&self, route: u64) -> Option<(Key, To)> {
        match self.routes.get(route)? {
            Route::Link(key) => Some((*key, To::Port)),
            Route::Token(key, token) => Some((*key, To::Token(*token))),
            Route::Pool(_) => self.way_of_pool(route),
            Route::Origin(_) => None,
        }
    }

    /// Sends a message of the kernel, or one that waited. One for which there is no way any more is destroyed, as that
    /// to a dead port, and so is one of which a right can't go: its sender was told that it went.
    pub(super) fn carry(&mut self, kernel: &mut Kernel, route: u64, message: Message) {
        let Some((key, to)) = self.way(route) else {
            kernel.destroy_message(message);
            return;
        };
        if message.sender == Sender::Kernel && message.id == Notification::SEND_ONCE_ID {
            self.give_back_once(key, to);
            return;
        }
        match self.prepare(kernel, key, &message) {
            Ok(prepared) => self.post(kernel, key, to, message, prepared),
            Err(_) => {
                self.spend_unsent(key, to);
                kernel.destroy_message(message);
            }
        }
        if let Some(port) = self.ends.get(key).map(|end| end.port) {
            self.carry_waiting(kernel, key, port);
        }
    }

    /// A send-once right was destroyed unused: its port is told, by the news itself or by a link that closes.
    fn give_back_once(&mut self, key: Key, to: To) {
        if let To::Token(token) = to {
            self.say_bare(key, Word::Unused, token, None);
        }
        self.spend(key, to);
    }

    /// Writes the message, and lets its rights go: by a send right only when it is sure that the port's owner has it.
    pub(super) fn post(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        to: To,
        mut message: Message,
        mut prepared: Prepared,
    ) {
        self.take_lent(key, &mut message, &mut prepared);
        let taken = self.ends.get_mut(key).map_or(0, |end| end.role.tell());
        let is_of_holder =
            self.ends.get(key).is_some_and(|end| matches!(end.role, Role::Holder { .. })) && to == To::Port;
        let sealed = sealed_of(&prepared.luggage);
        let (packets, changes) = written(&message, to, prepared, (taken, is_of_holder));
        if let Some(end) = self.ends.get_mut(key).filter(|_| is_of_holder) {
            end.role.send();
            end.sealed.add(end.role.counts().0, sealed);
            end.kept.push_back(Kept { message, changes });
            for packet in packets {
                self.say(key, packet);
            }
            return self.be_sure(kernel, key);
        }
        for packet in packets {
            self.say(key, packet);
        }
        for change in changes {
            self.commit(kernel, change);
        }
        self.spend(key, to);
    }

    /// The memory that lies in blocks of this link leaves its loans.
    fn take_lent(&mut self, key: Key, message: &mut Message, prepared: &mut Prepared) {
        let number = self.ends.get(key).map_or(0, |end| end.number);
        let things =
            message.cargo.iter_mut().filter(|cargo| matches!(cargo, Cargo::Memory(_) | Cargo::File(_)));
        for (ready, cargo) in prepared.luggage.iter_mut().zip(things) {
            ready.take_lent(number, cargo);
        }
    }

    /// The right that a message was sent by is gone, and the message too.
    fn spend_unsent(&mut self, key: Key, to: To) {
        match to {
            To::Token(_) => self.give_back_once(key, to),
            To::Port => {}
        }
    }

    /// The right that a message was sent by has served.
    fn spend(&mut self, key: Key, to: To) {
        if let Some(end) = self.ends.get_mut(key) {
            match to {
                To::Port => end.role.send(),
                To::Token(token) => drop(end.held.end(token)),
            }
        }
        self.close_if_done(key);
    }

    /// Whether a link takes a message now: everything before has gone, and where one carries what needs the other end's
    /// library, that has answered.
    fn can_take(&mut self, key: Key, needs_meeting: bool) -> bool {
        if self.ends.get(key).is_none_or(|end| !end.unsent.is_empty()) && self.flush_one(key) {
            return false;
        }
        !needs_meeting || self.has_met(key)
    }

    /// Whether so many answers wait for whoever asked, and reads none, that no more are kept. Otherwise a message by a
    /// send-once right waits for nobody: it leaves when there is room.
    fn owes_much(&self, key: Key) -> bool {
        self.ends.get(key).is_some_and(|end| end.unsent.len() >= UNSENT_ANSWERS_MAX)
    }

    /// Whether a message would leave at once: who sends it may do nothing more for it. One that goes in several records,
    /// since it brings more than one record may, begins to leave.
    fn would_leave(&mut self, key: Key, message: &Message) -> bool {
        let room = estimate(message);
        let (Some(end), Some(link)) = (self.ends.get_mut(key), self.set.get_mut(key)) else { return true };
        // That the link is over is told when it is used.
        let is_full = link.has_room(room) == Ok(false);
        if is_full && end.wanted.replace(room).is_none() {
            self.held_up.push(key);
        }
        !is_full
    }

    fn has_met(&mut self, key: Key) -> bool {
        self.set.get_mut(key).is_some_and(|link| link.with_peer(|_| ()).is_some())
    }

    /// Whether something that went by this route has still to leave the process, or may have to be sent again, since its
    /// port moves: nobody else can do that.
    pub(super) fn has_unsent(&self, route: u64) -> bool {
        let way = self.way(route).and_then(|(key, _)| self.ends.get(key));
        way.is_some_and(|end| !end.unsent.is_empty() || end.is_unsure())
    }

    /// Another process has told that its port has room, or has met us: what waits here goes first.
    pub(super) fn carry_waiting(&mut self, kernel: &mut Kernel, key: Key, port: PortId) {
        let has_room = self.ends.get(key).is_some_and(|end| end.role.room() > 0 && end.is_settled());
        if has_room && self.can_take(key, true) {
            kernel.carry_waiting(port, 1);
        }
    }
}

/// How many records wait on one link for who asked.
const UNSENT_ANSWERS_MAX: usize = 4096;

/// Whether a message can go only when the other end's library has answered: it brings descriptors, or is long.
fn needs_meeting(message: &Message) -> bool {
    const BYTES_BEFORE_MEETING: usize = 2048;
    let is_plain = message.cargo.is_empty() && !matches!(message.reply.0, Capability::Send(_));
    !is_plain || message.body.len() > BYTES_BEFORE_MEETING
}

/// What the first record of a message needs, or a little more.
fn estimate(message: &Message) -> Room {
    let (mut bytes, mut descriptors, mut blocks) = (HEADER_BYTES + ENTRY_BYTES + message.body.len(), 0, 0);
    for cargo in &message.cargo {
        bytes += ENTRY_BYTES * (1 + cargo.rights().len());
        descriptors += cargo.rights().len();
        match cargo {
            Cargo::Memory(Memory::Sealed(_)) => descriptors += 1,
            Cargo::Memory(memory) if memory.bytes() < BLOCK_BYTES_MIN => bytes += memory.bytes(),
            Cargo::Memory(_) => blocks += 1,
            Cargo::File(_) => descriptors += 1,
            Cargo::Port(..) | Cargo::Ports(..) => {}
        }
    }
    Packet::first_of(Room { bytes, descriptors, blocks: blocks.min(BLOCKS_MAX) })
}

/// The records of a message, and what becomes of its rights.
pub(super) fn written(
    message: &Message,
    to: To,
    Prepared { rights, luggage }: Prepared,
    (taken, is_about_port): (u32, bool),
) -> (Vec<Packet>, Vec<Change>) {
    let mut draft = Draft::new(message.id, to, message.complex);
    let mut changes = Vec::with_capacity(rights.len());
    let (mut passing, mut luggage) = (rights.into_iter(), luggage.into_iter());
    if let Some(reply) = passing.next() {
        draft.reply(reply.carried, reply.descriptor);
        changes.push(reply.change);
    }
    for cargo in &message.cargo {
        let rights = match cargo {
            Cargo::Port(..) => 1,
            Cargo::Ports(rights, disposition) => {
                draft.array(rights.len(), *disposition);
                rights.len()
            }
            Cargo::Memory(_) | Cargo::File(_) => 0,
        };
        for ready in passing.by_ref().take(rights) {
            draft.right(ready.carried, ready.descriptor);
            changes.push(ready.change);
        }
        if matches!(cargo, Cargo::Memory(_) | Cargo::File(_))
            && let Some(ready) = luggage.next()
        {
            ready.write(&mut draft, cargo);
        }
    }
    (Packet::of_message(draft, &message.body, taken, is_about_port), changes)
}
