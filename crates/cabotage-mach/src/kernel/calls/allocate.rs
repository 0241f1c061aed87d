// SPDX-License-Identifier: MIT OR Apache-2.0
//! New ports, sets and dead names.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_allocate_full`; osfmk/ipc/ipc_entry.c: `ipc_entry_alloc_name`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::port::{Home, Port};
use crate::kernel::set::PortSet;
use crate::kernel::space::{Entry, Held};
use crate::name::Name;
use crate::right::Right;

impl Kernel {
    /// A new port, set or dead name, under a new name: `mach_port_allocate`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`]; [`KernError::InvalidValue`] for a kind of right that can't be new;
    /// [`KernError::NoSpace`].
    pub fn allocate(&mut self, space: SpaceId, right: Right) -> Result<Name, KernError> {
        self.space(space)?;
        let held = self.create(space, right)?;
        match self.space(space)?.enter(Entry::new(held)) {
            Ok(name) => {
                if let Held::Receive(port) = held {
                    self.settle(port, space, name);
                }
                Ok(name)
            }
            Err(entry) => {
                self.forget(entry.held);
                Err(KernError::NoSpace)
            }
        }
    }

    /// The same, under a name that the caller chose: `mach_port_allocate_name`.
    ///
    /// # Errors
    /// [`KernError::InvalidTask`]; [`KernError::InvalidValue`] for a kind of right that can't be new, or a name of which
    /// the two lowest bits are not set; [`KernError::NameExists`], or [`KernError::Failure`] if the place of the name has
    /// another name now, or is the reserved one; [`KernError::NoSpace`] beyond the most names of a space.
    pub fn allocate_name(&mut self, space: SpaceId, right: Right, name: Name) -> Result<(), KernError> {
        self.space(space)?.can_enter_as(name)?;
        let held = self.create(space, right)?;
        self.space(space)?.enter_as(name, Entry::new(held));
        if let Held::Receive(port) = held {
            self.settle(port, space, name);
        }
        Ok(())
    }

    /// What has no name yet.
    fn create(&mut self, space: SpaceId, right: Right) -> Result<Held, KernError> {
        match right {
            Right::Receive => Ok(Held::Receive(self.ports.insert(Port::new(Home::Space(space, Name::NULL))))),
            Right::PortSet => Ok(Held::Set(self.sets.insert(PortSet::default()))),
            Right::DeadName => Ok(Held::Dead),
            Right::Send | Right::SendOnce => Err(KernError::InvalidValue),
        }
    }

    fn forget(&mut self, held: Held) {
        match held {
            Held::Receive(port) => drop(self.ports.remove(port)),
            Held::Set(set) => drop(self.sets.remove(set)),
            _ => {}
        }
    }
}
