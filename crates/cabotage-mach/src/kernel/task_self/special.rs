// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ports that every task can ask for without knowing a name: its special ports.
//!
//! # Source
//! XNU, osfmk/kern/ipc_tt.c: `task_get_special_port`, `task_set_special_port`; osfmk/mach/task_special_ports.h.

use super::TaskSelf;
use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::{AuditToken, Capability};
use crate::kernel::port::{Home, Port};
use crate::name::Name;
use crate::right::SpecialPort;

/// The rights that a task keeps for whoever asks for its special ports. A port that died since is a dead one.
#[derive(Debug, Default)]
pub(crate) struct SpecialPorts {
    kept: [Option<PortId>; 3],
}

impl SpecialPorts {
    fn place(&mut self, which: SpecialPort) -> Option<&mut Option<PortId>> {
        Some(
            &mut self.kept[match which {
                SpecialPort::Kernel => 0,
                SpecialPort::Host => 1,
                SpecialPort::Bootstrap => 2,
                SpecialPort::Name => return None,
            }],
        )
    }

    /// What is kept. It goes with the task.
    pub(crate) fn rights(&self) -> impl Iterator<Item = Capability> {
        self.kept.into_iter().flatten().map(Capability::Send)
    }
}

impl Kernel {
    /// A send right to a special port of a task: its name, [`Name::NULL`] if the task has none, [`Name::DEAD`] if the port
    /// has died. `task_get_special_port`
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`].
    pub fn special_port(
        &mut self,
        space: SpaceId,
        which: SpecialPort,
        token: AuditToken,
    ) -> Result<Name, KernError> {
        let right = self.special_right(space, which, token)?;
        self.copy_out(space, right).map_err(|(error, right)| {
            self.destroy_capability(right);
            error
        })
    }

    /// The same, in the hands of the caller.
    pub(super) fn special_right(
        &mut self,
        space: SpaceId,
        which: SpecialPort,
        token: AuditToken,
    ) -> Result<Capability, KernError> {
        let kept = self.space(space)?.special.place(which).and_then(|kept| *kept);
        match (which, kept) {
            (_, Some(port)) if self.grant_send(port) => Ok(Capability::Send(port)),
            (_, Some(_)) => Ok(Capability::Dead),
            (SpecialPort::Kernel, None) => Ok(self.make_send_to(space, token, |own| &mut own.port)),
            (SpecialPort::Name, None) => Ok(self.make_send_to(space, token, |own| &mut own.name_port)),
            (SpecialPort::Host | SpecialPort::Bootstrap, None) => Ok(Capability::Null),
        }
    }

    /// From now on whoever asks for this special port of the task gets a copy of this send right; none, if it is null.
    /// `task_set_special_port`
    ///
    /// # Errors
    /// [`KernError::InvalidTask`]; [`KernError::InvalidArgument`] for [`SpecialPort::Name`], which is the kernel's own;
    /// [`KernError::InvalidCapability`] for another right than one to send. The right comes back.
    pub fn set_special_port(
        &mut self,
        space: SpaceId,
        which: SpecialPort,
        right: Capability,
    ) -> Result<(), (KernError, Capability)> {
        let port = match right {
            Capability::Null => None,
            Capability::Send(port) => Some(port),
            right => return Err((KernError::InvalidCapability, right)),
        };
        let Some(table) = self.spaces.get_mut(space) else { return Err((KernError::InvalidTask, right)) };
        let Some(place) = table.special.place(which) else { return Err((KernError::InvalidArgument, right)) };
        if let Some(before) = std::mem::replace(place, port) {
            self.destroy_capability(Capability::Send(before));
        }
        Ok(())
    }

    /// A send right to one of the ports by which the kernel answers for a task; it is made when first asked for. `token`
    /// is the task's identity from the first time on.
    pub(super) fn make_send_to(
        &mut self,
        space: SpaceId,
        token: AuditToken,
        which: fn(&mut TaskSelf) -> &mut Option<PortId>,
    ) -> Capability {
        let Some(table) = self.spaces.get_mut(space) else { return Capability::Dead };
        let own = table.task_self.get_or_insert_with(|| TaskSelf::of(token));
        let port = *which(own).get_or_insert_with(|| self.ports.insert(Port::new(Home::Task(space))));
        if let Some(port) = self.ports.get_mut(port) {
            port.make_send();
        }
        Capability::Send(port)
    }
}
