// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a fork must not copy: descriptors that stand for rights, and maps that stand for places.
//!
//! Close-on-exec does nothing for a child that never executes: it would keep a peer's hang-up from coming and a
//! lock from being free. So a descriptor that may have one holder only is a [`SoleFd`]: it stands in a table that
//! a `pthread_atfork` hook closes in the child. And every object that must not be used there remembers its
//! [`Origin`]. The hook is installed with the first [`SoleFd`] and stays for the life of the process.
//!
//! A fork waits until no other thread is between opening such a descriptor and entering it in the table, or
//! between taking it out and closing it ([`undivided`]). A child made by a raw `clone` runs no hooks: its
//! descriptors stay, but its objects still refuse to work.

mod exempt;
mod gate;
mod hook;
mod origin;
mod table;
mod trial;

use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

pub use exempt::{Exemption, exempt};
pub use gate::undivided;
pub use origin::Origin;
pub use trial::{child_answers, child_that};

use crate::error::SystemError;

/// Makes forks heed [`undivided`] from now on, for those that keep no [`SoleFd`] but must not be caught half-way by a
/// fork; once for the process.
///
/// # Errors
/// The system has no memory for the hook.
pub fn heed() -> Result<(), SystemError> {
    hook::install()
}

/// A descriptor that no forked child keeps: the child's copy is closed before `fork` returns there, unless
/// [`exempt`] says otherwise.
#[derive(Debug)]
pub struct SoleFd {
    fd: ManuallyDrop<OwnedFd>,
    origin: Origin,
    slot: &'static table::Slot,
}

impl SoleFd {
    /// Takes a descriptor into the table.
    ///
    /// # Errors
    /// The system has no memory for the table or the hook; the descriptor is closed.
    pub fn new(fd: OwnedFd) -> Result<Self, SystemError> {
        Self::made_by(|| Ok(fd))
    }

    /// Takes the descriptor that `make` opens into the table, in one step as far as forks can see: no child gets a
    /// copy from before it was in the table.
    ///
    /// # Errors
    /// As [`SoleFd::new`], and what `make` answers.
    pub fn made_by<E: From<SystemError>>(make: impl FnOnce() -> Result<OwnedFd, E>) -> Result<Self, E> {
        hook::install()?;
        let origin = Origin::here()?;
        undivided(|| {
            let fd = make()?;
            let slot = table::enter(fd.as_raw_fd())?;
            Ok(Self { fd: ManuallyDrop::new(fd), origin, slot })
        })
    }

    /// Whether this process may use the descriptor: false in a forked child.
    #[inline]
    pub fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    /// The descriptor out of the table again: a plain one, which forked children keep.
    ///
    /// # Errors
    /// `None` in a forked child, where it is closed already.
    pub fn into_fd(self) -> Option<OwnedFd> {
        let mut this = ManuallyDrop::new(self);
        this.is_here().then(|| {
            table::leave(this.slot);
            // SAFETY: `this` is never used or dropped again, so the descriptor is taken out once.
            unsafe { ManuallyDrop::take(&mut this.fd) }
        })
    }
}

impl AsFd for SoleFd {
    /// In a forked child the number is stale: ask [`SoleFd::is_here`] first.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SoleFd {
    fn drop(&mut self) {
        if !self.origin.is_here() {
            return; // The hook has closed it; by now the number may be somebody else's.
        }
        undivided(|| {
            // Out of the table first: the number must not stand there once it can be given out again.
            table::leave(self.slot);
            // SAFETY: dropped once, here, and never used again.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        });
    }
}
