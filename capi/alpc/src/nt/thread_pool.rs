// SPDX-License-Identifier: MIT OR Apache-2.0
//! Callbacks for the messages of a port, in threads of the library. A completion is named by a number that C takes for
//! a pointer: one that is gone names nothing.

use std::ffi::c_void;
use std::ptr::with_exposed_provenance_mut;
use std::sync::Arc;

use cabotage_alpc::Status;
use cabotage_c_support::border;

use super::message::Call;
use super::status;
use crate::border::give;
use crate::completion::callbacks::{self, Completion, Instance};
use crate::completion::here;
use crate::layout::{Handle, PortMessage};
use crate::status::{ACCESS_VIOLATION, Answer, NOT_SUPPORTED, NtStatus};
use crate::table;

/// PTP_ALPC_CALLBACK: the callback's instance, the program's context, the completion.
///
/// # Safety
/// Any thread may call it until the completion is released and its callbacks are over.
type Callback = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void);
/// PTP_ALPC_CALLBACK_EX: the same, and a packet's own word, of which messages have none.
///
/// # Safety
/// As [`Callback`].
type CallbackEx = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void, *mut c_void);

/// How long an answer that is sent behind a callback may wait for room: its thread is one of the pool's.
const SEND_WITHIN: i64 = -10_000_000;

/// # Safety
/// `completion` is null or can be written; `callback` may be called with `context` by any thread until the completion is
/// released and its callbacks are over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TpAllocAlpcCompletion(
    completion: *mut *mut c_void,
    port: Handle,
    callback: Option<Callback>,
    context: *mut c_void,
    environment: *mut c_void,
) -> NtStatus {
    status(|| {
        let callback = callback.ok_or(Status::INVALID_PARAMETER)?;
        let context = context.expose_provenance();
        let call = move |Instance(instance), id| {
            let [instance, context, id] = [instance, context, id].map(with_exposed_provenance_mut);
            // SAFETY: the caller's word, of which the completion is the proof that it still holds.
            unsafe { callback(instance, context, id) }
        };
        // SAFETY: the caller's word.
        unsafe { start(completion, port, Box::new(call), environment) }
    })
}

/// # Safety
/// As [`TpAllocAlpcCompletion`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TpAllocAlpcCompletionEx(
    completion: *mut *mut c_void,
    port: Handle,
    callback: Option<CallbackEx>,
    context: *mut c_void,
    environment: *mut c_void,
) -> NtStatus {
    status(|| {
        let callback = callback.ok_or(Status::INVALID_PARAMETER)?;
        let context = context.expose_provenance();
        let call = move |Instance(instance), id| {
            let [instance, context, id] = [instance, context, id].map(with_exposed_provenance_mut);
            // SAFETY: the caller's word, of which the completion is the proof that it still holds.
            unsafe { callback(instance, context, id, std::ptr::null_mut()) }
        };
        // SAFETY: the caller's word.
        unsafe { start(completion, port, Box::new(call), environment) }
    })
}

/// # Safety
/// `completion` is null or can be written.
unsafe fn start(
    completion: *mut *mut c_void,
    port: Handle,
    call: callbacks::Call,
    environment: *mut c_void,
) -> Answer {
    if !environment.is_null() {
        // There is one pool, and nothing to say about it.
        return Err(NOT_SUPPORTED);
    }
    if completion.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    let port = table::receiving(port)?;
    // C has its name before its first callback runs, since that may ask for it.
    let name = |id: usize| {
        // SAFETY: the caller's word.
        unsafe { give(completion, with_exposed_provenance_mut(id)) }
    };
    Completion::start(port, call, name)
}

/// The completion behind a pointer.
fn find(completion: *mut c_void) -> Option<Arc<Completion>> {
    here().ok()?.pool.get(completion.addr())
}

/// Waits until no other thread runs a callback, and none is due.
#[unsafe(no_mangle)]
pub extern "C" fn TpWaitForAlpcCompletion(completion: *mut c_void) {
    border::call((), || {
        if let Some(completion) = find(completion) {
            completion.wait();
        }
    });
}

/// No callback begins any more.
#[unsafe(no_mangle)]
pub extern "C" fn TpReleaseAlpcCompletion(completion: *mut c_void) {
    border::call((), || {
        if let Some(completion) = find(completion) {
            completion.release();
        }
    });
}

/// Callbacks are workers of the port's completion list from now on.
#[unsafe(no_mangle)]
pub extern "C" fn TpAlpcRegisterCompletionList(completion: *mut c_void) {
    border::call((), || {
        if let Some(completion) = find(completion) {
            completion.list(true);
        }
    });
}

/// The list is run down, its callbacks are over, and none is a worker any more: it can be unregistered.
#[unsafe(no_mangle)]
pub extern "C" fn TpAlpcUnregisterCompletionList(completion: *mut c_void) {
    border::call((), || {
        if let Some(completion) = find(completion) {
            // Without a list there is nothing to run down.
            let _ = completion.port.run_down();
            completion.wait();
            completion.list(false);
        }
    });
}

/// What is sent, and where.
struct Message {
    port: Handle,
    flags: u32,
    message: *mut PortMessage,
}

impl Message {
    /// # Safety
    /// The message is still there.
    unsafe fn send(&self) {
        let &Self { port, flags, message } = self;
        let (send_attributes, receive, length) =
            (std::ptr::null(), std::ptr::null_mut(), std::ptr::null_mut());
        let receive_attributes = std::ptr::null_mut();
        let call = Call { port, flags, send: message, send_attributes, receive, length, receive_attributes };
        // SAFETY: the caller's word. Nobody is there to hear that the other side is gone.
        let _ = unsafe { call.run(Some(SEND_WITHIN)) };
    }
}

/// Sends a message when the callback of this instance is over.
///
/// # Safety
/// `message` points to a message, which stays until the callback is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn TpCallbackSendAlpcMessageOnCompletion(
    instance: *mut c_void,
    port: Handle,
    flags: u32,
    message: *mut PortMessage,
) {
    if message.is_null() {
        return;
    }
    let message = Message { port, flags, message };
    border::call((), || {
        let send = move || {
            // SAFETY: the caller's word: it stays until now.
            unsafe { message.send() }
        };
        callbacks::send_later(Instance(instance.addr()), Box::new(send));
    });
}

/// Sends it now.
#[unsafe(no_mangle)]
pub extern "C" fn TpCallbackSendPendingAlpcMessage(instance: *mut c_void) {
    border::call((), || callbacks::send_now(Instance(instance.addr())));
}
