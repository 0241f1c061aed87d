// SPDX-License-Identifier: MIT OR Apache-2.0
//! Helpers that make no port do anything: sizes, and buffers of attributes.

use std::ffi::c_void;

use cabotage_alpc::Status;
use cabotage_c_support::{border, pointers};

use super::status;
use crate::attributes::{bytes_for, place_of};
use crate::border::give;
use crate::layout::TOTAL_BYTES_MAX;
use crate::status::NtStatus;

/// The longest message that any port takes, header included.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcMaxAllowedMessageLength() -> usize {
    TOTAL_BYTES_MAX
}

/// How many bytes a buffer for these attributes has.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetHeaderSize(attributes: u32) -> usize {
    bytes_for(attributes)
}

/// # Safety
/// `buffer` is null or has `bytes` bytes; `required` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcInitializeMessageAttribute(
    attributes: u32,
    buffer: *mut c_void,
    bytes: usize,
    required: *mut usize,
) -> NtStatus {
    status(|| {
        let needed = bytes_for(attributes);
        // SAFETY: the caller's word.
        unsafe { give(required, needed) }?;
        if buffer.is_null() || bytes < needed {
            return Err(Status::BUFFER_TOO_SMALL);
        }
        // SAFETY: the caller's word; both sets stand at its start.
        unsafe { give(buffer.cast::<[u32; 2]>(), [attributes, 0]) }
    })
}

/// Where the structure of an attribute is in a buffer; null if there is none.
///
/// # Safety
/// `buffer` is null or points to attributes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcGetMessageAttribute(buffer: *mut c_void, attribute: u32) -> *mut c_void {
    border::call(std::ptr::null_mut(), || {
        // SAFETY: the caller's word.
        let allocated = unsafe { pointers::read(buffer.cast::<u32>()) };
        match allocated.and_then(|allocated| place_of(allocated, attribute)) {
            Some(at) => buffer.wrapping_byte_add(at),
            None => std::ptr::null_mut(),
        }
    })
}
