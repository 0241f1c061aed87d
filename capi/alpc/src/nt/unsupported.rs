// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Windows has and is not here, as calls that say so: completion lists, into which its kernel writes messages
//! by itself, and the thread pool. `AlpcCabotagePrepareWait` gives a descriptor for any event loop instead.

use std::ffi::c_void;

use super::status;
use crate::layout::Handle;
use crate::status::{NOT_SUPPORTED, NtStatus};

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcRegisterCompletionList(
    _port: Handle,
    _list: *mut c_void,
    _bytes: u32,
    _concurrency: u32,
    _attributes: u32,
) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcUnregisterCompletionList(_port: Handle) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcRundownCompletionList(_port: Handle) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcAdjustCompletionListConcurrencyCount(_port: Handle, _concurrency: u32) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn TpAllocAlpcCompletion(
    _completion: *mut *mut c_void,
    _port: Handle,
    _call: *mut c_void,
    _context: *mut c_void,
    _environment: *mut c_void,
) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Not here.
#[unsafe(no_mangle)]
pub extern "C" fn TpAllocAlpcCompletionEx(
    _completion: *mut *mut c_void,
    _port: Handle,
    _call: *mut c_void,
    _context: *mut c_void,
    _environment: *mut c_void,
) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}
