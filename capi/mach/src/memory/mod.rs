// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory by address: what the vm_ calls do, and what messages bring out of line and take away.
//!
//! Pages are the kernel's own, so nothing is kept about them here: memory that came by a message, by `vm_allocate` or by
//! mmap is all the same, and whoever knows its address gives it back.

pub(crate) mod copies;
pub(crate) mod entry;
pub(crate) mod pages;
pub(crate) mod shared;

use std::os::fd::AsFd;

use cabotage_mach::Memory;
use cabotage_os::pages::{Content, Place, Protection, Word, page_bytes};

use crate::code::{Code, INVALID_ARGUMENT, INVALID_TASK, of_pages};

/// Reading and writing.
pub(crate) const DEFAULT: Protection = Protection::READ.union(Protection::WRITE);

/// New memory that `fill` has written; nothing is at address 0.
pub(crate) fn place(bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<usize, Code> {
    if bytes == 0 {
        return Ok(0);
    }
    cabotage_os::pages::filled(bytes, fill).map_err(|error| of_pages(&error))
}

/// Memory that a message brought, at an address. What nobody can change any more is mapped, and a page of it copied when
/// it is written.
pub(crate) fn place_memory(memory: &Memory) -> Result<usize, Code> {
    match memory {
        Memory::Sealed(part) if part.bytes() > 0 && part.start().is_multiple_of(page_bytes() as u64) => {
            let anywhere = Place::Anywhere { alignment: 1 };
            let content = Content::Copy(part.as_fd(), part.start());
            let mapped = cabotage_os::pages::map(anywhere, part.bytes(), content, DEFAULT);
            mapped.map_err(|error| of_pages(&error))
        }
        memory => place(memory.bytes(), |target| _ = memory.copy_at(0, target)),
    }
}

/// An array of numbers, in new memory.
pub(crate) fn place_words(words: &[u32]) -> Result<usize, Code> {
    place(size_of_val(words), |target| {
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
        target.iter_mut().zip(bytes).for_each(|(byte, source)| *byte = source);
    })
}

/// Memory that went with a message is its sender's no more.
pub(crate) fn take_from_sender(word: Word, address: usize, bytes: usize) {
    // Whoever sent it said that it is whole pages of its own.
    let _ = pages::deallocate(word, address, bytes);
}

/// The pages in which these bytes lie: where the first begins, and how many bytes all have.
pub(crate) fn whole_pages(address: usize, bytes: usize) -> Result<(usize, usize), Code> {
    let page = page_bytes();
    let start = address - address % page;
    let end = address.checked_add(bytes).and_then(|end| end.checked_next_multiple_of(page));
    Ok((start, end.ok_or(INVALID_ARGUMENT)? - start))
}

/// Where C wants new memory: its `flags`, an address, and a mask of bits that must be zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    place: Place,
    is_over: bool,
}

const ANYWHERE: i32 = 0x1;
const OVERWRITE: i32 = 0x4000;

impl Wish {
    pub(crate) fn of(flags: i32, address: usize, mask: usize) -> Result<Self, Code> {
        let place = match flags & ANYWHERE {
            0 => Place::At(address - address % page_bytes()),
            _ => {
                let alignment = mask.checked_add(1).filter(|alignment| alignment.is_power_of_two());
                Place::Anywhere { alignment: alignment.ok_or(INVALID_ARGUMENT)? }
            }
        };
        Ok(Self { place, is_over: flags & (ANYWHERE | OVERWRITE) == OVERWRITE })
    }

    /// Maps it.
    pub(crate) fn map(
        self,
        word: Word,
        bytes: usize,
        content: Content<'_>,
        protection: Protection,
    ) -> Result<usize, Code> {
        let mapped = match self.place {
            Place::At(address) if self.is_over => word.map_over(address, bytes, content, protection),
            place => cabotage_os::pages::map(place, bytes, content, protection),
        };
        mapped.map_err(|error| of_pages(&error))
    }
}

/// What C says by `vm_prot_t`.
pub(crate) fn protection(bits: i32) -> Protection {
    let mut protection = Protection::empty();
    protection.set(Protection::READ, bits & 1 != 0);
    protection.set(Protection::WRITE, bits & 2 != 0);
    protection.set(Protection::EXEC, bits & 4 != 0);
    protection
}

/// The same the other way.
pub(crate) fn bits_of(protection: Protection) -> i32 {
    let bit = |which, bit| if protection.contains(which) { bit } else { 0 };
    bit(Protection::READ, 1) | bit(Protection::WRITE, 2) | bit(Protection::EXEC, 4)
}

/// Nobody reaches another task's memory here.
pub(crate) fn only_own(task: u32) -> Result<(), Code> {
    crate::task::own(task).map(drop).map_err(|_| INVALID_TASK)
}
