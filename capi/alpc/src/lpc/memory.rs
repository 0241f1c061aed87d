// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies from and to the memory of a client that waits for the answer to its request, which declares it.

use std::ffi::c_void;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use crate::border::give;
use crate::layout::{Handle, PortMessage};
use crate::nt::status;
use crate::status::{ACCESS_VIOLATION, Answer, NtStatus};
use crate::table;

/// Reads from an entry of what a request lends.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtReadRequestData(
    port: Handle,
    message: *const PortMessage,
    entry: u32,
    buffer: *mut c_void,
    bytes: usize,
    copied: *mut usize,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let number = unsafe { request_of(message) }?;
        // SAFETY: the caller's word.
        let target = unsafe { pointers::slice_mut(buffer.cast::<u8>(), bytes) }.ok_or(ACCESS_VIOLATION)?;
        let (server, _) = table::server(port)?;
        server.change(|server| server.read_lent(number, entry as usize, target))?;
        // SAFETY: the caller's word.
        unsafe { tell(copied, bytes) }
    })
}

/// Writes to an entry of what a request lends.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtWriteRequestData(
    port: Handle,
    message: *const PortMessage,
    entry: u32,
    buffer: *const c_void,
    bytes: usize,
    copied: *mut usize,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let number = unsafe { request_of(message) }?;
        // SAFETY: the caller's word.
        let source = unsafe { pointers::slice(buffer.cast::<u8>(), bytes) }.ok_or(ACCESS_VIOLATION)?;
        let (server, _) = table::server(port)?;
        server.change(|server| server.write_lent(number, entry as usize, source))?;
        // SAFETY: the caller's word.
        unsafe { tell(copied, bytes) }
    })
}

/// The request that a message is, which must lend something.
///
/// # Safety
/// `message` is null or points to a message.
unsafe fn request_of(message: *const PortMessage) -> Answer<u32> {
    // SAFETY: the caller's word.
    let header = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?;
    if header.data_info_offset == 0 { Err(Status::INVALID_PARAMETER) } else { Ok(header.message_id) }
}

/// # Safety
/// `copied` is null or can be written.
unsafe fn tell(copied: *mut usize, bytes: usize) -> Answer {
    // SAFETY: the caller's word.
    if copied.is_null() { Ok(()) } else { unsafe { give(copied, bytes) } }
}
