// SPDX-License-Identifier: MIT OR Apache-2.0
//! The classic messages: requests, datagrams, replies. Buffers have room for the longest message of their port, which
//! is the caller's word, since these calls name no lengths.

use std::ffi::c_void;
use std::ptr::null_mut;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use crate::border::{self, give};
use crate::layout::{Handle, PortMessage, flags};
use crate::nt::message::Call;
use crate::nt::security::impersonate;
use crate::nt::status;
use crate::status::{
    ACCESS_VIOLATION, Answer, INVALID_INFO_CLASS, NOT_SUPPORTED, NtStatus, OBJECT_TYPE_MISMATCH,
};
use crate::table::{self, Object};

/// LPC_DATAGRAM.
const DATAGRAM: u16 = 3;

/// Says something that wants no answer.
///
/// # Safety
/// `request` points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtRequestPort(port: Handle, request: *mut PortMessage) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let header = unsafe { pointers::read(request) }.ok_or(ACCESS_VIOLATION)?;
        if (header.kind & 0xFF) > DATAGRAM {
            // What the system tells, nobody says in its place.
            return Err(Status::INVALID_PARAMETER);
        }
        // SAFETY: the caller's word.
        unsafe { give(request, PortMessage { kind: DATAGRAM, message_id: 0, last: 0, ..header }) }?;
        // SAFETY: the caller's word.
        unsafe { run(port, 0, request, null_mut(), None) }
    })
}

/// Asks, and waits for the answer.
///
/// # Safety
/// `request` points to a message; `reply` has room for the longest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtRequestWaitReplyPort(
    port: Handle,
    request: *mut PortMessage,
    reply: *mut PortMessage,
) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { run(port, flags::SYNC_REQUEST, request, reply, None) })
}

/// Answers.
///
/// # Safety
/// `reply` points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtReplyPort(port: Handle, reply: *mut PortMessage) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { run(port, flags::REPLY_MESSAGE, reply, null_mut(), None) })
}

/// Answers a callback, and goes on waiting for the answer of what it was about.
///
/// # Safety
/// `reply` points to a message, with room for the longest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtReplyWaitReplyPort(port: Handle, reply: *mut PortMessage) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { run(port, flags::REPLY_MESSAGE, reply, reply, None) })
}

/// Answers if there is an answer, and receives what comes next from any client.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtReplyWaitReceivePort(
    port: Handle,
    context: *mut *mut c_void,
    reply: *mut PortMessage,
    receive: *mut PortMessage,
) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { reply_and_receive(port, context, reply, receive, None) })
}

/// The same, for at most so long.
///
/// # Safety
/// As [`NtReplyWaitReceivePort`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtReplyWaitReceivePortEx(
    port: Handle,
    context: *mut *mut c_void,
    reply: *mut PortMessage,
    receive: *mut PortMessage,
    timeout: *const i64,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let timeout = unsafe { pointers::read(timeout) };
        // SAFETY: the caller's word.
        unsafe { reply_and_receive(port, context, reply, receive, timeout) }
    })
}

/// The calling thread acts as the client whose request this is.
///
/// # Safety
/// `message` is null or points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtImpersonateClientOfPort(port: Handle, message: *const PortMessage) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { impersonate(port, message) })
}

/// The one kind of information about a classic port has no bytes.
#[unsafe(no_mangle)]
pub extern "C" fn NtQueryInformationPort(
    port: Handle,
    class: u32,
    _information: *mut c_void,
    _length: u32,
    _returned: *mut u32,
) -> NtStatus {
    status(|| match (table::get(port)?, class) {
        (Object::Descriptor(_) | Object::Packets(_), _) => Err(OBJECT_TYPE_MISMATCH),
        (_, 0) => Ok(()),
        _ => Err(INVALID_INFO_CLASS),
    })
}

/// That a client's process has died its server is told in any case; the death of one thread is told to nobody here.
#[unsafe(no_mangle)]
pub extern "C" fn NtRegisterThreadTerminatePort(_port: Handle) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// Receives at the connection port, whichever of its handles this is.
///
/// # Safety
/// As [`NtReplyWaitReceivePort`].
unsafe fn reply_and_receive(
    port: Handle,
    context: *mut *mut c_void,
    reply: *mut PortMessage,
    receive: *mut PortMessage,
    timeout: Option<i64>,
) -> Answer {
    if receive.is_null() {
        return Err(ACCESS_VIOLATION);
    }
    if !reply.is_null() {
        // SAFETY: the caller's word.
        unsafe { run(port, flags::REPLY_MESSAGE, reply, null_mut(), None) }?;
    }
    let object = table::get(port)?;
    let room = room_of(&object)?;
    let deadline = crate::time::deadline(timeout);
    let room = crate::message::Room { bytes: room, attributes: 0 };
    let got = match &object {
        Object::Connection(server) | Object::Communication(server, _) => server.receive(deadline, room)?,
        Object::Client(client) => client.receive(deadline, room)?,
        Object::Descriptor(_) | Object::Packets(_) => return Err(OBJECT_TYPE_MISMATCH),
    };
    let crate::message::Got::Message(delivery) = got else { return Err(Status::BUFFER_TOO_SMALL) };
    // SAFETY: the caller's word: there is room for the longest message.
    unsafe { border::deliver(&delivery, receive, &Vec::new()) };
    if !context.is_null() {
        let word = std::ptr::with_exposed_provenance_mut(delivery.brought.port_context);
        // SAFETY: the caller's word.
        unsafe { give(context, word) }?;
    }
    Ok(())
}

/// The longest message of a port.
fn room_of(object: &Object) -> Answer<usize> {
    match object {
        Object::Connection(server) | Object::Communication(server, _) => {
            server.with(|server| Ok(server.settings.total_bytes_max))
        }
        Object::Client(client) => client.with(crate::client::ClientEnd::total_bytes_max),
        Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// # Safety
/// Each message is null or as the calls above say.
unsafe fn run(
    port: Handle,
    flags: u32,
    send: *mut PortMessage,
    receive: *mut PortMessage,
    timeout: Option<i64>,
) -> Answer {
    let mut length = room_of(&table::get(port)?)?;
    let (send_attributes, receive_attributes) = (std::ptr::null(), null_mut());
    let length = &raw mut length;
    let call = Call { port, flags, send, send_attributes, receive, length, receive_attributes };
    // SAFETY: the caller's word.
    unsafe { call.run(timeout) }
}
