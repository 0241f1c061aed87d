// SPDX-License-Identifier: MIT OR Apache-2.0
//! Giving names back.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_right.c: `ipc_right_dealloc`, `ipc_right_destroy`, `ipc_right_terminate`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::notification::Notification;
use crate::kernel::port::Guard;
use crate::kernel::space::Held;
use crate::name::Name;

impl Kernel {
    /// The receive right under a name goes, guarded or not: whoever owns it as a value gives it back. Send rights stay.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`], [`KernError::InvalidRight`].
    pub fn abandon(&mut self, space: SpaceId, name: Name) -> Result<(), KernError> {
        let port = self.receive_right(space, name)?;
        self.kill_port(port);
        Ok(())
    }

    /// Destroys all rights under a name: `mach_port_destroy`. [`Name::NULL`] and [`Name::DEAD`] have none.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] for the receive right of a
    /// guarded port.
    pub fn destroy(&mut self, space: SpaceId, name: Name) -> Result<(), KernError> {
        if !name.is_valid() {
            return Ok(());
        }
        let held = self.look(space, name)?.held;
        if held.receives().is_some_and(|port| self.is_guarded(port)) {
            return Err(KernError::InvalidRight);
        }
        self.destroy_name(space, name);
        Ok(())
    }

    /// One user reference of a send right or of a dead name less, a send-once right or a set destroyed:
    /// `mach_port_deallocate`. [`Name::NULL`] and [`Name::DEAD`] have none.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidRight`] for a receive right alone.
    pub fn deallocate(&mut self, space: SpaceId, name: Name) -> Result<(), KernError> {
        if !name.is_valid() {
            return Ok(());
        }
        match self.look(space, name)?.held {
            Held::Receive(_) => return Err(KernError::InvalidRight),
            Held::Set(_) | Held::SendOnce(_) => self.destroy_name(space, name),
            Held::Send(_) | Held::SendReceive(_) | Held::Dead => self.drop_references(space, name, 1),
        }
        Ok(())
    }

    /// So many user references of a send right or dead name less; there are at least as many. If they are counted no more,
    /// nothing changes.
    pub(crate) fn drop_references(&mut self, space: SpaceId, name: Name, count: u16) {
        let Ok(entry) = self.look(space, name) else { return };
        if entry.is_pegged() {
            return;
        }
        if entry.references > count {
            entry.references -= count;
        } else {
            self.drop_all_references(space, name);
        }
    }

    /// The send right or dead name goes; a receive right under the name stays.
    pub(crate) fn drop_all_references(&mut self, space: SpaceId, name: Name) {
        let Ok(held) = self.look(space, name).map(|entry| entry.held) else { return };
        match held {
            Held::SendReceive(port) => self.receive_only(space, name, port),
            _ => self.free_name(space, name),
        }
        if let Some(port) = held.sends() {
            self.drop_send(port);
        }
    }

    /// The name has no send right any more.
    pub(crate) fn receive_only(&mut self, space: SpaceId, name: Name, port: PortId) {
        let Ok(entry) = self.look(space, name) else { return };
        entry.held = Held::Receive(port);
        entry.references = 1;
    }

    /// Destroys all rights under a name, guarded or not.
    pub(crate) fn destroy_name(&mut self, space: SpaceId, name: Name) {
        let Ok(held) = self.look(space, name).map(|entry| entry.held) else { return };
        match held {
            Held::Dead => self.free_name(space, name),
            Held::Send(_) => self.drop_all_references(space, name),
            Held::SendOnce(port) => {
                self.free_name(space, name);
                self.drop_send_once(port);
            }
            Held::Set(set) => {
                self.free_name(space, name);
                self.destroy_set(set);
            }
            Held::SendReceive(port) => {
                self.drop_all_references(space, name);
                self.kill_port(port);
            }
            Held::Receive(port) => self.kill_port(port),
        }
    }

    /// A name stands for nothing any more. If a notification was registered for it, that says so.
    pub(crate) fn free_name(&mut self, space: SpaceId, name: Name) {
        let Some(entry) = self.spaces.get_mut(space).and_then(|space| space.leave(name)) else { return };
        let Some(request) = entry.request else { return };
        if let Some(port) = entry.held.port() {
            self.unwatch(port, space, name);
        }
        self.notify(request.notify, Notification::PortDeleted { name });
    }

    pub(crate) fn is_guarded(&self, port: PortId) -> bool {
        self.ports.get(port).is_some_and(|port| port.guard() != Guard::None)
    }
}
