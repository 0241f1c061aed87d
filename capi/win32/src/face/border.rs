// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where C calls: no panic goes back, errno stays, and a failure becomes the thread's last error.

use cabotage_c_support::{border, pointers};

use super::errors;
use crate::failure::{Answer, Failure};

/// A call that answers true or false.
pub(super) fn boolean(body: impl FnOnce() -> Answer<()>) -> i32 {
    value(0, || body().map(|()| 1))
}

/// A call that answers `failure` when it fails. A panic is a fault of ours: `ERROR_GEN_FAILURE`.
pub(super) fn value<T: Copy>(failure: T, body: impl FnOnce() -> Answer<T>) -> T {
    border::call(Err(Failure::GEN_FAILURE), body).unwrap_or_else(|refused| {
        errors::set(refused.code);
        failure
    })
}

/// Stores something where the caller wants it, if it does.
///
/// # Errors
/// `ERROR_INVALID_PARAMETER` where nothing can be.
///
/// # Safety
/// As [`pointers::write`].
pub(super) unsafe fn store<T>(to: *mut T, value: T) -> Answer<()> {
    // SAFETY: as the caller of this promises.
    if to.is_null() || unsafe { pointers::write(to, value) } {
        return Ok(());
    }
    Err(Failure::INVALID_PARAMETER)
}

/// Whether something can be stored there, before the call does what cannot be undone.
///
/// # Errors
/// As [`store`].
pub(super) fn check<T>(to: *mut T) -> Answer<()> {
    if to.is_null() || pointers::is_plausible(to, 1) { Ok(()) } else { Err(Failure::INVALID_PARAMETER) }
}

/// The bytes of the caller.
///
/// # Errors
/// `ERROR_INVALID_PARAMETER` where they cannot be.
///
/// # Safety
/// As [`pointers::slice`].
pub(super) unsafe fn bytes<'a>(from: *const u8, count: u32) -> Answer<&'a [u8]> {
    // SAFETY: as the caller of this promises.
    unsafe { pointers::slice(from, count as usize) }.ok_or(Failure::INVALID_PARAMETER)
}

/// A buffer of the caller.
///
/// # Errors
/// `ERROR_INVALID_PARAMETER` where none can be.
///
/// # Safety
/// As [`pointers::slice_mut`].
pub(super) unsafe fn buffer<'a>(at: *mut u8, count: u32) -> Answer<&'a mut [u8]> {
    // SAFETY: as the caller of this promises.
    unsafe { pointers::slice_mut(at, count as usize) }.ok_or(Failure::INVALID_PARAMETER)
}
