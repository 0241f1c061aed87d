// SPDX-License-Identifier: MIT OR Apache-2.0
//! ALPC in few calls: a server that lets everybody in and answers, a client that asks. libcabotage-alpc has all of it.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};

use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Incoming, Request};

use crate::border::{
    Handle, Place, bytes_at, cabotage_error, call, deadline, free, give, give_if_any, on, prepare_wait,
    receive_at, room_at, take, tell, text,
};
use crate::failure::{Code, Failure, Outcome};
use crate::kept::Kept;

/// A connection port.
pub type cabotage_server = Handle<Kept<ConnectionPort, Option<Request>>>;
/// A request that waits for its answer.
pub type cabotage_request = Handle<Request>;
/// A client's port.
pub type cabotage_client = Handle<Client>;

/// The next message of any client; those who come are let in.
fn next(port: &mut ConnectionPort, patience: i64) -> Outcome<(Vec<u8>, Option<Request>)> {
    let deadline = deadline(patience);
    loop {
        match port.receive(deadline)? {
            // One that is gone again needs no answer.
            Incoming::ConnectionRequest(asker) => drop(port.accept(asker, &[], 0)),
            Incoming::Request(request) => return Ok((request.body().to_vec(), Some(request))),
            Incoming::Datagram(datagram) => return Ok((datagram.body().to_vec(), None)),
            _ => {}
        }
    }
}

/// Creates a connection port of this name.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_server_create(
    name: *const c_char,
    server: *mut *mut cabotage_server,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = ConnectionPort::create(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(server, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Receives the next message of any client; what does not fit stays. `request` is null of a datagram.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_server_receive(
    server: *mut cabotage_server,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    request: *mut *mut cabotage_request,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let to = Place { buffer, capacity, bytes };
        // SAFETY: the caller's word.
        let asked = unsafe { receive_at(server, to, |port| next(port, patience)) }?;
        // SAFETY: the caller's word. Without a place for it the request is let go of, and its asker told.
        unsafe { give_if_any(request, asked) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Answers a request, and frees its handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_server_reply(
    server: *mut cabotage_server,
    request: *mut cabotage_request,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        let taken = unsafe { take(request) };
        let asked = taken.ok_or_else(|| Failure::new(Code::Invalid, "the handle is null or none"))?;
        // SAFETY: the caller's word.
        unsafe {
            on(server, |end| {
                let sent = end.end.reply_within(asked, data, deadline(patience));
                sent.map_err(|unanswered| unanswered.error.into())
            })
        }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Arranges for its descriptor to become readable when there is something.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_server_prepare_wait(
    server: *mut cabotage_server,
    descriptor: *mut c_int,
    is_ready: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let number = |end: &ConnectionPort| Ok(end.as_fd().as_raw_fd());
        // SAFETY: the caller's word.
        unsafe { prepare_wait(server, (descriptor, is_ready), |end| Ok(end.ready()?), number) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes the port and all its channels.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_server_free(server: *mut cabotage_server) {
    // SAFETY: the caller's word.
    unsafe { free(server) }
}

/// Lets go of a request without an answer, of which its asker is told.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_request_free(request: *mut cabotage_request) {
    // SAFETY: the caller's word.
    unsafe { free(request) }
}

/// Connects to the port of this name.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_client_connect(
    name: *const c_char,
    patience: i64,
    client: *mut *mut cabotage_client,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let name = unsafe { text(name) }?;
        let made = ConnectOptions::new().deadline(deadline(patience)).connect(name)?;
        // SAFETY: the caller's word.
        unsafe { give(client, made) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Asks, and waits for the answer; one that does not fit is lost, and CABOTAGE_TOO_SMALL answered.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_client_request(
    client: *mut cabotage_client,
    data: *const c_void,
    bytes: usize,
    buffer: *mut c_void,
    capacity: usize,
    answer_bytes: *mut usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        let room = unsafe { room_at(buffer, capacity) }?;
        let mut found = 0;
        // SAFETY: the caller's word.
        let asked = unsafe {
            on(client, |end| {
                let answer = end.request_within(data, deadline(patience))?;
                found = answer.body().len();
                let fits = room.get_mut(..found).map(|room| room.copy_from_slice(answer.body()));
                fits.ok_or_else(|| Failure::new(Code::TooSmall, format!("the answer has {found} bytes")))
            })
        };
        // SAFETY: the caller's word.
        unsafe { tell(answer_bytes, found) };
        asked
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Says something that wants no answer.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_client_send(
    client: *mut cabotage_client,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(client, |end| Ok(end.send_datagram(data, deadline(patience))?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes the channel.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_client_free(client: *mut cabotage_client) {
    // SAFETY: the caller's word.
    unsafe { free(client) }
}
