// SPDX-License-Identifier: MIT OR Apache-2.0
//! Destroying rights and messages that nobody will have: in turn from a list, never one inside another, so that
//! messages in queues of ports whose receive rights are in messages can nest as deep as they like.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_kmsg.c: `ipc_kmsg_destroy`, `ipc_kmsg_clean`; osfmk/ipc/ipc_object.c: `ipc_object_destroy`.

use std::collections::VecDeque;

use super::Kernel;
use super::message::{Capability, Cargo, Message};

/// What is to be destroyed.
#[derive(Debug, Default)]
pub(crate) struct Doomed {
    capabilities: VecDeque<Capability>,
    /// Whether somebody up the stack takes from the list.
    reaping: bool,
}

impl Kernel {
    /// Destroys a right: a send right is one less, a send-once right is told to its port, and with a receive right the
    /// port dies, or goes to whoever asked to be told.
    pub fn destroy_capability(&mut self, capability: Capability) {
        self.doom(capability);
        self.reap();
    }

    /// Destroys a message with all that it carries.
    pub fn destroy_message(&mut self, message: Message) {
        self.doom_message(message);
        self.reap();
    }

    pub(crate) fn doom(&mut self, capability: Capability) {
        self.doomed.capabilities.push_back(capability);
    }

    pub(crate) fn doom_message(&mut self, message: Message) {
        self.doom(message.destination);
        self.doom(message.reply.0);
        self.doom_cargo(message.cargo);
    }

    /// Destroys what a message carries.
    pub(crate) fn doom_cargo(&mut self, cargo: Vec<Cargo>) {
        for cargo in cargo {
            match cargo {
                Cargo::Port(right, _) => self.doom(right),
                Cargo::Ports(rights, _) => self.doomed.capabilities.extend(rights),
                Cargo::Memory(_) | Cargo::File(_) => {}
            }
        }
    }

    /// Destroys what is on the list, and what that leads to.
    pub(crate) fn reap(&mut self) {
        if std::mem::replace(&mut self.doomed.reaping, true) {
            return;
        }
        while let Some(capability) = self.doomed.capabilities.pop_front() {
            match capability {
                Capability::Null | Capability::Dead => {}
                Capability::Send(port) => self.drop_send(port),
                Capability::SendOnce(port) => self.drop_send_once(port),
                Capability::Receive(port) => self.kill_port(port),
            }
        }
        self.doomed.reaping = false;
    }
}
