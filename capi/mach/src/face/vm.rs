// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vm_ and mach_vm_ calls: on 64-bit machines both take the same numbers.
//!
//! What a program says about its own memory by these calls is its word: see `memory/pages.rs`.

use cabotage_mach::Name;

use super::{Place, call};
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
        let place = unsafe { Place::new(address) }?;
        only_own(task)?;
        place.store(pages::allocate(Wish::of(flags, place.load(), 0)?, size)?);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_allocate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_allocate(task: u32, address: *mut usize, size: usize, flags: i32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_allocate(task, address, size, flags) }
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_deallocate(task: u32, address: usize, size: usize) -> Code {
    call(|| {
        only_own(task)?;
        pages::deallocate(address, size)
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_deallocate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_deallocate(task: u32, address: usize, size: usize) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_deallocate(task, address, size) }
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
        only_own(task)?;
        pages::protect(address, size, is_maximum != 0, protection(wanted))
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_protect`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_protect(
    task: u32,
    address: usize,
    size: usize,
    is_maximum: u32,
    wanted: i32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_protect(task, address, size, is_maximum, wanted) }
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_inherit(task: u32, address: usize, size: usize, inheritance: u32) -> Code {
    call(|| {
        only_own(task)?;
        pages::inherit(address, size, inheritance)
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_inherit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_inherit(task: u32, address: usize, size: usize, inheritance: u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_inherit(task, address, size, inheritance) }
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
        let place = unsafe { Place::new(data) }?;
        // SAFETY: the caller's word.
        let count = unsafe { Place::new(count) }?;
        only_own(task)?;
        let bytes = u32::try_from(size).map_err(|_| INVALID_ARGUMENT)?;
        place.store(copies::read(address, size)?);
        count.store(bytes);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_read`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_read(
    task: u32,
    address: usize,
    size: usize,
    data: *mut usize,
    count: *mut u32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_read(task, address, size, data, count) }
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
        let place = unsafe { Place::new(out_size) }?;
        only_own(task)?;
        copies::copy(address, data, size)?;
        place.store(size);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_read_overwrite`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_read_overwrite(
    task: u32,
    address: usize,
    size: usize,
    data: usize,
    out_size: *mut usize,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_read_overwrite(task, address, size, data, out_size) }
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_write(task: u32, address: usize, data: usize, count: u32) -> Code {
    call(|| {
        only_own(task)?;
        copies::copy(data, address, count as usize)
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_write`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_write(task: u32, address: usize, data: usize, count: u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_write(task, address, data, count) }
}

/// See mach/vm_map.h.
///
/// # Safety
/// See `face`; nobody relies on what the call changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vm_copy(task: u32, source: usize, size: usize, target: usize) -> Code {
    call(|| {
        only_own(task)?;
        copies::copy(source, target, size)
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_copy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_copy(task: u32, source: usize, size: usize, target: usize) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm_copy(task, source, size, target) }
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
        let place = unsafe { Place::new(address) }?;
        only_own(task)?;
        if size == 0 || current & !maximum != 0 {
            return Err(if size == 0 { INVALID_ARGUMENT } else { INVALID_RIGHT });
        }
        let wish = Wish::of(flags, place.load(), mask)?;
        let start = match object {
            0 => pages::map_zeros(wish, size, protection(current), inheritance)?,
            right => {
                let memory = (Name::from_raw(right), offset);
                entry::map(names()?, wish, size, memory, is_copy != 0, protection(current))?
            }
        };
        place.store(start);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_map`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_map(
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
    // SAFETY: the caller's word.
    unsafe {
        vm_map(task, address, size, mask, flags, object, offset, is_copy, current, maximum, inheritance)
    }
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
        let place = unsafe { Place::new(address) }?;
        // SAFETY: the caller's word.
        let current = unsafe { Place::new(current) }?;
        // SAFETY: the caller's word.
        let maximum = unsafe { Place::new(maximum) }?;
        only_own(task)?;
        only_own(source_task)?;
        let wish = Wish::of(flags, place.load(), mask)?;
        let (start, bits) = entry::remap(wish, size, source, is_copy != 0)?;
        place.store(start);
        current.store(bits);
        maximum.store(bits);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm_remap`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_remap(
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
    // SAFETY: the caller's word.
    unsafe {
        vm_remap(
            task,
            address,
            size,
            mask,
            flags,
            source_task,
            source,
            is_copy,
            current,
            maximum,
            _inheritance,
        )
    }
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
        let size = unsafe { Place::new(size) }?;
        // SAFETY: the caller's word.
        let handle = unsafe { Place::new(handle) }?;
        only_own(task)?;
        let parent = Some(Name::from_raw(parent)).filter(|parent| *parent != Name::NULL);
        let (name, bytes) = entry::make(names()?, (offset, size.load()), permission, parent)?;
        handle.store(name.as_raw());
        size.store(bytes);
        Ok(())
    })
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`mach_make_memory_entry`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_make_memory_entry_64(
    task: u32,
    size: *mut u64,
    offset: u64,
    permission: i32,
    handle: *mut u32,
    parent: u32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { mach_make_memory_entry(task, size, offset, permission, handle, parent) }
}
