// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mach_vm_ calls: on 64-bit machines they take the same numbers as the vm_ calls.

use super::vm;
use crate::code::Code;

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_allocate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_allocate(task: u32, address: *mut usize, size: usize, flags: i32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_allocate(task, address, size, flags) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_deallocate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_deallocate(task: u32, address: usize, size: usize) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_deallocate(task, address, size) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_protect`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_protect(
    task: u32,
    address: usize,
    size: usize,
    is_maximum: u32,
    wanted: i32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_protect(task, address, size, is_maximum, wanted) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_inherit`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_inherit(task: u32, address: usize, size: usize, inheritance: u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_inherit(task, address, size, inheritance) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_read`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_read(
    task: u32,
    address: usize,
    size: usize,
    data: *mut usize,
    count: *mut u32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_read(task, address, size, data, count) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_read_overwrite`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_read_overwrite(
    task: u32,
    address: usize,
    size: usize,
    data: usize,
    out_size: *mut usize,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_read_overwrite(task, address, size, data, out_size) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_write`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_write(task: u32, address: usize, data: usize, count: u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_write(task, address, data, count) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_copy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_vm_copy(task: u32, source: usize, size: usize, target: usize) -> Code {
    // SAFETY: the caller's word.
    unsafe { vm::vm_copy(task, source, size, target) }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_map`].
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
        vm::vm_map(task, address, size, mask, flags, object, offset, is_copy, current, maximum, inheritance)
    }
}

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::vm_remap`].
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
        vm::vm_remap(
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

/// See mach/mach_vm.h.
///
/// # Safety
/// As [`vm::mach_make_memory_entry`].
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
    unsafe { vm::mach_make_memory_entry(task, size, offset, permission, handle, parent) }
}
