// SPDX-License-Identifier: MIT OR Apache-2.0
//! A name that somebody owns one reference of, and what the types of rights have in common.

use super::SendOnceRight;
use crate::code::KernError;
use crate::kernel::calls::Notice;
use crate::name::Name;
use crate::right::{Disposition, Right};
use crate::task::Names;

/// One reference of a name in the space of one task; given back when dropped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    names: Names,
    name: Name,
    right: Right,
}

impl Owned {
    /// The reference of `name` that is known to be ours.
    pub(crate) fn new(names: Names, name: Name, right: Right) -> Self {
        Self { names, name, right }
    }

    /// The reference of `name` that the caller says is ours, if the name stands for such a right at least.
    pub(crate) fn checked(names: Names, name: Name, right: Right) -> Result<Self, KernError> {
        match names.type_of(name)?.has(right) {
            true => Ok(Self { names, name, right }),
            false => Err(KernError::InvalidRight),
        }
    }

    pub(crate) fn names(&self) -> Names {
        self.names
    }

    pub(crate) fn name(&self) -> Name {
        self.name
    }

    /// The name, whose reference is somebody else's now.
    pub(crate) fn into_name(self) -> Name {
        std::mem::ManuallyDrop::new(self).name
    }

    /// A new right in the same task, made from this one.
    pub(crate) fn derive(&self, disposition: Disposition) -> Result<Self, KernError> {
        let name = self.names.transfer(self.name, disposition, self.names)?;
        Ok(Self { names: self.names, name, right: disposition.gives() })
    }

    /// Asks to be told of something about this name once; what was registered before comes back.
    pub(crate) fn watch(
        &self,
        what: (Notice, u32),
        notify: SendOnceRight,
    ) -> Result<Option<SendOnceRight>, KernError> {
        let (names, notify) = (notify.names(), notify.into_raw());
        let previous = names.request_notification(self.name, what, (notify, Disposition::MoveSendOnce))?;
        Ok(previous.is_valid().then(|| SendOnceRight::own(names, previous)))
    }

    /// This right, in another task of the process.
    pub(crate) fn move_to(self, target: Names, disposition: Disposition) -> Result<Self, KernError> {
        let name = self.names.transfer(self.name, disposition, target)?;
        let right = std::mem::ManuallyDrop::new(self).right;
        Ok(Self { names: target, name, right })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // A task that has ended, or a process that was forked, has nothing to give back.
        let _ = match self.right {
            // Owning the value counts more than knowing the guard.
            Right::Receive => self.names.abandon(self.name),
            Right::PortSet => self.names.modify_references(self.name, self.right, -1),
            Right::Send | Right::SendOnce | Right::DeadName => self.names.deallocate(self.name),
        };
    }
}

/// What every right says of itself.
macro_rules! by_name {
    ($Type:ident, $right:expr) => {
        impl $Type {
            /// The right that `name` stands for: the caller gives its reference away, to be dropped with the value.
            ///
            /// # Errors
            /// [`KernError::InvalidName`], or [`KernError::InvalidRight`] if the name stands for another right.
            pub fn from_raw(names: Names, name: Name) -> Result<Self, KernError> {
                Owned::checked(names, name, $right).map(Self::of)
            }

            /// The name, with the reference to it, which the caller now has to give back.
            pub fn into_raw(self) -> Name {
                self.owned.into_name()
            }

            /// The name that the task knows it by.
            pub fn name(&self) -> Name {
                self.owned.name()
            }

            /// The space of the task that has it.
            pub fn names(&self) -> Names {
                self.owned.names()
            }

            /// A reference that is known to be ours.
            pub(crate) fn own(names: Names, name: Name) -> Self {
                Self::of(Owned::new(names, name, $right))
            }
        }
    };
}
pub(crate) use by_name;
