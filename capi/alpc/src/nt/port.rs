// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports: created, connected, accepted, disconnected, closed.

use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;

use cabotage_alpc::{CONNECT_BYTES_MAX, Identity, Status};
use cabotage_c_support::pointers;

use super::status;
use crate::border;
use crate::client::ClientPort;
use crate::client::connecting::{Refusal, Wish};
use crate::layout::{
    HEADER_BYTES, Handle, ObjectAttributes, PortAttributes, PortMessage, UnicodeString, flags,
};
use crate::message::Delivery;
use crate::server::Server;
use crate::settings::Settings;
use crate::status::{Answer, NtStatus, OBJECT_TYPE_MISMATCH, PORT_ALREADY_SET};
use crate::table::{self, Object};
use crate::time;

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCreatePort(
    port: *mut Handle,
    object: *const ObjectAttributes,
    attributes: *const PortAttributes,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let attributes = unsafe { pointers::read(attributes) };
        let settings = Settings::new(attributes.as_ref())?;
        // SAFETY: the caller's word.
        let name = unsafe { border::object_name(object) }?;
        let server = Server::create(&name, settings)?;
        let handle = table::enter(Object::Connection(Arc::new(server)))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(port, handle) }
    })
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcConnectPort(
    port: *mut Handle,
    name: *const UnicodeString,
    _object: *const ObjectAttributes,
    attributes: *const PortAttributes,
    connect_flags: u32,
    server: *const c_void,
    message: *mut PortMessage,
    length: *mut usize,
    sent: *mut c_void,
    received: *mut c_void,
    timeout: *const i64,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let name = unsafe { border::name(name) }?;
        let asked = Asked { attributes, connect_flags, server, message, length, sent, received, timeout };
        // SAFETY: the caller's word.
        unsafe { connect(port, name, &asked) }
    })
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcConnectPortEx(
    port: *mut Handle,
    connection: *const ObjectAttributes,
    _client: *const ObjectAttributes,
    attributes: *const PortAttributes,
    connect_flags: u32,
    requirements: *const c_void,
    message: *mut PortMessage,
    length: *mut usize,
    sent: *mut c_void,
    received: *mut c_void,
    timeout: *const i64,
) -> NtStatus {
    status(|| {
        if !requirements.is_null() {
            // A security descriptor; NtAlpcConnectPort takes the user that is required.
            return Err(crate::status::NOT_SUPPORTED);
        }
        // SAFETY: the caller's word.
        let name = unsafe { border::object_name(connection) }?;
        let server = std::ptr::null();
        let asked = Asked { attributes, connect_flags, server, message, length, sent, received, timeout };
        // SAFETY: the caller's word.
        unsafe { connect(port, name, &asked) }
    })
}

/// What both connecting calls are given.
struct Asked {
    attributes: *const PortAttributes,
    connect_flags: u32,
    server: *const c_void,
    message: *mut PortMessage,
    length: *mut usize,
    sent: *mut c_void,
    received: *mut c_void,
    timeout: *const i64,
}

/// # Safety
/// Each pointer is null or points to what it names.
unsafe fn connect(port: *mut Handle, name: String, asked: &Asked) -> Answer {
    // SAFETY: the caller's word.
    let attributes = unsafe { pointers::read(asked.attributes) };
    // SAFETY: the caller's word.
    let required_uid = unsafe { super::security::uid_of(asked.server) }?;
    // SAFETY: the caller's word.
    let timeout = unsafe { pointers::read(asked.timeout) };
    let data = if asked.message.is_null() {
        Vec::new()
    } else {
        // SAFETY: the caller's word.
        unsafe { border::sending(asked.message, asked.sent, 0) }?.0.data
    };
    // SAFETY: the caller's word. Without a length there is room for what was sent.
    let room = unsafe { pointers::read(asked.length) }.unwrap_or(HEADER_BYTES + data.len());
    let accept_bytes_max = match asked.message.is_null() {
        true => CONNECT_BYTES_MAX,
        false => room.saturating_sub(HEADER_BYTES),
    };
    let settings = Settings::new(attributes.as_ref())?;
    let deadline = time::deadline(timeout);
    let wish = Wish { name, settings, data, accept_bytes_max, required_uid, deadline };
    if asked.connect_flags & flags::SYNC_REQUEST == 0 {
        let client = wish.begin().map_err(|refusal| refusal.status)?;
        // SAFETY: the caller's word.
        return unsafe { give_client(port, client) };
    }
    match wish.connect() {
        Ok((client, server, data)) => {
            let delivery = accepted(server, data);
            // SAFETY: the caller's word.
            unsafe { tell(asked, &delivery) }?;
            // SAFETY: the caller's word.
            unsafe { give_client(port, client) }
        }
        Err(Refusal { status, bytes }) => {
            if let Some(bytes) = bytes {
                // SAFETY: the caller's word; a caller without a length is not told it.
                let _ = unsafe { border::give(asked.length, HEADER_BYTES + bytes) };
            }
            Err(status)
        }
    }
}

fn accepted(server: Identity, data: Vec<u8>) -> Delivery {
    let mut delivery = Delivery::new(11, 0, data);
    delivery.header.process = usize::try_from(server.pid).unwrap_or(0);
    delivery.header.data_length = u16::try_from(delivery.data.len()).unwrap_or(0);
    delivery.header.total_length = u16::try_from(HEADER_BYTES + delivery.data.len()).unwrap_or(0);
    delivery.brought.token = Some([0, server.uid.into(), server.gid.into()]);
    delivery
}

