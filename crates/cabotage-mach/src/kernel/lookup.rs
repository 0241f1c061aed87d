// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to what they stand for. Whoever looks at a right whose port has died turns it into a dead name.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_right.c: `ipc_right_lookup`, `ipc_right_check`, `ipc_right_reverse`; osfmk/ipc/ipc_object.c:
//! `ipc_object_translate`.

use super::Kernel;
use super::ids::{PortId, SetId, SpaceId};
use super::port::Port;
use super::space::{Entry, Held, Space};
use crate::code::KernError;
use crate::name::Name;

impl Kernel {
    /// The table of a task that has not ended.
    pub(crate) fn space(&mut self, space: SpaceId) -> Result<&mut Space, KernError> {
        self.spaces.get_mut(space).ok_or(KernError::InvalidTask)
    }

    /// What `name` stands for.
    pub(crate) fn look(&mut self, space: SpaceId, name: Name) -> Result<&mut Entry, KernError> {
        let table = self.spaces.get_mut(space).ok_or(KernError::InvalidTask)?;
        let held = table.get(name).ok_or(KernError::InvalidName)?.held;
        if held.port().is_some_and(|port| self.ports.get(port).is_none()) {
            table.turn(name, Held::Dead);
        }
        table.get_mut(name).ok_or(KernError::InvalidName)
    }

    /// The port of which `name` is the receive right.
    pub(crate) fn receive_right(&mut self, space: SpaceId, name: Name) -> Result<PortId, KernError> {
        self.look(space, name)?.held.receives().ok_or(KernError::InvalidRight)
    }

    /// The same, to change it.
    pub(crate) fn receive_port(&mut self, space: SpaceId, name: Name) -> Result<&mut Port, KernError> {
        let port = self.receive_right(space, name)?;
        self.ports.get_mut(port).ok_or(KernError::InvalidRight)
    }

    /// The set that `name` stands for.
    pub(crate) fn set_right(&mut self, space: SpaceId, name: Name) -> Result<SetId, KernError> {
        match self.look(space, name)?.held {
            Held::Set(set) => Ok(set),
            _ => Err(KernError::InvalidRight),
        }
    }

    /// The name that a living port already has in the space, unless the space has only send-once rights to it.
    pub(crate) fn name_of(&self, space: SpaceId, port: PortId) -> Option<Name> {
        let received = self.ports.get(port)?.receiver_name(space);
        received.or_else(|| self.spaces.get(space)?.sender_name(port))
    }
}
