// SPDX-License-Identifier: MIT OR Apache-2.0
//! What code that MIG generated calls: mach/mig.h.
//!
//! # Source
//! XNU, libsyscall/mach/mig_reply_port.c, mig_strncpy.c, mig_allocate.c, ndr.c.

use std::ffi::c_char;

use cabotage_c_support::border;
use cabotage_os::pages::Word;

use crate::memory::{Wish, pages};
use crate::reply_port;

/// See mach/ndr.h: how this machine writes numbers.
#[unsafe(no_mangle)]
pub static NDR_record: [u8; 8] = [0, 0, 0, 0, cfg!(target_endian = "little") as u8, 0, 0, 0];

/// See mach/mig.h.
#[unsafe(no_mangle)]
pub extern "C" fn mig_get_reply_port() -> u32 {
    border::call(0, reply_port::of_stubs)
}

/// See mach/mig.h: the thread keeps its port anyway.
#[unsafe(no_mangle)]
pub extern "C" fn mig_put_reply_port(_port: u32) {}

/// See mach/mig.h.
#[unsafe(no_mangle)]
pub extern "C" fn mig_dealloc_reply_port(port: u32) {
    border::call((), || reply_port::give_up_of_stubs(port));
}

/// See mach/mig.h.
#[unsafe(no_mangle)]
pub extern "C" fn mig_get_special_reply_port() -> u32 {
    border::call(0, reply_port::special)
}

/// See mach/mig.h.
#[unsafe(no_mangle)]
pub extern "C" fn mig_dealloc_special_reply_port(port: u32) {
    border::call((), || reply_port::give_up_special(port));
}

/// See mach/mig.h.
///
/// # Safety
/// `target` leads to `bytes` bytes, `source` to a string that ends with a zero or has as many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mig_strncpy(target: *mut c_char, source: *const c_char, bytes: i32) -> i32 {
    // SAFETY: the caller's word.
    unsafe { copy_string(target, source, bytes, false) }
}

/// See mach/mig.h.
///
/// # Safety
/// As [`mig_strncpy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mig_strncpy_zerofill(target: *mut c_char, source: *const c_char, bytes: i32) -> i32 {
    // SAFETY: the caller's word.
    unsafe { copy_string(target, source, bytes, true) }
}

unsafe fn copy_string(target: *mut c_char, source: *const c_char, bytes: i32, fill: bool) -> i32 {
    let room = usize::try_from(bytes).unwrap_or(0);
    if room == 0 || target.is_null() {
        return 0;
    }
    let mut copied = 0;
    // The last place is the end's.
    while copied + 1 < room && !source.is_null() {
        // SAFETY: a zero has not been met yet, and fewer than `bytes` were read.
        let letter = unsafe { source.wrapping_add(copied).read() };
        if letter == 0 {
            break;
        }
        // SAFETY: `copied` is below `bytes`, of which there are so many at `target`.
        unsafe { target.wrapping_add(copied).write(letter) };
        copied += 1;
    }
    let end = if fill { room } else { copied + 1 };
    for at in copied..end {
        // SAFETY: `at` is below `bytes`.
        unsafe { target.wrapping_add(at).write(0) };
    }
    i32::try_from(copied + 1).unwrap_or(bytes)
}

/// See mach/mig.h: on failure the address is 0.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mig_allocate(address: *mut usize, bytes: usize) {
    border::call((), || {
        // SAFETY: nothing is changed that is there.
        let word = unsafe { Word::given() };
        let allocated = Wish::of(1, 0, 0).and_then(|anywhere| pages::allocate(word, anywhere, bytes));
        // SAFETY: the caller's word.
        unsafe { cabotage_c_support::pointers::write(address, allocated.unwrap_or(0)) };
    });
}

/// See mach/mig.h.
///
/// # Safety
/// Nobody uses that memory any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mig_deallocate(address: usize, bytes: usize) {
    border::call((), || {
        // SAFETY: the caller's word.
        let word = unsafe { Word::given() };
        // Nobody is told what is wrong with the address.
        let _ = pages::deallocate(word, address, bytes);
    });
}
