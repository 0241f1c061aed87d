// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the classic calls make ports and connect them: create, listen, accept, complete; connect.

use std::ffi::c_void;
use std::sync::Arc;

use cabotage_alpc::{CONNECT_BYTES_MAX, Deadline, Status};
use cabotage_c_support::pointers;

use crate::border;
use crate::client::connecting::{Refusal, Wish};
use crate::layout::{Handle, ObjectAttributes, PortAttributes, PortMessage, PortView, UnicodeString};
use crate::message::{Got, Room};
use crate::nt::port::give_handle;
use crate::nt::security::uid_of;
use crate::nt::status;
use crate::server::Server;
use crate::settings::Settings;
use crate::status::{ACCESS_VIOLATION, Answer, NOT_SUPPORTED, NtStatus, OBJECT_TYPE_MISMATCH};
use crate::table::{self, Object};

/// The longest message of a classic port that does not say how long: what Windows has on 64 bits.
const TOTAL_BYTES: usize = 512;

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtCreatePort(
    port: *mut Handle,
    object: *const ObjectAttributes,
    connect_bytes_max: u32,
    message_bytes_max: u32,
    _pool: u32,
) -> NtStatus {
    status(|| {
        let max_message_length =
            if message_bytes_max == 0 { TOTAL_BYTES } else { message_bytes_max as usize };
        let attributes = PortAttributes { max_message_length, ..PortAttributes::default() };
        let mut settings = Settings::new(Some(&attributes))?;
        settings.connect_bytes_max = (connect_bytes_max as usize).min(settings.connect_bytes_max);
        // SAFETY: the caller's word.
        let name = unsafe { border::object_name(object) }?;
        let handle = table::enter(Object::Connection(Arc::new(Server::create(&name, settings)?)))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(port, handle) }
    })
}

/// Every port can be waited on here: see `AlpcCabotagePrepareWait`.
///
/// # Safety
/// As [`NtCreatePort`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtCreateWaitablePort(
    port: *mut Handle,
    object: *const ObjectAttributes,
    connect_bytes_max: u32,
    message_bytes_max: u32,
    pool: u32,
) -> NtStatus {
    // SAFETY: the caller's word.
    unsafe { NtCreatePort(port, object, connect_bytes_max, message_bytes_max, pool) }
}

/// Waits for the next client that wants to be let in.
///
/// # Safety
/// `request` has room for the longest message of the port.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtListenPort(port: Handle, request: *mut PortMessage) -> NtStatus {
    status(|| {
        let (server, None) = table::server(port)? else { return Err(OBJECT_TYPE_MISMATCH) };
        let room = Room { bytes: server.with(|server| Ok(server.settings.total_bytes_max))?, attributes: 0 };
        match server.wait(Deadline::Never, |server, may_take| server.listen(room, may_take))? {
            Got::TooSmall(_) => Err(Status::BUFFER_TOO_SMALL),
            Got::Message(delivery) => {
                // SAFETY: the caller's word.
                unsafe { border::deliver(&delivery, request, &Vec::new()) };
                Ok(())
            }
        }
    })
}

/// Lets a client in, which goes on when its connection is complete, or refuses it. Views of the connection are not here.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAcceptConnectPort(
    port: *mut Handle,
    context: *mut c_void,
    request: *const PortMessage,
    accept: u8,
    server_view: *mut PortView,
    client_view: *mut c_void,
) -> NtStatus {
    status(|| {
        if !server_view.is_null() || !client_view.is_null() {
            return Err(NOT_SUPPORTED);
        }
        // SAFETY: the caller's word.
        let (sending, _) = unsafe { border::sending(request, std::ptr::null(), 0) }?;
        let message = sending.header.message_id;
        let server = table::asked_by(message)?;
        if accept == 0 {
            return server.with(|server| server.refuse(message, &sending.data));
        }
        let context = context.expose_provenance();
        let channel = server.with(|server| server.accept(message, sending.data, context, false))?;
        let handle = table::enter(Object::Communication(server, channel))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(port, handle) }
    })
}

/// The client goes on.
#[unsafe(no_mangle)]
pub extern "C" fn NtCompleteConnectPort(port: Handle) -> NtStatus {
    status(|| {
        let (server, Some(channel)) = table::server(port)? else { return Err(OBJECT_TYPE_MISMATCH) };
        server.with(|server| server.complete(channel))
    })
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtConnectPort(
    port: *mut Handle,
    name: *const UnicodeString,
    qos: *const c_void,
    client_view: *mut PortView,
    server_view: *mut c_void,
    message_bytes_max: *mut u32,
    data: *mut c_void,
    data_bytes: *mut u32,
) -> NtStatus {
    let server = std::ptr::null();
    // SAFETY: the caller's word.
    unsafe {
        NtSecureConnectPort(
            port,
            name,
            qos,
            client_view,
            server,
            server_view,
            message_bytes_max,
            data,
            data_bytes,
        )
    }
}

/// Connects to a server that runs as this user.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtSecureConnectPort(
    port: *mut Handle,
    name: *const UnicodeString,
    _qos: *const c_void,
    client_view: *mut PortView,
    server: *const c_void,
    server_view: *mut c_void,
    message_bytes_max: *mut u32,
    data: *mut c_void,
    data_bytes: *mut u32,
) -> NtStatus {
    status(|| {
        if !client_view.is_null() || !server_view.is_null() {
            return Err(NOT_SUPPORTED);
        }
        // SAFETY: the caller's word.
        let name = unsafe { border::name(name) }?;
        // SAFETY: the caller's word.
        let required_uid = unsafe { uid_of(server) }?;
        // SAFETY: the caller's word.
        let sent = unsafe { connection_data(data, data_bytes) }?;
        let accept_bytes_max = if data.is_null() { CONNECT_BYTES_MAX } else { sent.len() };
        let settings = Settings::new(None)?;
        let wish =
            Wish { name, settings, data: sent, accept_bytes_max, required_uid, deadline: Deadline::Never };
        let (client, _, answer) = wish.connect().map_err(|Refusal { status, .. }| status)?;
        let total = client.with(crate::client::ClientEnd::total_bytes_max)?;
        if !message_bytes_max.is_null() {
            // SAFETY: the caller's word.
            unsafe { border::give(message_bytes_max, u32::try_from(total).unwrap_or(u32::MAX)) }?;
        }
        if !data.is_null() {
            // SAFETY: the caller's word; more than was sent was not taken.
            let room = unsafe { pointers::slice_mut(data.cast::<u8>(), answer.len()) };
            room.ok_or(ACCESS_VIOLATION)?.copy_from_slice(&answer);
            // SAFETY: the caller's word.
            unsafe { border::give(data_bytes, u32::try_from(answer.len()).unwrap_or(u32::MAX)) }?;
        }
        let handle = table::enter(Object::Client(Arc::new(client)))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(port, handle) }
    })
}

/// What goes with a classic connection, in both directions.
///
/// # Safety
/// `data` is null or has as many bytes as `bytes` points to.
unsafe fn connection_data(data: *mut c_void, bytes: *mut u32) -> Answer<Vec<u8>> {
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the caller's word.
    let count = unsafe { pointers::read(bytes) }.ok_or(ACCESS_VIOLATION)?;
    // SAFETY: the caller's word.
    let slice = unsafe { pointers::slice(data.cast::<u8>(), count as usize) };
    Ok(slice.ok_or(ACCESS_VIOLATION)?.to_vec())
}
