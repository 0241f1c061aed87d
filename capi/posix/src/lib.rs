// SPDX-License-Identifier: MIT OR Apache-2.0
//! libcabotage-posix: `shm_open` and `shm_unlink` of the C library over Cabotage's calls, for any program that is
//! started with `LD_PRELOAD=libcabotage-posix.so` or linked with `-lcabotage-posix`.
//!
//! What a caller sees (descriptor, flags, mode and umask, errno) is what glibc would do, case by case; a test calls
//! both and compares. What differs is underneath: each call passes Cabotage's one door to the kernel.

mod name;
mod object;

use std::ffi::{c_char, c_int};

use cabotage_c_support::{border, pointers};
use cabotage_os::Errno;

/// See shm_open(3). A null name is `EINVAL`.
///
/// # Safety
/// `name` is null, or a string that ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_open(name: *const c_char, flags: c_int, mode: u32) -> c_int {
    border::call_with_errno(-1, || {
        // SAFETY: the caller's word, as in C.
        let name = unsafe { pointers::string(name) }.ok_or(Errno::INVAL)?;
        object::open(name.to_bytes(), flags, mode)
    })
}

/// See shm_unlink(3). A null name is `EINVAL`.
///
/// # Safety
/// `name` is null, or a string that ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_unlink(name: *const c_char) -> c_int {
    border::call_with_errno(-1, || {
        // SAFETY: the caller's word, as in C.
        let name = unsafe { pointers::string(name) }.ok_or(Errno::INVAL)?;
        object::unlink(name.to_bytes()).map(|()| 0)
    })
}
