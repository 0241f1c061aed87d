// SPDX-License-Identifier: MIT OR Apache-2.0
//! The context of a port, and guards: a guarded port is destroyed only by who knows its context.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_guard_locked`, `mach_port_unguard_locked`, `mach_port_swap_guard`,
//! `mach_port_get_context`, `mach_port_set_context`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::port::{Guard, Port, Rare};
use crate::name::Name;

impl Kernel {
    /// The context; 0 if it is a strict guard: `mach_port_get_context`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::InvalidName`], [`KernError::InvalidRight`].
    pub fn context(&mut self, space: SpaceId, name: Name) -> Result<u64, KernError> {
        let port = self.received_port(space, name)?;
        Ok(if port.guard() == Guard::Strict { 0 } else { port.context() })
    }

    /// Stores a number with the port; if it is guarded, that is the guard from now on: `mach_port_set_context`.
    ///
    /// # Errors
    /// As [`Kernel::context`]; [`KernError::InvalidArgument`] if the guard is strict.
    pub fn set_context(&mut self, space: SpaceId, name: Name, context: u64) -> Result<(), KernError> {
        let port = self.received_port(space, name)?;
        if port.guard() == Guard::Strict {
            return Err(KernError::InvalidArgument);
        }
        port.rare().context = context;
        Ok(())
    }

    /// Guards a port: `mach_port_guard`.
    ///
    /// # Errors
    /// As [`Kernel::context`]; [`KernError::InvalidArgument`] if it has a guard, or a context, already.
    pub fn guard(&mut self, space: SpaceId, name: Name, guard: u64, strict: bool) -> Result<(), KernError> {
        let port = self.receive_port(space, name)?;
        if port.guard() != Guard::None || port.context() != 0 {
            return Err(KernError::InvalidArgument);
        }
        port.rare().guard_by(guard, strict);
        Ok(())
    }

    /// Guards a port and says whether its receive right may move ever again: `mach_port_guard_with_flags`.
    ///
    /// # Errors
    /// As [`Kernel::guard`].
    pub fn guard_immovable(
        &mut self,
        space: SpaceId,
        name: Name,
        guard: u64,
        strict: bool,
    ) -> Result<(), KernError> {
        self.guard(space, name, guard, strict)?;
        self.receive_port(space, name)?.rare().immovable = true;
        Ok(())
    }

    /// Takes the guard off; the context is 0 then: `mach_port_unguard`.
    ///
    /// # Errors
    /// As [`Kernel::context`]; [`KernError::InvalidArgument`] if it has none, or another.
    pub fn unguard(&mut self, space: SpaceId, name: Name, guard: u64) -> Result<(), KernError> {
        let port = self.receive_port(space, name)?;
        if port.guard() == Guard::None || port.context() != guard {
            return Err(KernError::InvalidArgument);
        }
        let rare = port.rare();
        (rare.context, rare.guard) = (0, Guard::None);
        Ok(())
    }

    /// Changes the guard, which must not be strict: `mach_port_swap_guard`.
    ///
    /// # Errors
    /// As [`Kernel::unguard`].
    pub fn swap_guard(&mut self, space: SpaceId, name: Name, old: u64, new: u64) -> Result<(), KernError> {
        let port = self.receive_port(space, name)?;
        if port.guard() != Guard::Guarded || port.context() != old {
            return Err(KernError::InvalidArgument);
        }
        port.rare().context = new;
        Ok(())
    }

    pub(crate) fn context_of(&self, port: PortId) -> u64 {
        self.ports.get(port).map_or(0, Port::context)
    }
}

impl Port {
    fn context(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.context)
    }
}

impl Rare {
    pub(crate) fn guard_by(&mut self, guard: u64, strict: bool) {
        self.context = guard;
        self.guard = if strict { Guard::Strict } else { Guard::Guarded };
    }
}
