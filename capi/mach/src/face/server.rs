// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_msg_server`: the loop of a server that MIG generated.
//!
//! # Source
//! XNU, libsyscall/mach/mach_msg.c.

use cabotage_c_support::border;
use cabotage_mach::{Name, Names};
use cabotage_os::pages::Word;

use super::message::destroy;
use crate::code::{
    Code, FAILURE, MIG_NO_REPLY, RCV_TOO_LARGE, RESOURCE_SHORTAGE, SEND_INTERRUPTED, SEND_INVALID_DEST,
    SEND_TIMED_OUT, SUCCESS,
};
use crate::exchange::{self, RCV_LARGE, RCV_MSG, SEND_MSG, SEND_TIMEOUT};
use crate::here::names;
use crate::message::{HEADER_BYTES, Header, number_at, put};

/// Makes an answer to a message; says whether it knows such messages.
///
/// # Safety
/// It keeps to the two buffers.
type Demux = unsafe extern "C" fn(*mut u8, *mut u8) -> i32;

/// The longest trailer, for which room is added to what the server says.
const TRAILER_BYTES_MAX: usize = 68;
/// `MACH_MSG_TYPE_MOVE_SEND_ONCE`
const SEND_ONCE: u32 = 18;
/// Where an answer that is not complex says how the call went.
const RESULT_AT: usize = 32;

/// See mach/mach.h.
///
/// # Safety
/// `demux` answers in the second buffer, which has `max_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_server(
    demux: Option<Demux>,
    max_size: u32,
    port: u32,
    options: i32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { serve(demux, max_size, port, options, false) }
}

/// See mach/mach.h.
///
/// # Safety
/// As [`mach_msg_server`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_server_once(
    demux: Option<Demux>,
    max_size: u32,
    port: u32,
    options: i32,
) -> Code {
    // SAFETY: the caller's word.
    unsafe { serve(demux, max_size, port, options, true) }
}

unsafe fn serve(demux: Option<Demux>, max_size: u32, port: u32, options: i32, is_once: bool) -> Code {
    border::call(FAILURE, || {
        let Some(demux) = demux else { return FAILURE };
        // SAFETY: the caller's word for memory that messages bring and take away.
        let word = unsafe { Word::given() };
        let server =
            names().map(|names| Server::new(word, names, max_size as usize, port, options.cast_unsigned()));
        let mut server = match server {
            Ok(server) => server,
            Err(error) => return error,
        };
        loop {
            let turn = server.receive().and_then(|()| {
                // SAFETY: the caller's word: the function fits these buffers.
                unsafe { demux(server.request.start(), server.answer.start()) };
                server.answer_it()
            });
            match turn {
                Err(error) => return error,
                Ok(()) if is_once => return SUCCESS,
                Ok(()) => {}
            }
        }
    })
}

/// A server between two messages.
struct Server {
    word: Word,
    names: Names,
    port: u32,
    options: u32,
    request: Buffer,
    answer: Buffer,
}

impl Server {
    fn new(word: Word, names: Names, max_size: usize, port: u32, options: u32) -> Self {
        let options = options & !(SEND_MSG | RCV_MSG);
        let bytes = max_size.max(HEADER_BYTES) + TRAILER_BYTES_MAX;
        Self { word, names, port, options, request: Buffer::of(bytes), answer: Buffer::of(bytes) }
    }

    /// Waits for a message. If the server wants large ones, it gets the room.
    fn receive(&mut self) -> Result<(), Code> {
        loop {
            let bytes = self.request.bytes();
            let limit = bytes.len();
            let options = self.options | RCV_MSG;
            match exchange::receive(self.names, bytes, limit, self.port, options, 0) {
                SUCCESS => {
                    self.answer.bytes().fill(0);
                    return Ok(());
                }
                RCV_TOO_LARGE if self.options & RCV_LARGE != 0 => {
                    let needed = number_at(self.request.bytes(), 4) as usize + TRAILER_BYTES_MAX;
                    if needed <= limit {
                        return Err(RESOURCE_SHORTAGE);
                    }
                    self.request = Buffer::of(needed);
                    self.answer = Buffer::of(needed);
                }
                error => return Err(error),
            }
        }
    }

    /// Sends the answer, if there is one, and gives back what the server has not taken out of the message.
    fn answer_it(&mut self) -> Result<(), Code> {
        self.see_result();
        let bytes = self.answer.bytes();
        let Some(header) = Header::read(bytes) else { return Ok(()) };
        let size = (number_at(bytes, 4) as usize).min(bytes.len());
        let message = &mut bytes[..size];
        if header.remote == Name::NULL.as_raw() {
            if header.is_complex() {
                destroy(self.word, self.names, message);
            }
            return Ok(());
        }
        // A client that takes no answers must not hold the server up; by a send-once right there is always room.
        let options = if header.remote_number() == SEND_ONCE { SEND_MSG } else { SEND_MSG | SEND_TIMEOUT };
        match exchange::send(self.word, self.names, message, options, 0) {
            SUCCESS => Ok(()),
            SEND_INVALID_DEST | SEND_TIMED_OUT | SEND_INTERRUPTED => {
                destroy(self.word, self.names, message);
                Ok(())
            }
            error => Err(error),
        }
    }

    /// An answer that says that there is none is not sent; with one that says that the call has failed, the server has
    /// taken nothing.
    fn see_result(&mut self) {
        let answer = self.answer.bytes();
        if Header::read(answer).is_none_or(|header| header.is_complex()) {
            return;
        }
        match number_at(answer, RESULT_AT).cast_signed() {
            SUCCESS => {}
            MIG_NO_REPLY => put(answer, 8, &[0; 4]),
            _ => {
                let request = self.request.bytes();
                let size = (number_at(request, 4) as usize).min(request.len());
                if Header::read(request).is_some_and(|header| header.is_complex()) {
                    // The right to answer by stays: the answer goes by it.
                    put(request, 8, &[0; 4]);
                    destroy(self.word, self.names, &request[..size]);
                }
            }
        }
    }
}

/// Bytes at a multiple of eight, as C's structures want them.
struct Buffer(Vec<u64>, usize);

impl Buffer {
    fn of(bytes: usize) -> Self {
        Self(vec![0; bytes.div_ceil(8)], bytes)
    }

    fn start(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes lie in the vector, and any of them may be anything.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.1) }
    }
}
