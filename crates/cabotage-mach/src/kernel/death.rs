// SPDX-License-Identifier: MIT OR Apache-2.0
//! The death of ports and of spaces, and who is told.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_port.c: `ipc_port_destroy`, `ipc_port_dnnotify`; osfmk/ipc/ipc_space.c: `ipc_space_terminate`.

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::Capability;
use super::notification::Notification;
use super::port::{Home, Port, Rare};
use super::space::{Entry, Held, Space};
use super::step::Step;
use super::task_self::TaskSelf;
use crate::name::Name;

impl Kernel {
    /// A task without any name.
    pub fn create_space(&mut self) -> SpaceId {
        self.spaces.insert(Space::default())
    }

    /// A task has ended: every right that it had is destroyed. An answer of `false` says that it had ended before.
    pub fn terminate_space(&mut self, space: SpaceId) -> bool {
        let Some(table) = self.spaces.get(space) else { return false };
        let names: Vec<Name> = table.names().map(|(name, _)| name).collect();
        for name in names {
            self.destroy_name(space, name);
        }
        if let Some(Space { task_self, special, .. }) = self.spaces.remove(space) {
            for right in special.rights() {
                self.doom(right);
            }
            let own = task_self.map(|TaskSelf { port, name_port, .. }| [port, name_port]);
            for port in own.into_iter().flatten().flatten() {
                self.kill_port(port);
            }
        }
        self.reap();
        true
    }

    /// The receive right of a port is destroyed. If somebody asked to be told, the port lives on and its receive right
    /// goes there; else the port dies.
    pub fn kill_port(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(id) else { return };
        match port.rare.as_mut().and_then(|rare| rare.port_destroyed.take()) {
            Some(notify) => {
                self.leave_home(id, Self::lose_receive);
                self.clear_receiver(id);
                self.notify(notify, Notification::PortDestroyed { right: Capability::Receive(id) });
            }
            None => self.port_died(id),
        }
        self.reap();
    }

    /// A port is dead, whoever asked to be told: its messages are destroyed, its rights become dead names.
    pub fn port_died(&mut self, id: PortId) {
        self.leave_home(id, Self::lose_dead);
        self.leave_sets(id);
        let Some(Port { rare, queue, home, send_once_rights, .. }) = self.ports.remove(id) else { return };
        if let Home::Space(space, _) = home {
            self.count_once(space, |count| count.saturating_sub(send_once_rights));
        }
        self.steps.push(Step::Died(id));
        if let Some(rare) = rare {
            self.settle_debts(*rare);
        }
        for message in queue {
            self.doom_message(message);
        }
        self.reap();
    }

    /// What was registered at a port that died.
    fn settle_debts(&mut self, rare: Rare) {
        self.tell_changed(rare.receivers);
        if let Some(notify) = rare.no_senders {
            self.drop_send_once(notify.0);
        }
        for (space, name) in rare.watched {
            self.tell_dead_name(space, name);
        }
        for cached in rare.cached {
            self.drop_send_once(cached.notify.0);
        }
        for (ticket, message) in rare.senders {
            self.doom_message(message);
            self.tell_sent(ticket);
        }
    }

    /// The port of a watched name died: the name gets the reference that its notification carries.
    fn tell_dead_name(&mut self, space: SpaceId, name: Name) {
        let Ok(entry) = self.look(space, name) else { return };
        let Some(request) = entry.request.take() else { return };
        entry.refer();
        self.notify(request.notify, Notification::DeadName { name });
    }

    /// Lets the space that has the receive right know that it has it no more.
    fn leave_home(&mut self, id: PortId, lose: fn(&mut Self, SpaceId, Name)) {
        if let Some(Port { home: Home::Space(space, name), .. }) = self.ports.get(id) {
            lose(self, *space, *name);
        }
    }

    /// The name's receive right is gone with its port: a name that has send rights too is seen to be dead.
    fn lose_dead(&mut self, space: SpaceId, name: Name) {
        if let Ok(Entry { held: Held::Receive(_), .. }) = self.look(space, name) {
            self.free_name(space, name);
        }
    }
}