/// Tells C what the server said when it accepted.
///
/// # Safety
/// As [`connect`].
unsafe fn tell(asked: &Asked, delivery: &Delivery) -> Answer {
    if !asked.message.is_null() {
        // SAFETY: the caller's word: more data than there is room for were refused.
        unsafe { border::deliver(delivery, asked.message, &Vec::new()) };
        if !asked.length.is_null() {
            // SAFETY: the caller's word.
            unsafe { border::give(asked.length, delivery.header.total_length.into()) }?;
        }
    }
    // SAFETY: the caller's word.
    unsafe { border::fill(&delivery.brought, asked.received) }
}

/// # Safety
/// `port` is null or can be written.
unsafe fn give_client(port: *mut Handle, client: ClientPort) -> Answer {
    let handle = table::enter(Object::Client(Arc::new(client)))?;
    // SAFETY: the caller's word.
    unsafe { give_handle(port, handle) }
}

/// Gives C its handle; one that nobody gets is closed.
///
/// # Safety
/// `to` is null or can be written.
pub(crate) unsafe fn give_handle(to: *mut Handle, handle: Handle) -> Answer {
    // SAFETY: the caller's word.
    let given = unsafe { border::give(to, handle) };
    if given.is_err() {
        close(handle)?;
    }
    given
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcAcceptConnectPort(
    port: *mut Handle,
    connection: Handle,
    _flags: u32,
    _object: *const ObjectAttributes,
    _attributes: *const PortAttributes,
    context: *mut c_void,
    request: *const PortMessage,
    attributes: *const c_void,
    accept: u8,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let (sending, _) = unsafe { border::sending(request, attributes, 0) }?;
        let (server, None) = table::server(connection)? else { return Err(OBJECT_TYPE_MISMATCH) };
        let message = sending.header.message_id;
        if accept == 0 {
            return server.with(|server| server.refuse(message, &sending.data));
        }
        let context = context.expose_provenance();
        let channel = server.with(|server| server.accept(message, sending.data, context, true))?;
        let handle = table::enter(Object::Communication(server, channel))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(port, handle) }
    })
}

/// Ends the channel, or all of them, of a port; its handle stays.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcDisconnectPort(port: Handle, _flags: u32) -> NtStatus {
    status(|| match table::get(port)? {
        Object::Connection(server) => {
            server.close();
            Ok(())
        }
        Object::Communication(server, channel) => server.change(|server| server.disconnect(channel)),
        Object::Client(client) => client.change(|end| {
            end.disconnect();
            Ok(())
        }),
        Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    })
}

/// Closes any handle of this library.
#[unsafe(no_mangle)]
pub extern "C" fn NtClose(handle: Handle) -> NtStatus {
    status(|| close(handle))
}

fn close(handle: Handle) -> Answer {
    match table::leave(handle)? {
        Object::Connection(server) => server.close(),
        Object::Communication(server, channel) => {
            // One whose client is gone, or whose port is closed, has nothing left to end.
            let _ = server.change(|server| server.disconnect(channel));
        }
        Object::Client(client) => client.close(),
        Object::Descriptor(_) => {}
        Object::Packets(packets) => packets.close(),
    }
    Ok(())
}

/// Arranges for a port's descriptor to become readable when there is something to receive, and tells it. There is
/// something already if this answers success; if it answers pending, the descriptor may be waited on, beside others. Of a port that
/// tells a completion port nobody waits otherwise.
///
/// # Safety
/// `descriptor` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcCabotagePrepareWait(port: Handle, descriptor: *mut c_int) -> NtStatus {
    const PENDING: Status = Status(0x0000_0103);
    status(|| {
        let (is_there, number, is_told) = match table::get(port)? {
            Object::Connection(server) | Object::Communication(server, _) => {
                (server.with(Server::arm)?, server.descriptor().as_fd_number(), server.is_told())
            }
            Object::Client(client) => {
                let is_there = client.with(crate::client::ClientEnd::arm)?;
                (is_there, client.descriptor().as_fd_number(), client.is_told())
            }
            Object::Descriptor(_) | Object::Packets(_) => return Err(OBJECT_TYPE_MISMATCH),
        };
        if is_told {
            // Whoever is told takes off the channel what the descriptor would tell of.
            return Err(PORT_ALREADY_SET);
        }
        // SAFETY: the caller's word.
        unsafe { border::give(descriptor, number) }?;
        if is_there { Ok(()) } else { Err(PENDING) }
    })
}

/// A number for C, which must not close it.
trait Number {
    fn as_fd_number(&self) -> c_int;
}

impl Number for cabotage_os::fork::SoleFd {
    fn as_fd_number(&self) -> c_int {
        std::os::fd::AsFd::as_fd(self).as_raw_fd()
    }
}

/// A handle of a copy of this descriptor, to go with messages.
///
/// # Safety
/// `descriptor` is open, or negative; `handle` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcCabotageHandleOfDescriptor(descriptor: c_int, handle: *mut Handle) -> NtStatus {
    status(|| {
        if descriptor < 0 {
            return Err(Status::INVALID_PARAMETER);
        }
        // SAFETY: open as long as this call, by the caller's word.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let copy = borrowed.try_clone_to_owned().map_err(|_| Status::INVALID_PARAMETER)?;
        let entered = table::enter(Object::Descriptor(Arc::new(copy)))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(handle, entered) }
    })
}

/// A copy of the descriptor behind a handle, which the caller closes.
///
/// # Safety
/// `descriptor` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AlpcCabotageDescriptorOfHandle(handle: Handle, descriptor: *mut c_int) -> NtStatus {
    status(|| {
        let copy = table::descriptor(handle)?.try_clone().map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        // SAFETY: the caller's word.
        unsafe { border::give(descriptor, copy.as_raw_fd()) }?;
        let _ = std::os::fd::IntoRawFd::into_raw_fd(copy);
        Ok(())
    })
}
