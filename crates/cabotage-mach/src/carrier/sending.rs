// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that leave this process.

use cabotage_link::{BLOCKS_MAX, BlockMut, Deadline, Key};

use super::desk::{Desk, Route};
use super::end::Kept;
use super::packet::Packet;
use super::passing::{Change, Passing};
use super::rules::Role;
use super::wire::{Draft, To, Word};
use crate::error::SendError;
use crate::kernel::message::{Capability, Cargo, Memory, Message, Sender};
use crate::kernel::messages::{Outgoing, SendFailed, Sent};
use crate::kernel::{Kernel, Notification, PortId};

impl Desk {
    /// How many messages the port of a route takes now; `None` for a send-once right, which takes one always.
    pub(super) fn room(&self, route: u64) -> Option<u64> {
        match self.routes.get(&route) {
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
        let Some((key, to)) = self.way(route) else {
            let message = kernel.depart(outgoing);
            kernel.destroy_message(message);
            return Ok(Sent::Queued);
        };
        self.make_sure(kernel, key);
        match self.set_out(kernel, key, outgoing.message()) {
            Some(Ok(())) => return kernel.no_room(outgoing),
            Some(Err(_)) => return Err(kernel.not_carried(outgoing, SendError::NoBuffer)),
            None => {}
        }
        if self.room(route) == Some(0) || !self.can_take(key, needs_meeting(outgoing.message())) {
            return kernel.no_room(outgoing);
        }
        match self.prepare(kernel, key, outgoing.message()) {
            Ok(passing) => {
                let message = kernel.depart(outgoing);
                self.post(kernel, key, to, message, passing);
                Ok(Sent::Queued)
            }
            Err(_) => Err(kernel.not_carried(outgoing, SendError::NoBuffer)),
        }
    }

    pub(super) fn way(&self, route: u64) -> Option<(Key, To)> {
        match self.routes.get(&route)? {
            Route::Link(key) => Some((*key, To::Port)),
            Route::Token(key, token) => Some((*key, To::Token(*token))),
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
            Ok(passing) => self.post(kernel, key, to, message, passing),
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
        passing: Vec<Passing>,
    ) {
        let blocks = self.lend(key, &mut message);
        let taken = self.ends.get_mut(key).map_or(0, |end| end.role.tell());
        let is_of_holder =
            self.ends.get(key).is_some_and(|end| matches!(end.role, Role::Holder { .. })) && to == To::Port;
        let (packets, changes) = written(&message, to, passing, blocks, (taken, is_of_holder));
        if let Some(end) = self.ends.get_mut(key).filter(|_| is_of_holder) {
            end.role.send();
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

    /// The blocks by which the memory of a message goes: what was lent is where it has to be, and other memory is copied
    /// into one if it is long. It can be read in the message all the same.
    fn lend(&mut self, key: Key, message: &mut Message) -> Vec<Option<BlockMut>> {
        let number = self.ends.get(key).map_or(0, |end| end.number);
        let mut blocks = Vec::new();
        let mut left = BLOCKS_MAX;
        for cargo in &mut message.cargo {
            let Cargo::Memory(memory) = cargo else { continue };
            let block = if left > 0 { self.block_of(key, number, memory) } else { None };
            left -= usize::from(block.is_some());
            blocks.push(block);
        }
        blocks
    }

    fn block_of(&mut self, key: Key, number: u64, memory: &mut Memory) -> Option<BlockMut> {
        if let Memory::Loan(loan) = memory
            && let Some(block) = loan.take_block(number)
        {
            return Some(block);
        }
        let bytes = memory.bytes();
        if bytes < BLOCK_BYTES_MIN {
            return None;
        }
        let mut block = self.set.get_mut(key)?.block(bytes, Deadline::Now).ok()?;
        let is_written = match memory {
            Memory::Bytes(bytes) => block.write_at(0, bytes).is_ok(),
            memory => {
                let copy = memory.to_vec();
                copy.len() == bytes && block.write_at(0, &copy).is_ok()
            }
        };
        is_written.then_some(block)
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

    fn has_met(&mut self, key: Key) -> bool {
        self.set.get_mut(key).is_some_and(|link| link.with_peer(|_| ()).is_some())
    }

    /// Whether something that went by this route has still to leave the process.
    pub(super) fn has_unsent(&self, route: u64) -> bool {
        let way = self.way(route).and_then(|(key, _)| self.ends.get(key));
        way.is_some_and(|end| !end.unsent.is_empty())
    }

    /// Another process has told that its port has room, or has met us: what waits here goes first.
    pub(super) fn carry_waiting(&mut self, kernel: &mut Kernel, key: Key, port: PortId) {
        let has_room = self.ends.get(key).is_some_and(|end| end.role.room() > 0 && end.is_settled());
        if has_room && self.can_take(key, true) {
            kernel.carry_waiting(port, 1);
        }
    }
}

/// Memory of so many bytes goes as a block.
const BLOCK_BYTES_MIN: usize = 16 << 10;

/// Whether a message can go only when the other end's library has answered: it brings descriptors, or is long.
fn needs_meeting(message: &Message) -> bool {
    const BYTES_BEFORE_MEETING: usize = 2048;
    let is_plain = message.cargo.is_empty() && !matches!(message.reply.0, Capability::Send(_));
    !is_plain || message.body.len() > BYTES_BEFORE_MEETING
}

/// The records of a message, and what becomes of its rights.
pub(super) fn written(
    message: &Message,
    to: To,
    passing: Vec<Passing>,
    blocks: Vec<Option<BlockMut>>,
    (taken, is_about_port): (u32, bool),
) -> (Vec<Packet>, Vec<Change>) {
    let mut draft = Draft::new(message.id, to, message.complex);
    let mut changes = Vec::with_capacity(passing.len());
    let (mut passing, mut blocks) = (passing.into_iter(), blocks.into_iter());
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
        match cargo {
            Cargo::Memory(memory) => match (blocks.next().flatten(), memory) {
                (Some(block), _) => draft.block(block),
                (None, Memory::Bytes(bytes)) => draft.memory(bytes),
                (None, memory) => draft.memory(&memory.to_vec()),
            },
            Cargo::File(file) => {
                if let Ok(file) = file.try_clone() {
                    draft.file(file);
                }
            }
            Cargo::Port(..) | Cargo::Ports(..) => {}
        }
    }
    (Packet::of_message(draft, &message.body, taken, is_about_port), changes)
}
