// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights from one space into another, by names.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_insert_right`, `mach_port_extract_right`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::Capability;
use crate::name::Name;
use crate::right::Disposition;

impl Kernel {
    /// Puts a right into a space under a name that the caller chose: `mach_port_insert_right`. The caller took the right
    /// from its own space by [`Kernel::copy_in`].
    ///
    /// # Errors
    /// Those of [`Kernel::copy_out_as`]; [`KernError::InvalidValue`] for no name. The right comes back.
    pub fn insert_right(
        &mut self,
        space: SpaceId,
        name: Name,
        right: Capability,
    ) -> Result<(), (KernError, Capability)> {
        if self.spaces.get(space).is_none() {
            return Err((KernError::InvalidTask, right));
        }
        if !name.is_valid() {
            return Err((KernError::InvalidValue, right));
        }
        self.copy_out_as(space, name, right)
    }

    /// Takes, copies or makes a right of a space: `mach_port_extract_right`. The caller puts it into its own space by
    /// [`Kernel::copy_out`].
    ///
    /// # Errors
    /// Those of [`Kernel::copy_in`]; [`KernError::InvalidRight`] for no name.
    pub fn extract_right(
        &mut self,
        space: SpaceId,
        name: Name,
        disposition: Disposition,
    ) -> Result<Capability, KernError> {
        self.refuse_no_name(space, name)?;
        self.copy_in(space, name, disposition)
    }
}
