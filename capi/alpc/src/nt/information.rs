// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is told about a port or a message.

use std::ffi::c_void;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;

use super::completion_list::{adjust, register};
use super::security::sid_of;
use super::status;
use crate::border::give;
use crate::layout::{
    AssociateCompletionPort, BasicInformation, CompletionListInformation, Handle, MessageHandleInformation,
    PortMessage,
};
use crate::status::{
    ACCESS_VIOLATION, Answer, INFO_LENGTH_MISMATCH, INVALID_INFO_CLASS, NOT_FOUND, NOT_SUPPORTED, NtStatus,
    OBJECT_TYPE_MISMATCH,
};
use crate::table::{self, Object};

/// Where C wants what it asks for.
struct Place {
    information: *mut c_void,
    length: u32,
    returned: *mut u32,
}

impl Place {
    /// Stores what was asked for.
    ///
    /// # Safety
    /// The place has as many bytes as it says; `returned` is null or can be written.
    unsafe fn put<T>(&self, value: T) -> Answer {
        let bytes = u32::try_from(size_of::<T>()).unwrap_or(u32::MAX);
        if !self.returned.is_null() {
            // SAFETY: the caller's word.
            unsafe { give(self.returned, bytes) }?;
        }
        if self.length < bytes {
            return Err(INFO_LENGTH_MISMATCH);
        }
        // SAFETY: the caller's word: there are so many bytes.
        unsafe { give(self.information.cast::<T>(), value) }
    }
}

/// # Safety
/// `information` is null or has `length` bytes; `returned` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcQueryInformation(
    port: Handle,
    class: u32,
    information: *mut c_void,
    length: u32,
    returned: *mut u32,
) -> NtStatus {
    let place = Place { information, length, returned };
    status(|| match (class, table::get(port)?) {
        (_, Object::Descriptor(_) | Object::Packets(_)) => Err(OBJECT_TYPE_MISMATCH),
        (0, object) => {
            let (flags, port_context) = basic(&object)?;
            // SAFETY: the caller's word.
            unsafe { place.put(BasicInformation { flags, sequence_no: 0, port_context }) }
        }
        // Who is connected: the server of a client, the client of a channel.
        (3, object) => {
            let (_, uid) = other_side(&object)?;
            // SAFETY: the caller's word.
            unsafe { place.put(sid_of(uid)) }
        }
        // {SessionId, ProcessId}.
        (12, object) => {
            let (pid, _) = other_side(&object)?;
            // SAFETY: the caller's word.
            unsafe { place.put([0_u32, pid]) }
        }
        (1..=13, _) => Err(NOT_SUPPORTED),
        _ => Err(INVALID_INFO_CLASS),
    })
}

fn basic(object: &Object) -> Answer<(u32, usize)> {
    match object {
        Object::Connection(server) => server.with(|server| Ok((server.settings.flags, 0))),
        Object::Communication(server, channel) => {
            server.with(|server| Ok((server.settings.flags, server.context(Some(*channel))?)))
        }
        Object::Client(client) => client.with(|end| Ok((end.settings.flags, 0))),
        Object::Descriptor(_) | Object::Packets(_) => Err(OBJECT_TYPE_MISMATCH),
    }
}

/// The process and the user at the other end.
fn other_side(object: &Object) -> Answer<(u32, u32)> {
    let identity = match object {
        Object::Communication(server, channel) => server.with(|server| server.peer(*channel))?,
        Object::Client(client) => client.with(crate::client::ClientEnd::server)?,
        Object::Connection(_) | Object::Descriptor(_) | Object::Packets(_) => {
            return Err(Status::INVALID_PARAMETER);
        }
    };
    Ok((identity.pid.unsigned_abs(), identity.uid))
}

