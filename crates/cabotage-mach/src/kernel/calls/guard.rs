// SPDX-License-Identifier: MIT OR Apache-2.0
//! The context of a port, and guards: a guarded port is destroyed only by who knows its context.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_guard_locked`, `mach_port_unguard_locked`, `mach_port_swap_guard`,
//! `mach_port_get_context`, `mach_port_set_context`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::Capability;
use crate::kernel::port::{Guard, Port, Rare};
use crate::name::Name;
use crate::right::Disposition;

/// How a port is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct GuardFlags(u32);

impl GuardFlags {
    /// The context, which is the guard, can be neither read nor changed: `MPG_STRICT`.
    pub const STRICT: Self = Self(0x01);
    /// The receive right may never move, even when the guard is off again: `MPG_IMMOVABLE_RECEIVE`.
    pub const IMMOVABLE_RECEIVE: Self = Self(0x02);

    /// As C code has it; `None` if a flag is not known.
    pub fn from_raw(raw: u32) -> Option<Self> {
        (raw & !0x03 == 0).then_some(Self(raw))
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among them.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How a receive right goes along with its guard: the descriptor of a guarded port.
///
/// # Source
/// XNU, osfmk/mach/message.h: `mach_msg_guarded_port_descriptor_t`; osfmk/ipc/ipc_right.c:
/// `ipc_right_copyin_check_guard_locked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handover {
    /// The guard that the port has, and arrives with.
    pub guard: u64,
    /// It has none yet, and arrives with one all the same: `MACH_MSG_GUARD_FLAGS_UNGUARDED_ON_SEND`.
    pub unguarded_on_send: bool,
    /// Its receiver can't move it on: `MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE`.
    pub immovable: bool,
}

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

    /// Guards a port as the flags say: `mach_port_guard_with_flags`.
    ///
    /// # Errors
    /// As [`Kernel::guard`].
    pub fn guard_with_flags(
        &mut self,
        space: SpaceId,
        name: Name,
        guard: u64,
        flags: GuardFlags,
    ) -> Result<(), KernError> {
        self.guard(space, name, guard, flags.has(GuardFlags::STRICT))?;
        if flags.has(GuardFlags::IMMOVABLE_RECEIVE) {
            self.receive_port(space, name)?.rare().immovable = true;
        }
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

impl Kernel {
    /// Takes a guarded receive right out of a space: it arrives guarded.
    pub(crate) fn copy_in_guarded(
        &mut self,
        space: SpaceId,
        name: Name,
        handover: Handover,
    ) -> Result<Capability, KernError> {
        let port = self.receive_port(space, name)?;
        let fits = match port.guard() {
            Guard::None => handover.unguarded_on_send && port.context() == 0,
            _ => !handover.unguarded_on_send && port.context() == handover.guard,
        };
        if !fits {
            return Err(KernError::InvalidArgument);
        }
        let is_strict = port.guard() == Guard::Strict;
        let right = self.copy_in(space, name, Disposition::MoveReceive)?;
        if let Some(port) = right.port().and_then(|port| self.ports.get_mut(port)) {
            port.rare().handover = Some((handover, is_strict));
        }
        Ok(right)
    }

    /// How a receive right that is on its way is guarded.
    pub(crate) fn handover_of(&self, right: &Capability) -> Option<Handover> {
        let Capability::Receive(port) = right else { return None };
        let rare = self.ports.get(*port)?.rare.as_ref()?;
        rare.handover.map(|(handover, _)| Handover { unguarded_on_send: false, ..handover })
    }
}

impl Port {
    /// It has come to a space: with the guard that it was sent with.
    pub(crate) fn guard_again(&mut self) {
        let Some(rare) = &mut self.rare else { return };
        if let Some((handover, is_strict)) = rare.handover.take() {
            rare.guard_by(handover.guard, is_strict);
            rare.immovable |= handover.immovable;
        }
    }

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
