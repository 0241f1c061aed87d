// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port whose receive right goes to another process, or comes from one.

use std::collections::VecDeque;

use super::Kernel;
use super::ids::PortId;
use super::message::{Capability, Cargo, Message, Sender};
use super::port::{Home, OnceRight, Port, QUEUE_LIMIT_MAX};
use super::step::Step;
use crate::right::Disposition;

impl Kernel {
    /// Whether something of a port can't leave its process: a receive right in its queue, or a send-once right to it that
    /// somebody holds.
    pub fn is_rooted(&self, id: PortId) -> bool {
        let Some(port) = self.ports.get(id) else { return true };
        let is_once = |message: &&Message| matches!(message.destination, Capability::SendOnce(_));
        let queued = port.queue.iter().filter(is_once).count();
        let has_cached = port.rare.as_ref().is_some_and(|rare| !rare.cached.is_empty());
        let carries = port.queue.iter().flat_map(|message| &message.cargo).any(has_receive);
        carries || has_cached || port.send_once_rights as usize > queued
    }

    /// The message that carries this receive right waits, or may go; answers whether that is new.
    pub fn hold_back(&mut self, id: PortId, is_held: bool) -> bool {
        let Some(port) = self.ports.get_mut(id) else { return false };
        std::mem::replace(&mut port.rare().is_held_back, is_held) != is_held
    }

    /// Whether a message waits for a receive right that it carries.
    pub(super) fn is_held_back(&self, message: &Message) -> bool {
        let waits = |right: &Capability| match right {
            Capability::Receive(port) => self
                .ports
                .get(*port)
                .and_then(|port| port.rare.as_ref())
                .is_some_and(|rare| rare.is_held_back),
            _ => false,
        };
        message.cargo.iter().any(|cargo| match cargo {
            Cargo::Port(right, _) => waits(right),
            Cargo::Ports(rights, _) => rights.iter().any(waits),
            Cargo::Memory(_) | Cargo::File(_) => false,
        })
    }

    /// What goes with a receive right: the queue, who is told of no senders and of the right's destruction, the queue's
    /// limit. It comes [back](Kernel::put_back).
    pub fn estate_of(&mut self, id: PortId) -> (VecDeque<Message>, Option<Message>, u32) {
        let Some(port) = self.ports.get_mut(id) else { return Default::default() };
        let queue = std::mem::take(&mut port.queue);
        let requests = port.rare.as_mut().map(|rare| (rare.no_senders.take(), rare.port_destroyed.take()));
        let message = match requests {
            None | Some((None, None)) => None,
            Some((no_senders, port_destroyed)) => {
                let cargo = |right: Option<OnceRight>| {
                    let right = right.map_or(Capability::Null, |right| Capability::SendOnce(right.0));
                    Cargo::Port(right, Disposition::MoveSendOnce)
                };
                Some(Message {
                    id: 0,
                    destination: Capability::Null,
                    reply: (Capability::Null, None),
                    body: Vec::new(),
                    cargo: vec![cargo(no_senders), cargo(port_destroyed)],
                    complex: true,
                    sender: Sender::Kernel,
                    origin: None,
                })
            }
        };
        (queue, message, port.queue_limit)
    }

    /// What was taken out by [`Kernel::estate_of`], until it is sure that it went.
    pub fn put_back(&mut self, id: PortId, queue: VecDeque<Message>, requests: Option<Message>) {
        if let Some(port) = self.ports.get_mut(id) {
            port.queue = queue;
        }
        let mut rights = requests.into_iter().flat_map(|message| message.cargo).map(|cargo| match cargo {
            Cargo::Port(right, _) => right,
            _ => Capability::Null,
        });
        self.adopt_requests(id, rights.next(), rights.next());
    }

    /// Who is told of no senders, and of the receive right's destruction.
    pub fn adopt_requests(
        &mut self,
        id: PortId,
        no_senders: Option<Capability>,
        port_destroyed: Option<Capability>,
    ) {
        let once = |right: Option<Capability>| match right {
            Some(Capability::SendOnce(port)) => Some(OnceRight(port)),
            _ => None,
        };
        let (no_senders, port_destroyed) = (once(no_senders), once(port_destroyed));
        if no_senders.is_none() && port_destroyed.is_none() {
            return;
        }
        if let Some(port) = self.ports.get_mut(id) {
            let rare = port.rare();
            (rare.no_senders, rare.port_destroyed) = (no_senders, port_destroyed);
        }
    }

    /// The process ends by itself: each receive right of it whose destruction somebody is to be told of goes there.
    pub fn rescue_all(&mut self) {
        let is_rescued = |port: &Port| {
            let is_asked = port.rare.as_ref().is_some_and(|rare| rare.port_destroyed.is_some());
            is_asked && matches!(port.home, Home::Space(..))
        };
        let rescued: Vec<PortId> =
            self.ports.ids().filter(|id| self.ports.get(*id).is_some_and(is_rescued)).collect();
        for port in rescued {
            self.kill_port(port);
        }
    }

    /// A port whose receive right comes in a message from another process.
    pub fn adopt(&mut self, queue_limit: u32) -> PortId {
        let mut port = Port::new(Home::Transit(None));
        port.queue_limit = queue_limit.min(QUEUE_LIMIT_MAX);
        self.ports.insert(port)
    }

    /// The receive right of a port has gone to another process, to which messages go by `route`, and with it its queue and
    /// `exported` send rights of other processes. Send rights of this process stay.
    pub fn moved_away(&mut self, id: PortId, route: u64, exported: u32) {
        let Some(port) = self.ports.get_mut(id) else { return };
        let queue = std::mem::take(&mut port.queue);
        let sent: usize =
            queue.iter().filter(|message| matches!(message.destination, Capability::Send(_))).count();
        let gone = exported.saturating_add(u32::try_from(sent).unwrap_or(u32::MAX));
        port.send_rights = port.send_rights.saturating_sub(gone);
        port.send_once_rights = 0;
        port.home = Home::Away(route);
        if let Some(rare) = &mut port.rare {
            (rare.no_senders, rare.port_destroyed) = (None, None);
            rare.is_held_back = false;
        }
        if port.send_rights == 0 {
            self.steps.push(Step::Release(route));
            self.ports.remove(id);
        }
    }
}

/// Whether a message carries a receive right.
pub(super) fn carries_receive(message: &Message) -> bool {
    message.cargo.iter().any(has_receive)
}

/// Whether a receive right is among it.
fn has_receive(cargo: &Cargo) -> bool {
    let is_receive = |right: &Capability| matches!(right, Capability::Receive(_));
    match cargo {
        Cargo::Port(right, _) => is_receive(right),
        Cargo::Ports(rights, _) => rights.iter().any(is_receive),
        Cargo::Memory(_) | Cargo::File(_) => false,
    }
}
