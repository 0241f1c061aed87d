// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, and acting as it.

use std::cell::RefCell;
use std::ffi::c_void;

use cabotage_alpc::Status;
use cabotage_c_support::pointers;
use cabotage_os::process::RunAs;

use super::port::give_handle;
use super::status;
use crate::border::give;
use crate::layout::{Handle, ObjectAttributes, PortMessage, SecurityAttribute};
use crate::status::{ACCESS_VIOLATION, Answer, NOT_SUPPORTED, NtStatus, OBJECT_TYPE_MISMATCH};
use crate::table::{self, Object};

thread_local! {
    /// As whom this thread acts, while it does.
    static ACTING: RefCell<Option<RunAs>> = const { RefCell::new(None) };
}

/// S-1-22-1-UID: how Samba calls a user of a unix system.
pub(crate) fn sid_of(uid: u32) -> [u8; 16] {
    let mut sid = [1, 2, 0, 0, 0, 0, 0, 22, 1, 0, 0, 0, 0, 0, 0, 0];
    sid[12..].copy_from_slice(&uid.to_le_bytes());
    sid
}

/// The user whom a SID means; `None` for no SID.
///
/// # Safety
/// `sid` is null or points to one.
pub(crate) unsafe fn uid_of(sid: *const c_void) -> Answer<Option<u32>> {
    const INVALID_SID: Status = Status(0xC000_0078);
    if sid.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word: it begins with its revision and how many numbers follow.
    let start = unsafe { pointers::slice(sid.cast::<u8>(), 2) }.ok_or(ACCESS_VIOLATION)?;
    if start != [1, 2] {
        return Err(INVALID_SID);
    }
    // SAFETY: the caller's word: two numbers follow behind its authority.
    let whole = unsafe { pointers::slice(sid.cast::<u8>(), 16) }.ok_or(ACCESS_VIOLATION)?;
    let uid = u32::from_le_bytes([whole[12], whole[13], whole[14], whole[15]]);
    if whole == sid_of(uid) { Ok(Some(uid)) } else { Err(INVALID_SID) }
}

/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcCreateSecurityContext(
    port: Handle,
    _flags: u32,
    attribute: *mut SecurityAttribute,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let asked = unsafe { pointers::read(attribute) }.ok_or(ACCESS_VIOLATION)?;
        let Object::Client(client) = table::get(port)? else { return Err(OBJECT_TYPE_MISMATCH) };
        let context_handle = client.with(|end| Ok(end.contexts.create()))?;
        // SAFETY: the caller's word.
        unsafe { give(attribute, SecurityAttribute { context_handle, ..asked }) }
    })
}

/// The context is used no more, by messages that are sent from now on.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcDeleteSecurityContext(port: Handle, _flags: u32, context: usize) -> NtStatus {
    status(|| {
        let Object::Client(client) = table::get(port)? else { return Err(OBJECT_TYPE_MISMATCH) };
        client.with(|end| end.contexts.delete(context))
    })
}

/// The same: what was sent with it is consent that was given.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcRevokeSecurityContext(port: Handle, flags: u32, context: usize) -> NtStatus {
    NtAlpcDeleteSecurityContext(port, flags, context)
}

/// The calling thread acts as the client whose request this is, until it reverts.
///
/// # Safety
/// `message` is null or points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcImpersonateClientOfPort(
    port: Handle,
    message: *const PortMessage,
    _flags: *mut c_void,
) -> NtStatus {
    // SAFETY: the caller's word.
    status(|| unsafe { impersonate(port, message) })
}

/// # Safety
/// As [`NtAlpcImpersonateClientOfPort`].
pub(crate) unsafe fn impersonate(port: Handle, message: *const PortMessage) -> Answer {
    // SAFETY: the caller's word.
    let number = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?.message_id;
    let (server, _) = table::server(port)?;
    let acting = server.with(|server| {
        let request = server.request(number).ok_or(Status::ACCESS_DENIED)?;
        // The rules of who may: its guard is let go of, since C has no scope to bind it to.
        request.impersonate().map_err(|error| error.status())?.end();
        let subject = request.token().subject().ok_or(Status::ACCESS_DENIED)?;
        RunAs::begin(&subject).map_err(|_| Status::ACCESS_DENIED)
    })?;
    ACTING.with_borrow_mut(|place| {
        // Of two, the first is undone first.
        drop(place.take());
        *place = Some(acting);
    });
    Ok(())
}

/// Containers are not here.
#[unsafe(no_mangle)]
pub extern "C" fn NtAlpcImpersonateClientContainerOfPort(
    _port: Handle,
    _message: *const PortMessage,
    _flags: u32,
) -> NtStatus {
    status(|| Err(NOT_SUPPORTED))
}

/// The calling thread is itself again.
#[unsafe(no_mangle)]
pub extern "C" fn AlpcCabotageRevertToSelf() -> NtStatus {
    status(|| {
        ACTING.with_borrow_mut(|place| drop(place.take()));
        Ok(())
    })
}

/// Of what NT does here one thing: a null token ends acting as another.
///
/// # Safety
/// `information` is null or has `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtSetInformationThread(
    _thread: Handle,
    class: u32,
    information: *const c_void,
    length: u32,
) -> NtStatus {
    const IMPERSONATION_TOKEN: u32 = 5;
    if class != IMPERSONATION_TOKEN || length as usize != size_of::<Handle>() {
        return status(|| Err(NOT_SUPPORTED));
    }
    // SAFETY: the caller's word.
    match unsafe { pointers::read(information.cast::<Handle>()) } {
        Some(0) => AlpcCabotageRevertToSelf(),
        _ => status(|| Err(NOT_SUPPORTED)),
    }
}

/// A handle of the process that sent a message, a pidfd.
///
/// # Safety
/// As `cabotage/alpc.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcOpenSenderProcess(
    process: *mut Handle,
    port: Handle,
    message: *const PortMessage,
    _flags: u32,
    _access: u32,
    _object: *const ObjectAttributes,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let number = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?.message_id;
        let (server, _) = table::server(port)?;
        let opened = server.with(|server| server.open_sender(number))?;
        let handle = table::enter(Object::Descriptor(opened))?;
        // SAFETY: the caller's word.
        unsafe { give_handle(process, handle) }
    })
}

/// Threads of others have no handles here; of a datagram Windows opens none either.
///
/// # Safety
/// `message` is null or points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtAlpcOpenSenderThread(
    _thread: *mut Handle,
    port: Handle,
    message: *const PortMessage,
    _flags: u32,
    _access: u32,
    _object: *const ObjectAttributes,
) -> NtStatus {
    status(|| {
        // SAFETY: the caller's word.
        let number = unsafe { pointers::read(message) }.ok_or(ACCESS_VIOLATION)?.message_id;
        let (server, _) = table::server(port)?;
        match server.with(|server| Ok(server.sender(number)))? {
            Some((_, true)) => Err(NOT_SUPPORTED),
            _ => Err(Status::ACCESS_DENIED),
        }
    })
}
