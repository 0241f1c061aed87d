// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may connect, as far as security attributes say it here: nobody else (no descriptor), or everyone (a descriptor
//! whose access list is null, as many servers have it).

use crate::failure::{Answer, Failure};

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The processes of this user.
    OwnUser,
    /// Those of every user of this machine.
    Everyone,
}

/// The start of a security descriptor of Windows, in its absolute form.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) revision: u8,
    pub(crate) padding: u8,
    pub(crate) control: u16,
    pub(crate) owner: usize,
    pub(crate) group: usize,
    pub(crate) sacl: usize,
    pub(crate) dacl: usize,
}

pub(crate) const REVISION: u8 = 1;
const DACL_PRESENT: u16 = 4;
const DACL_DEFAULTED: u16 = 8;

impl Descriptor {
    pub(crate) const EMPTY: Self =
        Self { revision: REVISION, padding: 0, control: 0, owner: 0, group: 0, sacl: 0, dacl: 0 };

    /// With this access list, or without one.
    pub(crate) fn with_dacl(mut self, is_present: bool, dacl: usize, is_defaulted: bool) -> Self {
        self.control &= !(DACL_PRESENT | DACL_DEFAULTED);
        if is_present {
            self.control |= DACL_PRESENT | if is_defaulted { DACL_DEFAULTED } else { 0 };
        }
        self.dacl = if is_present { dacl } else { 0 };
        self
    }

    /// Who may connect.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER` for what is no descriptor; `ERROR_NOT_SUPPORTED` for one with entries: use the mode and
    /// group of the native interface.
    pub(crate) fn who(self) -> Answer<Who> {
        if self.revision != REVISION {
            return Err(Failure::INVALID_PARAMETER);
        }
        match (self.control & DACL_PRESENT != 0, self.dacl, self.owner, self.group) {
            (true, 0, 0, 0) => Ok(Who::Everyone),
            (false, _, 0, 0) => Ok(Who::OwnUser),
            _ => Err(Failure::NOT_SUPPORTED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_list_lets_everyone_in_and_no_list_nobody_else() {
        assert_eq!(Descriptor::EMPTY.who(), Ok(Who::OwnUser));
        let everyone = Descriptor::EMPTY.with_dacl(true, 0, false);
        assert_eq!(everyone.who(), Ok(Who::Everyone));
        assert_eq!(everyone.with_dacl(false, 0, false).who(), Ok(Who::OwnUser));
        assert_eq!(Descriptor::EMPTY.with_dacl(true, 8, false).who().unwrap_err().code, 50);
        assert_eq!(Descriptor { revision: 0, ..Descriptor::EMPTY }.who().unwrap_err().code, 87);
    }
}
