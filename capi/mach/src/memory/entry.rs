// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory as a right: `mach_make_memory_entry`, `vm_map`, `vm_remap`.
//!
//! Behind the right is a view of a memory object: it says where the memory begins and whether it may be written, and goes
//! to another process with a message as any open file does.
//!
//! # Source
//! XNU, osfmk/vm/vm_user.c: `mach_make_memory_entry_internal`; osfmk/vm/vm_map.c: `vm_map_enter_mem_object`,
//! `vm_map_remap`.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use cabotage_mach::{Name, Names};
use cabotage_os::descriptor::{Kind, Nature};
use cabotage_os::memfd::Memfd;
use cabotage_os::object::facts;
use cabotage_os::pages::{self, Content, Protection, Word};

use super::shared::{self, Part};
use super::{Wish, bits_of, copies, whole_pages};
use crate::code::{
    Code, INVALID_ADDRESS, INVALID_ARGUMENT, INVALID_CAPABILITY, INVALID_OBJECT, INVALID_RIGHT,
    NOT_SUPPORTED, RESOURCE_SHORTAGE, of_kern, of_pages,
};

/// New memory, of which there was none: `MAP_MEM_NAMED_CREATE`.
const NEW: i32 = 0x02_0000;
/// A copy as it is now: `MAP_MEM_VM_COPY`.
const COPY: i32 = 0x20_0000;
/// The memory itself: `MAP_MEM_VM_SHARE`.
const SHARE: i32 = 0x40_0000;
/// What is known of the permission's bits: reading, writing, executing, and these.
const KNOWN: i32 = 0x7 | NEW | COPY | SHARE;

/// A right that stands for memory; and how many bytes it has.
pub(crate) fn make(
    word: Word,
    names: Names,
    (start, bytes): (u64, u64),
    permission: i32,
    parent: Option<Name>,
) -> Result<(Name, u64), Code> {
    if permission & !KNOWN != 0 {
        return Err(NOT_SUPPORTED);
    }
    let number = |value: u64| usize::try_from(value).map_err(|_| INVALID_ARGUMENT);
    if bytes == 0 {
        return Err(INVALID_ARGUMENT);
    }
    let (part, bytes) = match parent {
        Some(parent) => {
            let part = part_of(names, parent, start, bytes)?;
            (part, bytes)
        }
        None if permission & NEW != 0 => {
            let bytes = whole_pages(0, number(bytes)?)?.1 as u64;
            let object = Memfd::create_sparse("mach-memory", bytes).map_err(|_| RESOURCE_SHORTAGE)?;
            (Part { object: Arc::new(object.into()), start: 0 }, bytes)
        }
        None => {
            let (start, bytes) = whole_pages(number(start)?, number(bytes)?)?;
            let part = match permission & COPY {
                0 => shared::object_of(word, start, bytes)?,
                _ => Part { object: Arc::new(shared::snapshot(start, bytes)?.into()), start: 0 },
            };
            (part, bytes as u64)
        }
    };
    let view =
        pages::view(&*part.object, part.start, permission & 2 != 0).map_err(|error| of_pages(&error))?;
    Ok((names.make_file_port(view).map_err(of_kern)?, bytes))
}

/// Memory of a right, from `offset` bytes after where the right's begins.
fn part_of(names: Names, right: Name, offset: u64, bytes: u64) -> Result<Part, Code> {
    let object: Arc<OwnedFd> = names.file_of(right).map_err(|_| INVALID_CAPABILITY)?;
    let nature = Nature::of(&*object).map_err(|_| INVALID_OBJECT)?;
    if nature.kind != Kind::Memory {
        return Err(INVALID_OBJECT);
    }
    let begins = pages::start_of(&*object).map_err(|_| INVALID_OBJECT)?;
    let size = facts(&*object, "memory").map_err(|_| INVALID_OBJECT)?.bytes;
    let start = begins.checked_add(offset).ok_or(INVALID_ARGUMENT)?;
    let end = start.checked_add(bytes).ok_or(INVALID_ARGUMENT)?;
    if end > size.next_multiple_of(pages::page_bytes()) as u64 {
        return Err(INVALID_ARGUMENT);
    }
    Ok(Part { object, start })
}

/// Memory of a right, at an address: `vm_map`.
pub(crate) fn map(
    word: Word,
    names: Names,
    wish: Wish,
    bytes: usize,
    (right, offset): (Name, u64),
    is_copy: bool,
    protection: Protection,
) -> Result<usize, Code> {
    let bytes = whole_pages(0, bytes)?.1;
    let part = part_of(names, right, offset, bytes as u64)?;
    if part.start % pages::page_bytes() as u64 != 0 || bytes == 0 {
        return Err(INVALID_ARGUMENT);
    }
    let may_write = Nature::of(&*part.object).is_ok_and(|nature| nature.access.write);
    if protection.contains(Protection::WRITE) && !may_write && !is_copy {
        return Err(INVALID_RIGHT);
    }
    if !is_copy {
        let address = wish.map(word, bytes, part.content(), protection)?;
        shared::remember(part.object)?;
        return Ok(address);
    }
    let anywhere = Wish::of(1, 0, 0)?;
    let source = anywhere.map(word, bytes, part.content(), Protection::READ)?;
    let copied = copy_to(word, wish, source, bytes, protection);
    super::pages::deallocate(word, source, bytes)?;
    copied
}

/// Memory at a second address: `vm_remap`. Answers where, and what it may be used for.
pub(crate) fn remap(
    word: Word,
    wish: Wish,
    bytes: usize,
    source: usize,
    is_copy: bool,
) -> Result<(usize, i32), Code> {
    let (start, bytes) = whole_pages(source, bytes)?;
    if bytes == 0 {
        return Err(INVALID_ARGUMENT);
    }
    let found = pages::known(start).map_err(|error| of_pages(&error))?.ok_or(INVALID_ADDRESS)?;
    let address = match is_copy {
        true => copy_to(word, wish, start, bytes, found.protection)?,
        false => {
            let part = shared::object_of(word, start, bytes)?;
            wish.map(word, bytes, part.content(), found.protection)?
        }
    };
    Ok((address, bits_of(found.protection)))
}

/// A copy of whole pages as they are now.
fn copy_to(
    word: Word,
    wish: Wish,
    source: usize,
    bytes: usize,
    protection: Protection,
) -> Result<usize, Code> {
    let address = wish.map(word, bytes, Content::Zeros, super::DEFAULT)?;
    let copied = copies::copy(word, source, address, bytes);
    let copied = copied.and_then(|()| super::pages::protect(word, address, bytes, false, protection));
    match copied {
        Ok(()) => Ok(address),
        Err(error) => {
            super::pages::deallocate(word, address, bytes)?;
            Err(error)
        }
    }
}

/// A descriptor of a right's memory or file, as `fileport_makefd` gives it.
pub(crate) fn descriptor_of(names: Names, right: Name) -> Result<OwnedFd, Code> {
    let file = names.file_of(right).map_err(of_kern)?;
    cabotage_os::descriptor::duplicate(file.as_fd()).map_err(|_| RESOURCE_SHORTAGE)
}
