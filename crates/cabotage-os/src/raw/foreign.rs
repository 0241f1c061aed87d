// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of another process, read by one bare call.

use crate::seam::{Errno, last_errno};

/// One process_vm_readv(2) of `target.len()` bytes at `address` of the process `pid`; answers how many were read.
///
/// # Errors
/// What the kernel answers.
#[inline]
pub fn read_process(pid: i32, address: u64, target: &mut [u8]) -> Result<usize, Errno> {
    let start = usize::try_from(address).map_err(|_| Errno::FAULT)?;
    let here = libc::iovec { iov_base: target.as_mut_ptr().cast(), iov_len: target.len() };
    let there = libc::iovec { iov_base: std::ptr::without_provenance_mut(start), iov_len: target.len() };
    // SAFETY: `target` is borrowed mutably and exactly as long as said; the other address is one of another process,
    // which the kernel checks.
    let answer = unsafe { libc::process_vm_readv(pid, &raw const here, 1, &raw const there, 1, 0) };
    usize::try_from(answer).map_err(|_| last_errno())
}
