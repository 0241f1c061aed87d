// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Windows has and is not here, as calls that say so: completion lists, into which its kernel writes messages
//! by itself, and the thread pool. `AlpcCabotagePrepareWait` gives a descriptor for any event loop instead.

use std::ffi::c_void;

use super::status;
use crate::layout::{Handle, PortMessage};
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

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcRegisterCompletionListWorkerThread(_list: *mut c_void) -> u8 {
    0
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcUnregisterCompletionListWorkerThread(_list: *mut c_void) -> u8 {
    0
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetOutstandingCompletionListMessageCount(_list: *mut c_void) -> u32 {
    0
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetMessageFromCompletionList(
    _list: *mut c_void,
    _attributes: *mut *mut c_void,
) -> *mut PortMessage {
    std::ptr::null_mut()
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetCompletionListMessageAttributes(
    _list: *mut c_void,
    _message: *mut PortMessage,
) -> *mut c_void {
    std::ptr::null_mut()
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcFreeCompletionListMessage(_list: *mut c_void, _message: *mut PortMessage) {}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetCompletionListLastMessageInformation(
    _list: *mut c_void,
    _message: *mut u32,
    _callback: *mut u32,
) {
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpWaitForAlpcCompletion(_completion: *mut c_void) {}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpReleaseAlpcCompletion(_completion: *mut c_void) {}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpAlpcRegisterCompletionList(_completion: *mut c_void) {}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpAlpcUnregisterCompletionList(_completion: *mut c_void) {}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpCallbackSendAlpcMessageOnCompletion(
    _instance: *mut c_void,
    _port: Handle,
    _flags: u32,
    _message: *mut PortMessage,
) {
}

/// Of none.
#[unsafe(no_mangle)]
pub extern "C" fn TpCallbackSendPendingAlpcMessage(_instance: *mut c_void) {}
