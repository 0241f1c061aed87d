// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that come: from records to what the kernel queues.

use std::os::fd::OwnedFd;

use cabotage_link::{Block, Key, Letter};
use cabotage_os::sealed::SealedPart;

use super::desk::{Desk, Route, link_over};
use super::detached::ITSELF;
use super::end::Token;
use super::hearing::Fault;
use super::rules::{Amount, Broken, Role};
use super::wire::{Carried, Claim, Item, Message as Told, Record, Says, To};
use crate::kernel::message::{AuditToken, Capability, Cargo, Memory, Message, Sender};
use crate::kernel::{Kernel, PortId};
use crate::right::{Disposition, Right};

/// What came along with a message, in the order of its entries.
#[derive(Debug)]
pub(super) struct Came {
    descriptors: std::vec::IntoIter<OwnedFd>,
    blocks: std::vec::IntoIter<Block>,
}

impl Came {
    pub(super) fn new(descriptors: Vec<OwnedFd>, blocks: Vec<Block>) -> Self {
        Self { descriptors: descriptors.into_iter(), blocks: blocks.into_iter() }
    }
}

impl Desk {
    /// A message came: it goes to its port, whatever the limit is, since the link has its own.
    pub(super) fn hear_message(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        record: Told<'_>,
        mut came: Came,
    ) -> Result<(), Fault> {
        let (destination, port, origin) = self.destination(kernel, key, record.to).map_err(Broken::rule)?;
        let is_too_much = record.to == To::Port && !self.lets_wait(key, &record.items);
        let mut message = Message {
            id: record.id,
            destination,
            reply: (Capability::Null, None),
            body: record.body.to_vec(),
            cargo: Vec::with_capacity(record.items.len()),
            complex: record.is_complex,
            sender: Sender::Task(self.sender(key)),
            origin,
        };
        let unpacked = match is_too_much {
            true => Err(Broken::Sealed.rule()),
            false => self.unpack_all(kernel, key, record, &mut came, &mut message),
        };
        match unpacked {
            Ok(()) => {
                if let Err(message) = kernel.enqueue(port, message) {
                    kernel.destroy_message(message);
                }
                self.close_if_done(key);
                Ok(())
            }
            Err(fault) => {
                kernel.destroy_message(message);
                Err(fault)
            }
        }
    }

