// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion ports: made, posted to, taken from. Closed as every handle is.

use std::ffi::c_void;
use std::sync::Arc;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use super::port::give_handle;
use super::status;
use crate::border::give;
use crate::completion::packets::{Packet, Packets};
use crate::layout::{Handle, IoCompletionInformation, IoStatusBlock, ObjectAttributes};
use crate::status::{ACCESS_VIOLATION, NOT_SUPPORTED, NtStatus};
use crate::table::{self, Object};
use crate::time;

/// Makes one. How many threads run at once is theirs to know.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtCreateIoCompletion(
    completion: *mut Handle,
    _access: u32,
    object: *const ObjectAttributes,
    _threads: u32,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        if unsafe { pointers::read(object) }.is_some_and(|object| !object.object_name.is_null()) {
            // It is of this process alone, so it has no name.
            return Err(NOT_SUPPORTED);
        }
        let handle = table::enter(Object::Packets(Arc::new(Packets::new()?)))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(completion, handle) }
    })
}

/// Puts a packet in.
#[unsafe(no_mangle)]
pub extern "C" fn NtSetIoCompletion(
    completion: Handle,
    key: *mut c_void,
    context: *mut c_void,
    io_status: NtStatus,
    information: usize,
) -> NtStatus {
    status(|| {
        let (key, context) = (key.expose_provenance(), context.expose_provenance());
        let packet = Packet { key, context, status: io_status, information, queued: None };
        table::packets(completion)?.post(packet);
        Ok(())
    })
}

/// Takes a packet out.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtRemoveIoCompletion(
    completion: Handle,
    key: *mut *mut c_void,
    context: *mut *mut c_void,
    io_status: *mut IoStatusBlock,
    timeout: *const i64,
) -> NtStatus {
    status(|| {
        if key.is_null() || context.is_null() || io_status.is_null() {
            return Err(ACCESS_VIOLATION);
        }
        // SAFETY: the caller's word.
        let deadline = time::deadline(unsafe { pointers::read(timeout) });
        let taken = table::packets(completion)?.take(1, deadline, |_| ())?;
        let entry = IoCompletionInformation::from(taken.first().ok_or(Status::TIMEOUT)?);
        // SAFETY: the caller's word.
        unsafe { give(key, entry.key) }?;
        // SAFETY: the caller's word.
        unsafe { give(context, entry.context) }?;
        // SAFETY: the caller's word.
        unsafe { give(io_status, entry.io_status) }
    })
}

/// Takes several out. There are no calls here that an alertable wait runs.
///
/// # Safety
/// `entries` has room for `count_max`; the other pointers as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtRemoveIoCompletionEx(
    completion: Handle,
    entries: *mut IoCompletionInformation,
    count_max: u32,
    count: *mut u32,
    timeout: *const i64,
    _alertable: u8,
) -> NtStatus {
    status(|| {
        if count_max == 0 {
            return Err(Status::INVALID_PARAMETER);
        }
        if count.is_null() || !pointers::is_plausible(entries, count_max as usize) {
            return Err(ACCESS_VIOLATION);
        }
        // SAFETY: the caller's word.
        let deadline = time::deadline(unsafe { pointers::read(timeout) });
        let taken = table::packets(completion)?.take(count_max as usize, deadline, |_| ())?;
        for (at, packet) in taken.iter().enumerate() {
            // SAFETY: the caller's word: no more were taken than there is room for.
            unsafe { give(entries.wrapping_add(at), packet.into()) }?;
        }
        // SAFETY: the caller's word.
        unsafe { give(count, u32::try_from(taken.len()).unwrap_or(count_max)) }
    })
}

impl From<&Packet> for IoCompletionInformation {
    fn from(packet: &Packet) -> Self {
        Self {
            key: std::ptr::with_exposed_provenance_mut(packet.key),
            context: std::ptr::with_exposed_provenance_mut(packet.context),
            io_status: IoStatusBlock { status: packet.status, information: packet.information },
        }
    }
}
