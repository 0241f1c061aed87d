// SPDX-License-Identifier: MIT OR Apache-2.0
//! The space of one task, by names: Mach's own interface.

use super::Host;
use crate::code::KernError;
use crate::kernel::{Kernel, SpaceId};

/// The space of one task, and Mach's own calls on it: `mach_port_allocate` is [`Names::allocate`], and so on.
///
/// It is a handle: a copy means the same task. Once the task has ended each call answers
/// [`KernError::InvalidTask`], and in a forked child [`KernError::Forked`]. References are the caller's affair here;
/// the types of rights keep them by themselves.
#[derive(Clone, Copy)]
pub struct Names {
    pub(super) host: &'static Host,
    pub(super) space: SpaceId,
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.space == other.space && std::ptr::eq(self.host, other.host)
    }
}

impl Eq for Names {}

impl std::fmt::Debug for Names {
    /// Which space it is: the host has tasks, which have names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Names").field(&self.space).finish()
    }
}

impl Names {
    pub(super) fn of(host: &'static Host, space: SpaceId) -> Self {
        Self { host, space }
    }

    /// Runs `act` on the kernel, unless it stayed with the parent at a fork.
    pub(super) fn run<T>(
        self,
        act: impl FnOnce(&mut Kernel, SpaceId) -> Result<T, KernError>,
    ) -> Result<T, KernError> {
        if !self.host.is_here() {
            return Err(KernError::Forked);
        }
        self.host.run(|kernel| act(kernel, self.space))
    }
}
