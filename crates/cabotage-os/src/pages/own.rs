// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changing pages that are there, by the word of a C program: it alone knows who uses them.

use std::ptr;

use rustix::mm::{Advice, MprotectFlags};

use super::{Content, MapFlags, Protection, copy, map_at};
use crate::error::{SystemError, attempt};

/// The word of a C program for what it says about its own pages: that nobody relies on what the call changes, and
/// that whoever uses them does so only as is still allowed. Whoever exports a C function has it from its caller.
#[derive(Debug, Clone, Copy)]
pub struct Word(());

impl Word {
    /// The caller's word.
    ///
    /// # Safety
    /// It holds for each page that the value is used for.
    pub const unsafe fn given() -> Self {
        Self(())
    }

    /// New pages over whatever is at `address`.
    ///
    /// # Errors
    /// As [`map`](super::map), but `EEXIST`.
    pub fn map_over(
        self,
        address: usize,
        bytes: usize,
        content: Content<'_>,
        protection: Protection,
    ) -> Result<usize, SystemError> {
        // SAFETY: nobody relies on what was there: the program's word.
        unsafe { map_at(address, bytes, content, protection, MapFlags::FIXED) }
    }

    /// Pages go.
    ///
    /// # Errors
    /// `EINVAL`: no bytes, or an address inside a page.
    ///
    /// # Source
    /// munmap(2).
    pub fn unmap(self, address: usize, bytes: usize) -> Result<(), SystemError> {
        attempt("munmap", format_args!("{bytes} bytes"), || {
            // SAFETY: nobody uses them any more: the program's word.
            unsafe { rustix::mm::munmap(ptr::with_exposed_provenance_mut(address), bytes) }
        })
    }

    /// What pages may be used for from now on.
    ///
    /// # Errors
    /// `ENOMEM` where there are none, `EACCES`, `EINVAL`.
    ///
    /// # Source
    /// mprotect(2).
    pub fn protect(self, address: usize, bytes: usize, protection: Protection) -> Result<(), SystemError> {
        let flags = MprotectFlags::from_bits_retain(protection.bits());
        attempt("mprotect", format_args!("{bytes} bytes"), || {
            // SAFETY: whoever uses them does so only as is still allowed: the program's word.
            unsafe { rustix::mm::mprotect(ptr::with_exposed_provenance_mut(address), bytes, flags) }
        })
    }

    /// Whether a forked child has these pages at all.
    ///
    /// # Errors
    /// `ENOMEM` where there are none, `EINVAL`.
    ///
    /// # Source
    /// madvise(2), `MADV_DONTFORK`, `MADV_DOFORK`.
    pub fn inherit(self, address: usize, bytes: usize, in_children: bool) -> Result<(), SystemError> {
        let advice = if in_children { Advice::LinuxDoFork } else { Advice::LinuxDontFork };
        attempt("madvise", format_args!("{bytes} bytes"), || {
            // SAFETY: the child's code does not use what it does not have: the program's word.
            unsafe { rustix::mm::madvise(ptr::with_exposed_provenance_mut(address), bytes, advice) }
        })
    }

    /// Copies `source` to an address of this process; answers whether all of it could be written there. If not, the
    /// first part may have been.
    ///
    /// # Errors
    /// The system has no memory for it.
    ///
    /// # Source
    /// process_vm_writev(2).
    pub fn write(self, address: usize, source: &[u8]) -> Result<bool, SystemError> {
        // SAFETY: nobody has references to what lies there: the program's word.
        unsafe { copy::write(address, source) }
    }
}
