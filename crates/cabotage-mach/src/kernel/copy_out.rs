// SPDX-License-Identifier: MIT OR Apache-2.0
//! Putting a right into a space: under the name that its port has there already, or under a new one.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_object.c: `ipc_object_copyout`, `ipc_object_copyout_name`; osfmk/ipc/ipc_right.c:
//! `ipc_right_copyout`.

use super::Kernel;
use super::ids::{PortId, SpaceId};
use super::message::Capability;
use super::port::Home;
use super::space::{Entry, Held};
use crate::code::KernError;
use crate::name::Name;

impl Kernel {
    /// Puts a right into a space and answers its name: [`Name::NULL`] for none, [`Name::DEAD`] for one whose port has died.
    /// Rights to one port come together under one name, send-once rights each have their own.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`]: with the right.
    pub fn copy_out(
        &mut self,
        space: SpaceId,
        capability: Capability,
    ) -> Result<Name, (KernError, Capability)> {
        if self.spaces.get(space).is_none() {
            return Err((KernError::InvalidTask, capability));
        }
        let Some(port) = capability.port() else {
            return Ok(if capability == Capability::Dead { Name::DEAD } else { Name::NULL });
        };
        if self.ports.get(port).is_none() {
            return Ok(Name::DEAD);
        }
        let known =
            if matches!(capability, Capability::SendOnce(_)) { None } else { self.name_of(space, port) };
        match known {
            Some(name) => self.merge(space, name, &capability),
            None => self.enter(space, capability),
        }
    }

    /// Puts a right under the name that the caller chose.
    ///
    /// # Errors
    /// Those of [`Kernel::copy_out`], and: [`KernError::InvalidCapability`] for no right or one to a dead port;
    /// [`KernError::RightExists`] if the port has another name in the space; [`KernError::NameExists`] if the name stands
    /// for something else; [`KernError::InvalidValue`] or [`KernError::Failure`] if it can't be a name. The right comes
    /// back.
    pub fn copy_out_as(
        &mut self,
        space: SpaceId,
        name: Name,
        capability: Capability,
    ) -> Result<(), (KernError, Capability)> {
        match self.place_for(space, name, &capability) {
            Ok(true) => self.merge(space, name, &capability).map(drop),
            Ok(false) => self.enter_as(space, name, capability),
            Err(error) => Err((error, capability)),
        }
    }

    /// Whether the name has rights to the port already; if not, it is free.
    fn place_for(&mut self, space: SpaceId, name: Name, right: &Capability) -> Result<bool, KernError> {
        let alive = right.port().filter(|port| self.ports.get(*port).is_some());
        let port = alive.ok_or(KernError::InvalidCapability)?;
        let is_free = self.space(space)?.can_enter_as(name);
        if let Err(error @ (KernError::InvalidValue | KernError::Failure | KernError::NoSpace)) = is_free {
            return Err(error);
        }
        match self.name_of(space, port) {
            Some(known) if known == name && !matches!(right, Capability::SendOnce(_)) => Ok(true),
            Some(known) if known != name && !matches!(right, Capability::SendOnce(_)) => {
                Err(KernError::RightExists)
            }
            _ => is_free.map(|()| false),
        }
    }

    /// A right comes to a name of its port.
    fn merge(
        &mut self,
        space: SpaceId,
        name: Name,
        right: &Capability,
    ) -> Result<Name, (KernError, Capability)> {
        let Some(table) = self.spaces.get_mut(space) else { return Ok(Name::DEAD) };
        let Some(entry) = table.get_mut(name) else { return Ok(Name::DEAD) };
        match (right, entry.held) {
            (Capability::Send(port), Held::Receive(_)) => {
                entry.references = 1;
                entry.held = Held::SendReceive(*port);
            }
            (Capability::Send(port), _) => {
                entry.refer();
                self.drop_send(*port);
            }
            (Capability::Receive(port), _) => {
                table.turn(name, Held::SendReceive(*port));
                self.settle(*port, space, name);
            }
            _ => {}
        }
        Ok(name)
    }

    fn enter(&mut self, space: SpaceId, right: Capability) -> Result<Name, (KernError, Capability)> {
        let entered = match (self.spaces.get_mut(space), right.held()) {
            (Some(table), Some(held)) => table.enter(Entry::new(held)),
            _ => return Err((KernError::InvalidTask, right)),
        };
        match (entered, right) {
            (Ok(name), Capability::Receive(port)) => {
                self.settle(port, space, name);
                Ok(name)
            }
            (Ok(name), _) => Ok(name),
            (Err(_), right) => Err((KernError::NoSpace, right)),
        }
    }

    fn enter_as(
        &mut self,
        space: SpaceId,
        name: Name,
        right: Capability,
    ) -> Result<(), (KernError, Capability)> {
        match (self.spaces.get_mut(space), right.held()) {
            (Some(table), Some(held)) => table.enter_as(name, Entry::new(held)),
            _ => return Err((KernError::InvalidTask, right)),
        }
        if let Capability::Receive(port) = right {
            self.settle(port, space, name);
        }
        Ok(())
    }

    /// The receive right has come to rest.
    pub(crate) fn settle(&mut self, port: PortId, space: SpaceId, name: Name) {
        if let Some(port) = self.ports.get_mut(port) {
            port.home = Home::Space(space, name);
            port.guard_again();
            let once = port.send_once_rights;
            self.count_once(space, |count| count.saturating_add(once));
        }
    }
}

impl Capability {
    /// The port, alive or not, that it is a right to.
    pub(crate) fn port(&self) -> Option<PortId> {
        match self {
            Self::Null | Self::Dead => None,
            Self::Send(port) | Self::SendOnce(port) | Self::Receive(port) => Some(*port),
        }
    }

    fn held(&self) -> Option<Held> {
        match self {
            Self::Null | Self::Dead => None,
            Self::Send(port) => Some(Held::Send(*port)),
            Self::SendOnce(port) => Some(Held::SendOnce(*port)),
            Self::Receive(port) => Some(Held::Receive(*port)),
        }
    }
}
