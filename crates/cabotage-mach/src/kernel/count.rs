// SPDX-License-Identifier: MIT OR Apache-2.0
//! Counting the rights to a port, so that it is known when the last sender goes.
//!
//! A send right counts once for each space that has it, however many user references there are to its name, once for
//! each message that carries it, and once for each other process that got it.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_port.c: `ipc_port_make_send_any`, `ipc_port_copy_send_any`, `ipc_port_release_send`.

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::Capability;
use super::notification::Notification;
use super::port::{Home, Port};
use super::space::SEND_ONCE_RIGHTS_MAX;
use super::step::Step;

impl Port {
    /// A new send right, made by the receiver.
    pub(crate) fn make_send(&mut self) {
        self.make_send_count = self.make_send_count.wrapping_add(1);
        self.send_rights += 1;
    }

    fn is_unused(&self) -> bool {
        self.send_rights == 0 && self.send_once_rights == 0
    }
}

impl Kernel {
    /// One send right less. The last one fires the no-senders notification.
    pub(crate) fn drop_send(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(id) else { return };
        port.send_rights = port.send_rights.saturating_sub(1);
        if port.send_rights > 0 {
            return;
        }
        if let (Home::Away(route), true) = (port.home, port.has_once_route()) {
            // The send-once rights have a way of their own.
            self.steps.push(Step::Release(route));
            return self.forget_if_unused(id);
        }
        let count = port.make_send_count;
        let notify = port.rare.as_mut().and_then(|rare| rare.no_senders.take());
        if let Some(notify) = notify {
            self.notify(notify, Notification::NoSenders { make_send_count: count });
        }
        self.forget_if_unused(id);
    }

    /// One send-once right less that has been used: no notification.
    pub(crate) fn spend_send_once(&mut self, id: PortId) {
        let Some(port) = self.ports.get_mut(id) else { return };
        port.send_once_rights = port.send_once_rights.saturating_sub(1);
        if let Home::Space(space, _) = port.home {
            self.count_once(space, |count| count.saturating_sub(1));
        }
        self.forget_if_unused(id);
    }

    /// A port of another process is known here for as long as there is a right to it, and one that stands for a file
    /// has no other end.
    fn forget_if_unused(&mut self, id: PortId) {
        let Some(port) = self.ports.get(id).filter(|port| port.is_unused()) else { return };
        match port.home {
            Home::Away(route) => {
                let route = port.route_of(&Capability::SendOnce(id)).unwrap_or(route);
                self.steps.push(Step::Release(route));
            }
            Home::File => {}
            _ => return,
        }
        self.ports.remove(id);
    }

    /// A port whose receive right another process has; messages to it are handed out for `route`. There is no right to
    /// it until [`Kernel::grant_send`] or [`Kernel::grant_send_once`] says so.
    pub fn import(&mut self, route: u64) -> PortId {
        self.ports.insert(Port::new(Home::Away(route)))
    }

    /// A send right to a port came from, or went to, another process: it counts as one in a message does.
    /// Answers whether the port lives.
    pub fn grant_send(&mut self, port: PortId) -> bool {
        self.ports.get_mut(port).map(|port| port.send_rights += 1).is_some()
    }

    /// Whether another process has the receive right.
    pub(crate) fn is_away(&self, port: PortId) -> bool {
        self.ports.get(port).is_some_and(|port| matches!(port.home, Home::Away(_)))
    }

    /// The same of a send-once right.
    pub fn grant_send_once(&mut self, port: PortId) -> bool {
        let Some(port) = self.ports.get_mut(port) else { return false };
        port.send_once_rights += 1;
        if let Home::Space(space, _) = port.home {
            self.count_once(space, |count| count.saturating_add(1));
        }
        true
    }

    /// Whether another send-once right to a port of this task may be made.
    pub(crate) fn may_make_send_once(&self, space: SpaceId) -> bool {
        self.spaces.get(space).is_some_and(|space| space.send_once_rights < SEND_ONCE_RIGHTS_MAX)
    }

    /// Send-once rights to ports of a task come or go.
    pub(crate) fn count_once(&mut self, space: SpaceId, change: impl FnOnce(u32) -> u32) {
        if let Some(space) = self.spaces.get_mut(space) {
            space.send_once_rights = change(space.send_once_rights);
        }
    }

    /// What another process held of a port of ours, as [`Kernel::grant_send`] counted it, is gone. It may have been the
    /// last.
    pub fn withdraw_send(&mut self, port: PortId) {
        self.drop_send(port);
        self.reap();
    }

    /// The same of a send-once right that was used; one that was not is destroyed as any other
    /// ([`Kernel::destroy_capability`]).
    pub fn withdraw_send_once(&mut self, port: PortId) {
        self.spend_send_once(port);
    }
}
