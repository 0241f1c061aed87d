// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages that a C program has and gives back. What it says about them is its own affair: it promises, by calling, that
//! nobody relies on what the call changes, and that promise stands behind each unsafe block here.
//!
//! # Source
//! XNU, osfmk/vm/vm_user.c.

use cabotage_os::SystemError;
use cabotage_os::pages::{self, Content, Protection};

use super::{Wish, shared, whole_pages};
use crate::code::{Code, INVALID_ADDRESS, INVALID_ARGUMENT, of_pages};
use crate::memory::DEFAULT;

/// Pages of zeros: `vm_allocate`.
pub(crate) fn allocate(wish: Wish, bytes: usize) -> Result<usize, Code> {
    match bytes {
        0 => Ok(0),
        bytes => wish.map(whole_pages(0, bytes)?.1, Content::Zeros, DEFAULT),
    }
}

/// Pages go: `vm_deallocate`.
pub(crate) fn deallocate(address: usize, bytes: usize) -> Result<(), Code> {
    if bytes == 0 {
        return Ok(());
    }
    let (start, bytes) = whole_pages(address, bytes)?;
    // SAFETY: the program has said that it uses these pages no more.
    unsafe { pages::unmap(start, bytes) }.map_err(|error| of_pages(&error))?;
    shared::forget_unmapped();
    Ok(())
}

/// What pages may be used for: `vm_protect`. A lower maximum takes what is allowed now, too.
pub(crate) fn protect(
    address: usize,
    bytes: usize,
    is_maximum: bool,
    wanted: Protection,
) -> Result<(), Code> {
    if bytes == 0 {
        return Ok(());
    }
    let (start, bytes) = whole_pages(address, bytes)?;
    let now = pages::known(start).ok().flatten().ok_or(INVALID_ADDRESS)?.protection;
    let wanted = if is_maximum { wanted & now } else { wanted };
    // SAFETY: the program uses its pages only as it has said here.
    unsafe { pages::protect(start, bytes, wanted) }.map_err(|error| of_pages(&error))
}

const SHARE: u32 = 0;
const COPY: u32 = 1;
const NONE: u32 = 2;

/// What forked children have of pages: `vm_inherit`.
pub(crate) fn inherit(address: usize, bytes: usize, inheritance: u32) -> Result<(), Code> {
    let (start, bytes) = whole_pages(address, bytes)?;
    match inheritance {
        SHARE => drop(shared::object_of(start, bytes)?),
        COPY | NONE => {}
        _ => return Err(INVALID_ARGUMENT),
    }
    // SAFETY: a child of the program uses only what the program has said that it has.
    unsafe { pages::inherit(start, bytes, inheritance != NONE) }.map_err(|error| of_pages(&error))
}

/// Maps over whatever was at the address, which the program has asked for.
pub(super) fn map_over(
    address: usize,
    bytes: usize,
    content: Content<'_>,
    protection: Protection,
) -> Result<usize, SystemError> {
    // SAFETY: the program has said that it relies on nothing that was there, or what comes is the same (`shared`).
    unsafe { pages::map_over(address, bytes, content, protection) }
}

/// Copies bytes to an address, which must be writable there.
pub(super) fn store(address: usize, source: &[u8]) -> Result<(), Code> {
    // SAFETY: the program has said that it wants these bytes there.
    match unsafe { pages::write(address, source) } {
        Ok(true) => Ok(()),
        Ok(false) => Err(INVALID_ADDRESS),
        Err(error) => Err(of_pages(&error)),
    }
}

/// New pages for `vm_map` without a right; a forked child has a copy of them, the same ones, or none.
pub(crate) fn map_zeros(
    wish: Wish,
    bytes: usize,
    protection: Protection,
    inheritance: u32,
) -> Result<usize, Code> {
    let content = if inheritance == SHARE { Content::SharedZeros } else { Content::Zeros };
    let start = wish.map(whole_pages(0, bytes)?.1, content, protection)?;
    if inheritance == NONE {
        inherit(start, bytes, NONE)?;
    }
    Ok(start)
}
