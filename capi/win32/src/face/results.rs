// SPDX-License-Identifier: MIT OR Apache-2.0
//! What came of operations.

use super::border::{boolean, store};
use crate::failure::{Answer, Failure};
use crate::io::result;
use crate::memory::{Overlapped, OverlappedAt};
use crate::runtime::here;
use crate::waits::deadline;

/// # Safety
/// As [`GetOverlappedResult`].
unsafe fn tell(
    file: usize,
    overlapped: *const Overlapped,
    bytes: *mut u32,
    timeout_ms: u32,
    alertable: bool,
) -> Answer<()> {
    // SAFETY: as the caller of this promises.
    let overlapped = unsafe { OverlappedAt::new(overlapped) }?.ok_or(Failure::INVALID_PARAMETER)?;
    let outcome = result(here()?, file, overlapped, alertable, deadline(timeout_ms))?;
    // SAFETY: as above.
    unsafe { store(bytes, u32::try_from(outcome.bytes).unwrap_or(u32::MAX)) }?;
    outcome.answer().map(drop)
}

/// What came of an operation.
///
/// # Safety
/// `overlapped` is null or that of an operation; `bytes` is null or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetOverlappedResult(
    file: usize,
    overlapped: *const Overlapped,
    bytes: *mut u32,
    wait: i32,
) -> i32 {
    let timeout_ms = if wait == 0 { 0 } else { u32::MAX };
    // SAFETY: as the caller of this promises.
    boolean(|| unsafe { tell(file, overlapped, bytes, timeout_ms, false) })
}

/// What came of an operation, with a time-out.
///
/// # Safety
/// As [`GetOverlappedResult`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetOverlappedResultEx(
    file: usize,
    overlapped: *const Overlapped,
    bytes: *mut u32,
    timeout_ms: u32,
    alertable: i32,
) -> i32 {
    // SAFETY: as the caller of this promises.
    boolean(|| unsafe { tell(file, overlapped, bytes, timeout_ms, alertable != 0) })
}
