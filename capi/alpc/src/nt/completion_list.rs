// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion lists: registered at a port, and what their workers call. A list is named by the address of its memory.
//!
//! That memory is written here alone, by the thread that takes a message, where nothing else lies.

use std::ffi::c_void;
use std::ptr::null_mut;

use cabotage_alpc::Status;
use cabotage_c_support::{border, pointers};

use super::status;
use crate::attributes::bytes_for;
use crate::border::{deliver, fill, give};
use crate::completion::here;
use crate::completion::list::{List, Taken};
use crate::completion::port::Notifying;
use crate::layout::{CompletionListInformation, Handle, PortMessage};
use crate::status::{ACCESS_VIOLATION, Answer, NtStatus};
use crate::table;

/// What is more is none of ours.
const ATTRIBUTES: u32 = 0xFE00_0000;

/// # Safety
/// `list` has `bytes` bytes until it is unregistered or its port closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcRegisterCompletionList(
    port: Handle,
    list: *mut c_void,
    bytes: u32,
    concurrency: u32,
    attributes: u32,
) -> NtStatus {
    let asked = CompletionListInformation { list, bytes, concurrency, attributes };
    status(|| register(port, &asked))
}

/// From now on messages are taken into this memory.
pub(super) fn register(port: Handle, asked: &CompletionListInformation) -> Answer {
    let &CompletionListInformation { list, bytes, concurrency, attributes } = asked;
    let bytes = bytes as usize;
    if !pointers::is_plausible(list.cast::<u64>(), bytes / 8) {
        return Err(ACCESS_VIOLATION);
    }
    if concurrency == 0 || attributes & !ATTRIBUTES != 0 {
        return Err(Status::INVALID_PARAMETER);
    }
    let new = List::new(list.addr(), bytes, concurrency, attributes);
    table::receiving(port)?.register(new.ok_or(Status::BUFFER_TOO_SMALL)?)
}

/// What was not taken stays at the port.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcUnregisterCompletionList(port: Handle) -> NtStatus {
    status(|| table::receiving(port)?.unregister())
}

/// Nothing that comes from now on is taken into the list.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcRundownCompletionList(port: Handle) -> NtStatus {
    status(|| table::receiving(port)?.run_down())
}

/// So many workers are called for at once.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcAdjustCompletionListConcurrencyCount(port: Handle, concurrency: u32) -> NtStatus {
    status(|| adjust(port, concurrency))
}

pub(super) fn adjust(port: Handle, concurrency: u32) -> Answer {
    if concurrency == 0 {
        return Err(Status::INVALID_PARAMETER);
    }
    table::receiving(port)?.adjust(concurrency)
}

/// Does something with the port of a list; `none` if it is no list.
fn with<T>(list: *mut c_void, none: T, act: impl FnOnce(&dyn Notifying) -> T) -> T {
    border::call(None, || {
        let port = here().ok()?.lists.port(list.addr())?;
        Some(act(&*port))
    })
    .unwrap_or(none)
}

/// The calling thread takes messages from now on, until there are none. Whether there is one for it.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcRegisterCompletionListWorkerThread(list: *mut c_void) -> u8 {
    with(list, 0, |port| u8::from(port.enter()))
}

/// It has found none. Whether it is a worker no more: it goes on if one has come meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcUnregisterCompletionListWorkerThread(list: *mut c_void) -> u8 {
    with(list, 1, |port| u8::from(port.leave(false)))
}

/// How many messages are in the list or taken from it, and not freed.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetOutstandingCompletionListMessageCount(list: *mut c_void) -> u32 {
    with(list, 0, |port| u32::try_from(port.outstanding()).unwrap_or(u32::MAX))
}

/// Takes the next message; null if there is none that fits now.
///
/// # Safety
/// The memory of the list is there as long as it is registered; `attributes` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcGetMessageFromCompletionList(
    list: *mut c_void,
    attributes: *mut *mut c_void,
) -> *mut PortMessage {
    with(list, null_mut(), |port| {
        let Some(taken) = port.take() else { return null_mut() };
        let message = list.wrapping_byte_add(taken.message_at).cast::<PortMessage>();
        let place = list.wrapping_byte_add(taken.attributes_at);
        // SAFETY: the list has given this place, inside the memory that C has registered, to this message alone.
        unsafe { write(&taken, message, place) };
        if !attributes.is_null() {
            // SAFETY: the caller's word.
            let _ = unsafe { give(attributes, place) };
        }
        message
    })
}

/// Writes a message and its attributes where the list says.
///
/// # Safety
/// Both places have room for them, and nobody else writes there.
unsafe fn write(taken: &Taken, message: *mut PortMessage, place: *mut c_void) {
    // SAFETY: the caller's word.
    unsafe { deliver(&taken.delivery, message, &Vec::new()) };
    // SAFETY: the caller's word: there are as many bytes as these attributes need.
    let room = unsafe { pointers::slice_mut(place.cast::<u8>(), bytes_for(taken.attributes)) };
    if let Some(room) = room {
        room.fill(0);
        room[..4].copy_from_slice(&taken.attributes.to_ne_bytes());
    }
    // SAFETY: the caller's word; which there are was written above.
    let _ = unsafe { fill(&taken.delivery.brought, place) };
}

/// Where the attributes of a message are that was taken; null if it is none of this list.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcGetCompletionListMessageAttributes(
    list: *mut c_void,
    message: *mut PortMessage,
) -> *mut c_void {
    with(list, null_mut(), |port| {
        let mut found = None;
        let at = message.addr().wrapping_sub(list.addr());
        port.look_at(&mut |list| found = list.attributes_at(at));
        found.map_or(null_mut(), |at| list.wrapping_byte_add(at))
    })
}

/// Its place may be used for another.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcFreeCompletionListMessage(list: *mut c_void, message: *mut PortMessage) {
    with(list, (), |port| port.free(message.addr().wrapping_sub(list.addr())));
}

/// The numbers of the message that was taken last, and of its callback.
///
/// # Safety
/// The pointers are null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcGetCompletionListLastMessageInformation(
    list: *mut c_void,
    message: *mut u32,
    callback: *mut u32,
) {
    let mut last = (0, 0);
    with(list, (), |port| port.look_at(&mut |list| last = list.last));
    // SAFETY: the caller's word.
    unsafe { pointers::write(message, last.0) };
    // SAFETY: the caller's word.
    unsafe { pointers::write(callback, last.1) };
}
