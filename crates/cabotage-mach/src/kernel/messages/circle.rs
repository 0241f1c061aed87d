// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receive rights on their way: each waits in the queue of a port, whose own receive right may be on its way too. Such a
//! chain must never lead back to its beginning, since nobody could receive any of it any more.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_port.c: `ipc_port_check_circularity`.

use crate::kernel::Kernel;
use crate::kernel::ids::PortId;
use crate::kernel::message::{Capability, Message};
use crate::kernel::port::Home;

impl Kernel {
    /// Notes that the receive rights in a message are on their way to `destination`; false if that would close a circle.
    pub(super) fn set_out(&mut self, destination: PortId, message: &Message) -> bool {
        if message.cargo.is_empty() {
            return true;
        }
        if self.would_circle(destination, message) {
            return false;
        }
        for right in receive_rights(message) {
            if let Some(port) = self.ports.get_mut(right) {
                port.home = Home::Transit(Some(destination));
            }
        }
        true
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
    message.rights().filter_map(|right| match right {
        Capability::Receive(port) => Some(*port),
        _ => None,
    })
}
