// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simple model: how rights go, and who is told.

use super::state::{Entry, Index, Loose, Model, Receiver, Told, What};
use crate::name::Name;

impl Model {
    /// Tells a port by a send-once right of its own.
    pub(super) fn tell(&mut self, to: Index, told: Told) {
        let is_lost = !self.is_alive(to);
        match told {
            Told::PortDestroyed(port) if is_lost || self.would_circle(port, to) => self.die(port),
            Told::PortDestroyed(port) => {
                self.ports[port].receiver = Receiver::Queue(to);
                self.ports[to].queue.push(told);
            }
            _ if is_lost => {}
            _ => self.ports[to].queue.push(told),
        }
    }

    fn would_circle(&self, port: Index, to: Index) -> bool {
        let mut at = to;
        loop {
            if at == port {
                return true;
            }
            match self.ports[at].receiver {
                Receiver::Queue(next) => at = next,
                _ => return false,
            }
        }
    }

    /// A send right has gone from somewhere.
    pub(super) fn lost_sender(&mut self, port: Index) {
        if self.is_alive(port)
            && self.senders(port) == 0
            && let Some(notify) = self.ports[port].no_senders.take()
        {
            self.tell(notify, Told::NoSenders(self.ports[port].made));
        }
    }

    pub(super) fn remove(&mut self, task: usize, name: Name) {
        let entry = self.tasks[task].remove(&name).expect("a name");
        if let Some(notify) = entry.request {
            self.tell(notify, Told::PortDeleted(name));
        }
    }

    /// The receive right leaves whoever has it.
    pub(super) fn leave_receiver(&mut self, port: Index) {
        if let Receiver::Task(task) = self.ports[port].receiver {
            let name = self.name_of(task, port).expect("the receiver's name");
            match self.tasks[task].get_mut(&name).map(|entry| &mut entry.what) {
                Some(What::Port { send: true, receive, .. }) => *receive = false,
                _ => self.remove(task, name),
            }
        }
        let port = &mut self.ports[port];
        port.made = 0;
        port.sets.clear();
        port.receiver = Receiver::Hand;
    }

    /// The receive right is destroyed.
    pub(super) fn destroy_receive(&mut self, port: Index) {
        if !self.is_alive(port) {
            return;
        }
        match self.ports[port].port_destroyed.take() {
            Some(notify) => {
                self.leave_receiver(port);
                self.tell(notify, Told::PortDestroyed(port));
            }
            None => self.die(port),
        }
    }

    fn die(&mut self, port: Index) {
        self.ports[port].receiver = Receiver::Nobody;
        self.ports[port].sets.clear();
        if let Some(notify) = self.ports[port].no_senders.take() {
            self.tell(notify, Told::SendOnce);
        }
        for task in 0..self.tasks.len() {
            let names: Vec<Name> = self.tasks[task].keys().copied().collect();
            for name in names {
                self.turn_dead(task, name, port);
            }
        }
        for told in std::mem::take(&mut self.ports[port].queue) {
            if let Told::PortDestroyed(inner) = told {
                self.destroy_receive(inner);
            }
        }
    }

    fn turn_dead(&mut self, task: usize, name: Name, port: Index) {
        let Some(entry) = self.tasks[task].get_mut(&name) else { return };
        match entry.what {
            What::Port { port: at, send: false, .. } if at == port => return self.remove(task, name),
            What::Port { port: at, .. } | What::Once(at) if at == port => entry.what = What::Dead,
            _ => return,
        }
        if let Some(notify) = entry.request.take() {
            entry.references = (entry.references + 1).min(65_535);
            self.tell(notify, Told::DeadName(name));
        }
    }

    /// All rights under a name go.
    pub(super) fn destroy_name(&mut self, task: usize, name: Name) {
        let what = self.tasks[task][&name].what;
        match what {
            What::Dead => self.remove(task, name),
            What::Set(set) => {
                self.remove(task, name);
                self.ports.iter_mut().for_each(|port| port.sets.retain(|member| *member != set));
            }
            What::Once(port) => {
                self.remove(task, name);
                self.tell(port, Told::SendOnce);
            }
            What::Port { port, send, receive } => {
                if send {
                    self.drop_send_right(task, name);
                    self.lost_sender(port);
                }
                if receive {
                    self.destroy_receive(port);
                }
            }
        }
    }

    /// The send right under a name goes, whatever its count.
    pub(super) fn drop_send_right(&mut self, task: usize, name: Name) {
        let entry: &mut Entry = self.tasks[task].get_mut(&name).expect("a name");
        match &mut entry.what {
            What::Port { send, receive: true, .. } => {
                *send = false;
                entry.references = 1;
            }
            _ => self.remove(task, name),
        }
    }

    /// A loose right is destroyed.
    pub(super) fn destroy_loose(&mut self, at: usize) {
        match self.loose.remove(at) {
            Loose::Dead => {}
            Loose::Send(port) => self.lost_sender(port),
            Loose::Once(port) => self.tell(port, Told::SendOnce),
            Loose::Receive(port) => self.destroy_receive(port),
        }
    }
}
