// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages going into a port's queue.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_mqueue.c, osfmk/ipc/ipc_port.c: `ipc_port_check_circularity`.

use super::Kernel;
use super::ids::PortId;
use super::message::{Capability, Cargo, Message};
use super::port::{Home, QUEUE_CEILING};
use super::step::Step;

impl Kernel {
    /// Puts a message into the queue of its port whatever the limit is, or hands it out if the port is away. Gives it back
    /// if the port is dead or has as many messages as a queue ever has, or if a receive right in it would then be in a
    /// message to itself.
    pub(crate) fn enqueue(&mut self, id: PortId, message: Message) -> Result<(), Message> {
        let Some(port) = self.ports.get(id) else { return Err(message) };
        if let Home::Away(route) = port.home {
            self.hand_out(route, message);
            return Ok(());
        }
        if port.queue.len() >= QUEUE_CEILING as usize || self.would_circle(id, &message) {
            return Err(message);
        }
        for right in receive_rights(&message) {
            if let Some(port) = self.ports.get_mut(right) {
                port.home = Home::Transit(Some(id));
            }
        }
        self.append(id, message);
        Ok(())
    }

    /// A message leaves for another process. The right that it was sent by stays behind and is used up.
    fn hand_out(&mut self, route: u64, message: Message) {
        let destination = match message.destination {
            Capability::Send(port) => Some((port, false)),
            Capability::SendOnce(port) => Some((port, true)),
            _ => None,
        };
        self.steps.push(Step::Carry(route, message));
        match destination {
            Some((port, true)) => self.spend_send_once(port),
            Some((port, false)) => self.drop_send(port),
            None => {}
        }
    }

    fn append(&mut self, id: PortId, message: Message) {
        let Some(port) = self.ports.get_mut(id) else { return };
        port.queue.push_back(message);
        let first = port.queue.len() == 1;
        let mut ticket = port.rare.as_mut().and_then(|rare| rare.receivers.pop_front());
        for set in &port.sets {
            let Some(set) = self.sets.get_mut(*set) else { continue };
            if first {
                set.ready.push_back(id);
            }
            ticket = ticket.or_else(|| set.receivers.pop_front());
        }
        self.steps.extend(ticket.map(Step::Wake));
    }

    /// Whether `destination` waits, through messages in queues of ports in messages, on a receive right in `message`.
    fn would_circle(&self, destination: PortId, message: &Message) -> bool {
        let rights: Vec<PortId> = receive_rights(message).collect();
        let mut at = if rights.is_empty() { None } else { Some(destination) };
        while let Some(port) = at {
            if rights.contains(&port) {
                return true;
            }
            at = match self.ports.get(port).map(|port| port.home) {
                Some(Home::Transit(next)) => next,
                _ => None,
            };
        }
        false
    }
}

/// The receive rights that a message carries.
fn receive_rights(message: &Message) -> impl Iterator<Item = PortId> {
    let rights = message.cargo.iter().flat_map(|cargo| match cargo {
        Cargo::Port(right, _) => std::slice::from_ref(right),
        Cargo::Ports(rights, _) => rights,
        Cargo::Memory(_) | Cargo::File(_) => &[],
    });
    rights.filter_map(|right| match right {
        Capability::Receive(port) => Some(*port),
        _ => None,
    })
}
