// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes as Windows has them: of messages or of bytes, with many instances. libcabotage-win32 has all of them.

use std::ffi::{c_char, c_int, c_void};

use cabotage::pipe::named::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};

use crate::border::{
    Handle, Place, bytes_at, cabotage_error, call, deadline, free, give, on, receive_at, room_at, tell, text,
};
use crate::failure::{Code, Failure, Outcome};
use crate::kept::Kept;

/// Either end of an instance.
#[derive(Debug)]
pub enum Pipe {
    /// Of a server.
    Server(Box<NamedPipeServer>),
    /// Of a client.
    Client(Box<NamedPipeClient>),
}

/// A handle of one.
pub type cabotage_pipe = Handle<Kept<Pipe, ()>>;

impl Pipe {
    fn send(&mut self, data: &[u8], patience: i64) -> Outcome {
        let deadline = deadline(patience);
        match self {
            Self::Server(end) => end.send(data, deadline)?,
            Self::Client(end) => end.send(data, deadline)?,
        }
        Ok(())
    }

    fn receive(&mut self, patience: i64) -> Outcome<(Vec<u8>, ())> {
        let (mut message, deadline) = (Vec::new(), deadline(patience));
        match self {
            Self::Server(end) => end.receive(&mut message, deadline)?,
            Self::Client(end) => end.receive(&mut message, deadline)?,
        }
        Ok((message, ()))
    }

    fn read(&mut self, room: &mut [u8], patience: i64) -> Outcome<usize> {
        let deadline = deadline(patience);
        Ok(match self {
            Self::Server(end) => end.read_within(room, deadline)?,
            Self::Client(end) => end.read_within(room, deadline)?,
        })
    }

    fn flush(&mut self, patience: i64) -> Outcome {
        let deadline = deadline(patience);
        match self {
            Self::Server(end) => end.flush_within(deadline)?,
            Self::Client(end) => end.flush_within(deadline)?,
        }
        Ok(())
    }
}

/// Creates a pipe of this name, of messages or of bytes, and its first instance, which listens.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_create(
    name: *const c_char,
    is_of_messages: c_int,
    pipe: *mut *mut cabotage_pipe,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let options = if is_of_messages == 0 { ServerOptions::new() } else { ServerOptions::messages() };
        // SAFETY: the caller's word.
        let made = options.create(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(pipe, Kept::new(Pipe::Server(Box::new(made)))) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Takes the next client, as an end of its own; `listening` listens on.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_accept(
    listening: *mut cabotage_pipe,
    patience: i64,
    pipe: *mut *mut cabotage_pipe,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = unsafe {
            on(listening, |end| match &mut end.end {
                Pipe::Server(server) => Ok(server.accept(deadline(patience))?),
                Pipe::Client(_) => Err(Failure::new(Code::Invalid, "a client accepts nobody")),
            })
        }?;
        // SAFETY: the caller's word.
        unsafe { give(pipe, Kept::new(Pipe::Server(Box::new(made)))) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Opens a pipe of this name as a client, of messages or of bytes.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_open(
    name: *const c_char,
    is_of_messages: c_int,
    patience: i64,
    pipe: *mut *mut cabotage_pipe,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let options = if is_of_messages == 0 { ClientOptions::new() } else { ClientOptions::messages() };
        // SAFETY: the caller's word.
        let made = options.open_within(unsafe { text(name) }?, deadline(patience))?;
        // SAFETY: the caller's word.
        unsafe { give(pipe, Kept::new(Pipe::Client(Box::new(made)))) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Sends all bytes: a message, in a pipe of messages.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_send(
    pipe: *mut cabotage_pipe,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(pipe, |end| end.end.send(data, patience)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Receives the next message, whole; what does not fit stays.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_receive(
    pipe: *mut cabotage_pipe,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let to = Place { buffer, capacity, bytes };
        // SAFETY: the caller's word.
        unsafe { receive_at(pipe, to, |end| end.receive(patience)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Reads bytes that are there, waiting for the first.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_read(
    pipe: *mut cabotage_pipe,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let room = unsafe { room_at(buffer, capacity) }?;
        // SAFETY: the caller's word.
        let found = unsafe { on(pipe, |end| end.end.read(room, patience)) }?;
        // SAFETY: the caller's word.
        unsafe { tell(bytes, found) };
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Waits until the other end has read everything.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_flush(
    pipe: *mut cabotage_pipe,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        unsafe { on(pipe, |end| end.end.flush(patience)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Closes this end: what was sent stays readable for the other.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_pipe_free(pipe: *mut cabotage_pipe) {
    // SAFETY: the caller's word.
    unsafe { free(pipe) }
}
