// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vm_ calls.
//!
//! What a program says about its own memory by these calls is its word: see `cabotage_os::pages::Word`.

use cabotage_c_support::slot::Slot;
use cabotage_mach::Name;
use cabotage_os::pages::Word;

use super::{call, given};
use crate::code::{Code, INVALID_ARGUMENT, INVALID_RIGHT};
use crate::here::names;
use crate::memory::{Wish, copies, entry, only_own, pages, protection};

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_allocate(task: u32, address: *mut usize, size: usize, flags: i32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(address) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        place.store(pages::allocate(word, Wish::of(flags, place.load(), 0)?, size)?);
        Ok(())
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_deallocate(task: u32, address: usize, size: usize) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        pages::deallocate(word, address, size)
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_protect(
    task: u32,
    address: usize,
    size: usize,
    is_maximum: u32,
    wanted: i32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        pages::protect(word, address, size, is_maximum != 0, protection(wanted))
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_inherit(task: u32, address: usize, size: usize, inheritance: u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        pages::inherit(word, address, size, inheritance)
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_read(
    task: u32,
    address: usize,
    size: usize,
    data: *mut usize,
    count: *mut u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(data) })?;
        // SAFETY: the caller's word.
        let count = given(unsafe { Slot::new(count) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        let bytes = u32::try_from(size).map_err(|_| INVALID_ARGUMENT)?;
        place.store(copies::read(word, address, size)?);
        count.store(bytes);
        Ok(())
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_read_overwrite(
    task: u32,
    address: usize,
    size: usize,
    data: usize,
    out_size: *mut usize,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(out_size) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        copies::copy(word, address, data, size)?;
        place.store(size);
        Ok(())
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_write(task: u32, address: usize, data: usize, count: u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        copies::copy(word, data, address, count as usize)
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_copy(task: u32, source: usize, size: usize, target: usize) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        copies::copy(word, source, target, size)
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_map(
    task: u32,
    address: *mut usize,
    size: usize,
    mask: usize,
    flags: i32,
    object: u32,
    offset: u64,
    is_copy: u32,
    current: i32,
    maximum: i32,
    inheritance: u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(address) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        if size == 0 || current & !maximum != 0 {
            return Err(if size == 0 { INVALID_ARGUMENT } else { INVALID_RIGHT });
        }
        let wish = Wish::of(flags, place.load(), mask)?;
        let start = match object {
            0 => pages::map_zeros(word, wish, size, protection(current), inheritance)?,
            right => {
                let memory = (Name::from_raw(right), offset);
                entry::map(word, names()?, wish, size, memory, is_copy != 0, protection(current))?
            }
        };
        place.store(start);
        Ok(())
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_remap(
    task: u32,
    address: *mut usize,
    size: usize,
    mask: usize,
    flags: i32,
    source_task: u32,
    source: usize,
    is_copy: u32,
    current: *mut i32,
    maximum: *mut i32,
    _inheritance: u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(address) })?;
        // SAFETY: the caller's word.
        let current = given(unsafe { Slot::new(current) })?;
        // SAFETY: the caller's word.
        let maximum = given(unsafe { Slot::new(maximum) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        only_own(source_task)?;
        let wish = Wish::of(flags, place.load(), mask)?;
        let (start, bits) = entry::remap(word, wish, size, source, is_copy != 0)?;
        place.store(start);
        current.store(bits);
        maximum.store(bits);
        Ok(())
    })
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_make_memory_entry(
    task: u32,
    size: *mut u64,
    offset: u64,
    permission: i32,
    handle: *mut u32,
    parent: u32,
) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let size = given(unsafe { Slot::new(size) })?;
        // SAFETY: the caller's word.
        let handle = given(unsafe { Slot::new(handle) })?;
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        only_own(task)?;
        let parent = Some(Name::from_raw(parent)).filter(|parent| *parent != Name::NULL);
        let (name, bytes) = entry::make(word, names()?, (offset, size.load()), permission, parent)?;
        handle.store(name.as_raw());
        size.store(bytes);
        Ok(())
    })
}
