// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits.

use cabotage_c_support::pointers;

use super::border::value;
use crate::failure::Failure;
use crate::runtime::here;
use crate::waits;

/// `WAIT_FAILED`.
const FAILED: u32 = u32::MAX;

/// Waits for a handle.
#[unsafe(no_mangle)]
pub extern "C" fn WaitForSingleObject(handle: usize, timeout_ms: u32) -> u32 {
    WaitForSingleObjectEx(handle, timeout_ms, 0)
}

/// Waits for a handle, or for an APC.
#[unsafe(no_mangle)]
pub extern "C" fn WaitForSingleObjectEx(handle: usize, timeout_ms: u32, alertable: i32) -> u32 {
    value(FAILED, || waits::wait(here()?, &[handle], false, alertable != 0, timeout_ms))
}

/// Waits for one of several handles, or for all.
///
/// # Safety
/// `handles` points to so many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WaitForMultipleObjects(
    count: u32,
    handles: *const usize,
    all: i32,
    timeout_ms: u32,
) -> u32 {
    // SAFETY: as the caller of this promises.
    unsafe { WaitForMultipleObjectsEx(count, handles, all, timeout_ms, 0) }
}

/// Waits for one of several handles, or for all, or for an APC.
///
/// # Safety
/// As [`WaitForMultipleObjects`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WaitForMultipleObjectsEx(
    count: u32,
    handles: *const usize,
    all: i32,
    timeout_ms: u32,
    alertable: i32,
) -> u32 {
    value(FAILED, || {
        // SAFETY: as the caller of this promises.
        let handles =
            unsafe { pointers::slice(handles, count as usize) }.ok_or(Failure::INVALID_PARAMETER)?;
        waits::wait(here()?, handles, all != 0, alertable != 0, timeout_ms)
    })
}

/// Sleeps.
#[unsafe(no_mangle)]
pub extern "C" fn Sleep(timeout_ms: u32) {
    SleepEx(timeout_ms, 0);
}

/// Sleeps, or runs APCs.
#[unsafe(no_mangle)]
pub extern "C" fn SleepEx(timeout_ms: u32, alertable: i32) -> u32 {
    value(0, || waits::sleep(here()?, alertable != 0, timeout_ms))
}