/// Who is told of a port's messages, and where they go. Zones and callbacks of the kernel are not here.
///
/// # Safety
/// `information` is null or has `length` bytes; what it names stays as the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcSetInformation(
    port: Handle,
    class: u32,
    information: *const c_void,
    length: u32,
) -> NtStatus {
    let given = Given { information, length };
    status(|| match (class, table::get(port)?) {
        (_, Object::Descriptor(_) | Object::Packets(_)) => Err(OBJECT_TYPE_MISMATCH),
        (2, _) => {
            // SAFETY: the caller's word.
            let AssociateCompletionPort { key, port: packets } = unsafe { given.get() }?;
            let (packets, key) = (table::packets(packets)?, key.expose_provenance());
            table::receiving(port)?.associate(packets, key).map(drop)
        }
        (6, _) => {
            // SAFETY: the caller's word.
            let asked = unsafe { given.get::<CompletionListInformation>() }?;
            register(port, &asked)
        }
        (7, _) => table::receiving(port)?.unregister(),
        (8, _) => {
            // SAFETY: the caller's word.
            adjust(port, unsafe { given.get() }?)
        }
        (10, _) => table::receiving(port)?.run_down(),
        (0..=13, _) => Err(NOT_SUPPORTED),
        _ => Err(INVALID_INFO_CLASS),
    })
}

/// What C says.
struct Given {
    information: *const c_void,
    length: u32,
}

impl Given {
    /// It, if it has the size of a `T`.
    ///
    /// # Safety
    /// The place has as many bytes as it says, which are a `T` if they are as many.
    unsafe fn get<T: Copy>(&self) -> Answer<T> {
        if self.length as usize != size_of::<T>() {
            return Err(INFO_LENGTH_MISMATCH);
        }
        // SAFETY: the caller's word: there are so many bytes.
        unsafe { pointers::read(self.information.cast::<T>()) }.ok_or(ACCESS_VIOLATION)
    }
}

/// # Safety
/// `message` is null or points to a message; `information` is null or has `length` bytes; `returned` is null or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcQueryInformationMessage(
    port: Handle,
    message: *const PortMessage,
    class: u32,
    information: *mut c_void,
    length: u32,
    returned: *mut u32,
) -> NtStatus {
    let place = Place { information, length, returned };
    status(|| {
        // SAFETY: the caller's word.
        let number = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?.message_id;
        match class {
            // Whose it is.
            0 => {
                let (server, _) = table::server(port)?;
                let sender = server.with(|server| Ok(server.sender(number)))?;
                let (identity, _) = sender.ok_or(Status::ACCESS_DENIED)?;
                // SAFETY: the caller's word.
                unsafe { place.put(sid_of(identity.uid)) }
            }
            // The user's rights as they were when it connected: they have the number of its channel.
            1 => {
                let (server, _) = table::server(port)?;
                let id = server.with(|server| {
                    server.request(number).map(|request| request.token().id()).ok_or(Status::ACCESS_DENIED)
                })?;
                // SAFETY: the caller's word.
                unsafe { place.put(id) }
            }
            2 => Err(NOT_SUPPORTED),
            3 => {
                // SAFETY: the caller's word: C says which handle it wants by its place.
                let asked = unsafe { pointers::read(information.cast::<MessageHandleInformation>()) };
                let asked = asked.ok_or(ACCESS_VIOLATION)?;
                let at = asked.index as usize;
                let found = match table::get(port)? {
                    Object::Client(client) => client.with(|end| end.extra.take(number, at))?,
                    Object::Connection(server) | Object::Communication(server, _) => {
                        server.with(|server| server.extra.take(number, at))?
                    }
                    Object::Descriptor(_) | Object::Packets(_) => return Err(OBJECT_TYPE_MISMATCH),
                };
                let (handle, object_type) = found;
                let handle = u32::try_from(handle).map_err(|_| NOT_FOUND)?;
                // SAFETY: the caller's word.
                unsafe { place.put(MessageHandleInformation { handle, object_type, ..asked }) }
            }
            _ => Err(INVALID_INFO_CLASS),
        }
    })
}
