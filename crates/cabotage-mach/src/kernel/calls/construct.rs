// SPDX-License-Identifier: MIT OR Apache-2.0
//! A new port with all that it is to have from its start.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_construct`; osfmk/mach/port.h: `mach_port_options_t`, of which the numbers are.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::port::{Port, QUEUE_LIMIT_MAX};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::Right;

/// What a new port is to be: flags of `mach_port_options_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PortFlags(u32);

impl PortFlags {
    /// The context is the guard: `MPO_CONTEXT_AS_GUARD`.
    pub const CONTEXT_AS_GUARD: Self = Self(0x01);
    /// The queue limit is given: `MPO_QLIMIT`.
    pub const QUEUE_LIMIT: Self = Self(0x02);
    /// The name gets a send right too: `MPO_INSERT_SEND_RIGHT`.
    pub const INSERT_SEND_RIGHT: Self = Self(0x10);
    /// The guard is strict: `MPO_STRICT`.
    pub const STRICT: Self = Self(0x20);
    /// The receive right may never move: `MPO_IMMOVABLE_RECEIVE`.
    pub const IMMOVABLE_RECEIVE: Self = Self(0x80);
    /// Only send-once rights are made, and the receive right never moves: `MPO_REPLY_PORT`.
    pub const REPLY_PORT: Self = Self(0x1000);
    /// Hints about priorities, which are taken and change nothing: `MPO_TEMPOWNER`, `MPO_IMPORTANCE_RECEIVER`,
    /// `MPO_DENAP_RECEIVER`.
    const HINTS: Self = Self(0x04 | 0x08 | 0x40);
    const KNOWN: Self = Self(0x01 | 0x02 | 0x10 | 0x20 | 0x80 | 0x1000 | Self::HINTS.0);
    /// Of these a port can have one.
    const EXCLUSIVE: Self = Self(0x10 | 0x1000);

    /// As C code has it; `None` if a flag is not known here.
    pub fn from_raw(raw: u32) -> Option<Self> {
        (raw & !Self::KNOWN.0 == 0).then_some(Self(raw))
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

impl Kernel {
    /// A new port: `mach_port_construct`. `queue_limit` counts only if the flags say so.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`], [`KernError::NoSpace`]; [`KernError::InvalidArgument`] for flags that exclude each
    /// other; [`KernError::InvalidValue`] for a queue limit above [`QUEUE_LIMIT_MAX`].
    pub fn construct(
        &mut self,
        space: SpaceId,
        flags: PortFlags,
        queue_limit: u32,
        context: u64,
    ) -> Result<Name, KernError> {
        self.space(space)?;
        if flags.has(PortFlags::EXCLUSIVE) {
            return Err(KernError::InvalidArgument);
        }
        if flags.has(PortFlags::QUEUE_LIMIT) && queue_limit > QUEUE_LIMIT_MAX {
            return Err(KernError::InvalidValue);
        }
        let name = self.allocate(space, Right::Receive)?;
        let port = self.receive_port(space, name)?;
        port.fit_out(flags, queue_limit, context);
        if flags.has(PortFlags::INSERT_SEND_RIGHT) {
            port.make_send();
            let port = self.receive_right(space, name)?;
            self.space(space)?.turn(name, Held::SendReceive(port));
        }
        Ok(name)
    }
}

impl Port {
    fn fit_out(&mut self, flags: PortFlags, queue_limit: u32, context: u64) {
        if flags.has(PortFlags::QUEUE_LIMIT) {
            self.queue_limit = queue_limit;
        }
        if flags.has(PortFlags::CONTEXT_AS_GUARD) {
            self.rare().guard_by(context, flags.has(PortFlags::STRICT));
        } else if context != 0 {
            self.rare().context = context;
        }
        let for_replies = flags.has(PortFlags::REPLY_PORT);
        if for_replies || flags.has(PortFlags::IMMOVABLE_RECEIVE) {
            let rare = self.rare();
            (rare.immovable, rare.for_replies) = (true, for_replies);
        }
    }
}
