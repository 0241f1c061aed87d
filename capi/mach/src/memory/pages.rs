// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages that a C program has and gives back, by its [`Word`].
//!
//! # Source
//! XNU, osfmk/vm/vm_user.c.

use cabotage_os::pages::{self, Content, Protection, Word};

use super::{Wish, shared, whole_pages};
use crate::code::{Code, INVALID_ADDRESS, INVALID_ARGUMENT, of_pages};
use crate::memory::DEFAULT;

/// Pages of zeros: `vm_allocate`.
pub(crate) fn allocate(word: Word, wish: Wish, bytes: usize) -> Result<usize, Code> {
    match bytes {
        0 => Ok(0),
        bytes => wish.map(word, whole_pages(0, bytes)?.1, Content::Zeros, DEFAULT),
    }
}

/// Pages go: `vm_deallocate`.
pub(crate) fn deallocate(word: Word, address: usize, bytes: usize) -> Result<(), Code> {
    if bytes == 0 {
        return Ok(());
    }
    let (start, bytes) = whole_pages(address, bytes)?;
    word.unmap(start, bytes).map_err(|error| of_pages(&error))?;
    shared::forget_unmapped();
    Ok(())
}

/// What pages may be used for: `vm_protect`. A lower maximum takes what is allowed now, too.
pub(crate) fn protect(
    word: Word,
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
    word.protect(start, bytes, wanted).map_err(|error| of_pages(&error))
}

const SHARE: u32 = 0;
const COPY: u32 = 1;
const NONE: u32 = 2;

/// What forked children have of pages: `vm_inherit`.
pub(crate) fn inherit(word: Word, address: usize, bytes: usize, inheritance: u32) -> Result<(), Code> {
    let (start, bytes) = whole_pages(address, bytes)?;
    match inheritance {
        SHARE => drop(shared::object_of(word, start, bytes)?),
        COPY | NONE => {}
        _ => return Err(INVALID_ARGUMENT),
    }
    word.inherit(start, bytes, inheritance != NONE).map_err(|error| of_pages(&error))
}

/// Copies bytes to an address, which must be writable there.
pub(super) fn store(word: Word, address: usize, source: &[u8]) -> Result<(), Code> {
    match word.write(address, source) {
        Ok(true) => Ok(()),
        Ok(false) => Err(INVALID_ADDRESS),
        Err(error) => Err(of_pages(&error)),
    }
}

/// New pages for `vm_map` without a right; a forked child has a copy of them, the same ones, or none.
pub(crate) fn map_zeros(
    word: Word,
    wish: Wish,
    bytes: usize,
    protection: Protection,
    inheritance: u32,
) -> Result<usize, Code> {
    let content = if inheritance == SHARE { Content::SharedZeros } else { Content::Zeros };
    let start = wish.map(word, whole_pages(0, bytes)?.1, content, protection)?;
    if inheritance == NONE {
        inherit(word, start, bytes, NONE)?;
    }
    Ok(start)
}