    /// Counts the sealed memory of a message by a send right; `false` if that is more than may wait.
    fn lets_wait(&mut self, key: Key, items: &[Item<'_>]) -> bool {
        let Some(end) = self.ends.get_mut(key).filter(|end| matches!(end.role, Role::Owner { .. })) else {
            return true;
        };
        let (number, _) = end.role.counts();
        let (mut left, mut amount) = (end.sealed.left(), Amount::NONE);
        for item in items {
            if let Item::Sealed { object_bytes, .. } = item {
                amount = amount.and(*object_bytes);
                if !left.take(*object_bytes) {
                    return false;
                }
            }
        }
        end.sealed.add(number, amount);
        true
    }

    /// The right that a message came by, and its port.
    fn destination(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        to: To,
    ) -> Result<(Capability, PortId, Option<u64>), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Err(Broken::OutOfTurn) };
        if let To::Token(token) = to {
            let port = self.end_granted(key, token)?;
            return Ok((Capability::SendOnce(port), port, None));
        }
        end.role.hear_message()?;
        if !end.detaching.is_empty() {
            self.answered(key, ITSELF);
        }
        let Some(end) = self.ends.get_mut(key) else { return Err(Broken::OutOfTurn) };
        let port = end.port;
        match end.role {
            Role::OnceOwner { .. } => Ok((Capability::SendOnce(port), port, None)),
            _ if kernel.grant_send(port) => Ok((Capability::Send(port), port, Some(end.number))),
            _ => Ok((Capability::Dead, port, Some(end.number))),
        }
    }

    /// Who sends what comes over a link.
    pub(super) fn sender(&mut self, key: Key) -> AuditToken {
        let Some(end) = self.ends.get_mut(key) else { return AuditToken::default() };
        if let Some(sender) = end.sender {
            return sender;
        }
        let stamp = self
            .set
            .get_mut(key)
            .and_then(|link| link.with_peer(|peer| (peer.pid(), peer.uid(), peer.gid())));
        let Some((pid, uid, gid)) = stamp else { return AuditToken::default() };
        let token = AuditToken([uid, uid, gid, uid, gid, pid.unsigned_abs(), 0, 0]);
        end.sender = Some(token);
        token
    }

    pub(super) fn unpack_all(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        record: Told<'_>,
        came: &mut Came,
        message: &mut Message,
    ) -> Result<(), Fault> {
        let reply = self.unpack(kernel, key, record.reply, came)?;
        let is_none = matches!(record.reply, Carried::Null(_));
        message.reply = (reply, (!is_none).then(|| seen(record.reply)));
        for item in record.items {
            let cargo = match item {
                Item::Port(carried) => {
                    let right = self.unpack(kernel, key, carried, came)?;
                    Cargo::Port(right, seen(carried))
                }
                Item::Ports(list, disposition) => {
                    message.cargo.push(Cargo::Ports(Vec::with_capacity(list.len()), disposition.received()));
                    for carried in list {
                        let right = self.unpack(kernel, key, carried, came)?;
                        if let Some(Cargo::Ports(rights, _)) = message.cargo.last_mut() {
                            rights.push(right);
                        }
                    }
                    continue;
                }
                Item::Inline(bytes) => Cargo::Memory(Memory::Bytes(bytes.to_vec())),
                Item::Block(bytes) => match came.blocks.next() {
                    Some(block) if block.bytes() as u64 == bytes => Cargo::Memory(Memory::Block(block)),
                    _ => return Err("carries memory in a block that did not come"),
                },
                Item::Sealed { object_bytes, start, bytes } => {
                    let descriptor = came.descriptors.next().ok_or(MISSING)?;
                    let part = SealedPart::admit(descriptor, object_bytes, start, bytes);
                    Cargo::Memory(Memory::Sealed(part.map_err(|_| NOT_SEALED)?))
                }
                Item::File => Cargo::File(came.descriptors.next().ok_or(MISSING)?),
            };
            message.cargo.push(cargo);
        }
        Ok(())
    }

    fn unpack(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        carried: Carried,
        came: &mut Came,
    ) -> Result<Capability, Fault> {
        let end = self.ends.get_mut(key).ok_or(MISSING)?;
        let port = end.port;
        Ok(match carried {
            Carried::Null(_) => Capability::Null,
            Carried::Dead(_) => Capability::Dead,
            Carried::OwnOnce if !self.coming.contains_key(&key) => return Err(NOT_OWN),
            Carried::OwnOnce => {
                kernel.grant_send_once(port);
                Capability::SendOnce(port)
            }
            Carried::Own if self.coming.contains_key(&key) => {
                kernel.grant_send(port);
                Capability::Send(port)
            }
            Carried::Own => {
                end.role.hear_fork().map_err(Broken::rule)?;
                if kernel.grant_send(port) { Capability::Send(port) } else { Capability::Dead }
            }
            Carried::Home(token) => Capability::SendOnce(self.end_granted(key, token).map_err(Broken::rule)?),
            Carried::Token(token) => {
                end.held.admit(token).map_err(Broken::rule)?;
                Capability::SendOnce(self.take_token(kernel, key, token))
            }
            Carried::Once => {
                let descriptor = came.descriptors.next().ok_or(MISSING)?;
                match link_over(descriptor).ok().map(|link| self.hold(kernel, link, None, true)) {
                    Some(Ok(port)) if kernel.grant_send_once(port) => Capability::SendOnce(port),
                    _ => Capability::Dead,
                }
            }
            Carried::Receive(number) => self.arrive(kernel, key, number)?,
            Carried::Send { claim, fork } => {
                let descriptor = came.descriptors.next().ok_or(MISSING)?;
                // Who makes a right itself says with authority to which port.
                let is_proved = fork == 0 && claim.is_some_and(|claim| self.is_from(key, claim));
                self.take_send(kernel, (claim, is_proved), fork, descriptor)
            }
        })
    }

    /// A send-once right that the other end granted: a port that is away.
    fn take_token(&mut self, kernel: &mut Kernel, key: Key, token: u64) -> PortId {
        let route = self.next_number();
        let port = kernel.import(route);
        kernel.grant_send_once(port);
        self.routes.insert(route, Route::Token(key, token));
        if let Some(end) = self.ends.get_mut(key) {
            end.held.hold(token, Token::new(port, route));
        }
        port
    }

    /// A send right that came as the end of a link: under the name that its port has here, if it has proved to have one.
    fn take_send(
        &mut self,
        kernel: &mut Kernel,
        (claim, is_proved): (Option<Claim>, bool),
        fork: u64,
        descriptor: OwnedFd,
    ) -> Capability {
        if let Some(port) = claim.and_then(|claim| self.own_port(claim))
            && self.take_fork(kernel, port, fork)
        {
            return Capability::Send(port);
        }
        let verified = claim.and_then(|claim| self.verified.get(&claim)).copied();
        if let Some(port) = verified.filter(|port| kernel.grant_send(*port)) {
            return Capability::Send(port);
        }
        match link_over(descriptor).ok().map(|link| self.hold(kernel, link, claim, false)) {
            Some(Ok(port)) if kernel.grant_send(port) => {
                if let (Some(claim), true) = (claim, is_proved) {
                    self.verified.insert(claim, port);
                }
                Capability::Send(port)
            }
            _ => Capability::Dead,
        }
    }

    /// Whether the process that a claim names is the one at the other end.
    fn is_from(&mut self, key: Key, claim: Claim) -> bool {
        let AuditToken([uid, _, _, _, _, pid, ..]) = self.sender(key);
        (claim.pid.unsigned_abs(), claim.uid) == (pid, uid)
    }

    /// The port of ours that a claim names.
    fn own_port(&self, claim: Claim) -> Option<PortId> {
        if (claim.pid, claim.uid) != (self.identity.pid, self.identity.uid) {
            return None;
        }
        let port = PortId::of_number(claim.port);
        self.ports.get(&port).filter(|known| known.secret == claim.secret).map(|_| port)
    }

    /// Files the forks that lie in links of a port, before what lies in front of them.
    fn look_for_forks(&mut self, kernel: &mut Kernel, port: PortId) {
        let keys = self.ports.get(&port).map(|known| known.keys.clone()).unwrap_or_default();
        for key in keys {
            while let Some(letter) = self.next_unread(key) {
                if matches!(Record::parse(&letter.bytes), Ok(Record { says: Says::Fork { .. }, .. })) {
                    self.heed(kernel, key, letter);
                } else if let Some(end) = self.ends.get_mut(key) {
                    if end.unread.is_empty() {
                        self.behind.push_back(key);
                    }
                    end.unread.push_back(letter);
                }
            }
        }
    }

    /// The next record of a link, unless too many were put aside already.
    pub(super) fn next_unread(&mut self, key: Key) -> Option<Letter> {
        let end = self.ends.get(key).filter(|end| end.unread.len() < UNREAD_MAX)?;
        // That the link is over is told by the set.
        let message = self.set.get_mut(end.key)?.try_receive().ok().flatten()?;
        Some(message.into_letter())
    }

    /// What comes next on a link: what was put aside before comes first.
    pub(super) fn next_letter(&mut self, key: Key) -> Option<Letter> {
        let aside = self.ends.get_mut(key)?.unread.pop_front();
        aside.or_else(|| self.next_unread(key))
    }

    /// Takes a right to our own port home: the link that its fork made goes, and whoever asked has the count of it. A
    /// fork may lie unread in a link of the port, before the message that speaks of it.
    fn take_fork(&mut self, kernel: &mut Kernel, port: PortId, fork: u64) -> bool {
        if fork == 0 {
            return false;
        }
        if !self.ports.get(&port).is_some_and(|known| known.forks.contains_key(&fork)) {
            self.look_for_forks(kernel, port);
        }
        let made = self.ports.get_mut(&port).and_then(|known| known.forks.remove(&fork));
        let Some(made) = made else { return false };
        self.forget(made);
        drop(self.set.remove(made));
        true
    }
}

/// The disposition of a right as its receiver sees it.
fn seen(carried: Carried) -> Disposition {
    match carried {
        Carried::Null(Right::SendOnce) | Carried::Dead(Right::SendOnce) => Disposition::MoveSendOnce,
        Carried::Null(Right::Receive) | Carried::Dead(Right::Receive) => Disposition::MoveReceive,
        Carried::Null(_) | Carried::Dead(_) | Carried::Send { .. } | Carried::Own => Disposition::MoveSend,
        Carried::Once | Carried::Token(_) | Carried::Home(_) | Carried::OwnOnce => Disposition::MoveSendOnce,
        Carried::Receive(_) => Disposition::MoveReceive,
    }
}

/// How many records of one link are put aside at most while its forks are looked for.
const UNREAD_MAX: usize = 4096;

const NOT_SEALED: Fault = "carries memory that can still be written, or is not what it says";
const NOT_OWN: Fault = "brings a right to a port that is not on its way";
const MISSING: Fault = "brings fewer descriptors than its rights need";
