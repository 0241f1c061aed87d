// SPDX-License-Identifier: MIT OR Apache-2.0
//! A port whose receive right goes to another process, or comes from one.

use std::collections::VecDeque;

use super::Kernel;
use super::calls::Handover;
use super::ids::PortId;
use super::message::{Capability, Cargo, Message, Sender};
use super::port::{Home, OnceRight, Port, QUEUE_LIMIT_MAX};
use super::step::Step;
use crate::right::Disposition;

impl Kernel {
    /// Whether something of a port can't leave its process: a receive right in its queue.
    pub fn is_rooted(&self, id: PortId) -> bool {
        let Some(port) = self.ports.get(id) else { return true };
        port.queue.iter().any(Message::carries_receive)
    }

    /// The message that carries this receive right waits, or may go; answers whether that is new.
    pub fn hold_back(&mut self, id: PortId, is_held: bool) -> bool {
        let Some(port) = self.ports.get_mut(id) else { return false };
        std::mem::replace(&mut port.rare().is_held_back, is_held) != is_held
    }

    /// Whether a message waits for a receive right that it carries.
    pub(super) fn is_held_back(&self, message: &Message) -> bool {
        message.rights().any(|right| match right {
            Capability::Receive(port) => self
                .ports
                .get(*port)
                .and_then(|port| port.rare.as_ref())
                .is_some_and(|rare| rare.is_held_back),
            _ => false,
        })
    }

    /// What goes with a receive right: the queue, who is told of no senders and of the right's destruction, the queue's
    /// limit. It comes [back](Kernel::put_back).
    pub fn estate_of(&mut self, id: PortId) -> (VecDeque<Message>, Option<Message>, u32) {
        let Some(port) = self.ports.get_mut(id) else { return Default::default() };
        let (queue, limit) = (std::mem::take(&mut port.queue), port.queue_limit);
        (queue, self.take_requests(id), limit)
    }

    /// Who is told of no senders and of the receive right's destruction, as a message.
    fn take_requests(&mut self, id: PortId) -> Option<Message> {
        let rare = self.ports.get_mut(id)?.rare.as_mut()?;
        let (no_senders, port_destroyed) = (rare.no_senders.take(), rare.port_destroyed.take());
        if no_senders.is_none() && port_destroyed.is_none() {
            return None;
        }
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

    /// A port whose receive right is about to come from another process.
    pub fn adopt(&mut self) -> PortId {
        self.ports.insert(Port::new(Home::Transit(None)))
    }

    /// How a receive right is guarded when it arrives, and whether strictly.
    pub fn guard_on_arrival(&self, id: PortId) -> Option<(Handover, bool)> {
        self.ports.get(id)?.rare.as_ref()?.handover
    }

    /// It has come, queues so many messages, and is guarded if its old owner says so.
    pub fn adopted(&mut self, id: PortId, queue_limit: u32, handover: Option<(Handover, bool)>) {
        if let Some(port) = self.ports.get_mut(id) {
            port.queue_limit = queue_limit.min(QUEUE_LIMIT_MAX);
            if handover.is_some() {
                port.rare().handover = handover;
            }
        }
    }

    /// How many send-once rights there are to a port beside those in its queue and requests, which go with it.
    pub fn once_rights_beside(
        &self,
        id: PortId,
        queue: &VecDeque<Message>,
        requests: Option<&Message>,
    ) -> u32 {
        let (_, along) = rights_to(id, queue.iter().chain(requests));
        self.ports.get(id).map_or(0, |port| port.send_once_rights.saturating_sub(along))
    }

    /// The receive right of a port has gone to another process, with the first messages of its queue. What is left of its
    /// rights in this process leads there, and messages that came since are carried there.
    pub fn moved_away(&mut self, id: PortId, parting: &Parting) {
        let requests = self.take_requests(id);
        let Some(port) = self.ports.get_mut(id) else { return };
        let rest = port.queue.split_off(parting.messages.min(port.queue.len()));
        let went = std::mem::replace(&mut port.queue, rest);
        let (send, send_once) = rights_to(id, went.iter().chain(&requests));
        port.send_rights = port.send_rights.saturating_sub(send + parting.exported);
        port.send_once_rights = port.send_once_rights.saturating_sub(send_once + parting.exported_once);
        port.home = Home::Away(parting.route);
        let is_left = port.send_once_rights > 0;
        let rare = port.rare();
        rare.is_held_back = false;
        rare.once_route = is_left.then_some(parting.once_route);
        // Cached messages that went were taken, as far as their senders are concerned.
        went.iter().for_each(|_| self.one_left_the_queue(id));
        self.send_on(id, parting);
    }

    /// Messages that came to the port after its queue had gone.
    fn send_on(&mut self, id: PortId, parting: &Parting) {
        let Some(port) = self.ports.get_mut(id) else { return };
        let is_once = |message: &Message| matches!(message.destination, Capability::SendOnce(_));
        let queue = std::mem::take(&mut port.queue);
        for cached in &mut port.rare().cached {
            cached.ahead -= queue.iter().take(cached.ahead).filter(|message| is_once(message)).count();
        }
        let (once, waiting): (VecDeque<_>, _) = queue.into_iter().partition(is_once);
        port.queue = waiting;
        if port.send_rights == 0 {
            self.steps.push(Step::Release(parting.route));
            if port.send_once_rights == 0 {
                self.ports.remove(id);
            }
        }
        for message in once {
            if let Err(message) = self.enqueue(id, message) {
                self.destroy_message(message);
            }
        }
    }
}

/// What a port leaves behind when its receive right goes to another process.
#[derive(Debug)]
pub struct Parting {
    /// Which way messages by send rights go from now on.
    pub route: u64,
    /// The same by send-once rights.
    pub once_route: u64,
    /// How many messages of the queue have gone along.
    pub messages: usize,
    /// How many send rights other processes have.
    pub exported: u32,
    /// How many send-once rights.
    pub exported_once: u32,
}

/// How many send and send-once rights to a port some messages have.
fn rights_to<'a>(id: PortId, messages: impl Iterator<Item = &'a Message>) -> (u32, u32) {
    let (mut send, mut send_once) = (0, 0);
    for message in messages {
        for right in [&message.destination, &message.reply.0].into_iter().chain(message.rights()) {
            send += u32::from(*right == Capability::Send(id));
            send_once += u32::from(*right == Capability::SendOnce(id));
        }
    }
    (send, send_once)
}
