// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach ports: a service under a name, senders, questions and answers. libcabotage-mach has all of Mach.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::AsRawFd;

use cabotage::mach::{self, Message, Outgoing, ReceiveRight, SendRight};

use crate::border::{
    Handle, Place, bytes_at, cabotage_error, call, deadline, free, give, give_if_any, on, prepare_wait,
    receive_at, room_at, take, tell, text,
};
use crate::failure::{Code, Failure};
use crate::kept::Kept;

/// The receive right of a port.
pub type cabotage_port = Handle<Kept<ReceiveRight, Message>>;
/// A send right.
pub type cabotage_sender = Handle<SendRight>;
/// A message that wants an answer.
pub type cabotage_question = Handle<Message>;

/// Publishes a service of this name; its messages come here.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_port_check_in(
    name: *const c_char,
    port: *mut *mut cabotage_port,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = mach::check_in(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(port, Kept::new(made)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Receives the next message; what does not fit stays. Whoever asked waits for an answer to `question`, which is null of a message that wants none.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_port_receive(
    port: *mut cabotage_port,
    buffer: *mut c_void,
    capacity: usize,
    bytes: *mut usize,
    patience: i64,
    question: *mut *mut cabotage_question,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let to = Place { buffer, capacity, bytes };
        let receive = |end: &mut ReceiveRight| {
            let message = end.receive_within(deadline(patience))?;
            Ok((message.body().to_vec(), message))
        };
        // SAFETY: the caller's word.
        let message = unsafe { receive_at(port, to, receive) }?;
        let asked = message.reply_right().kind().is_some().then_some(message);
        // SAFETY: the caller's word. Without a place for it the message is let go of, and its asker told.
        unsafe { give_if_any(question, asked) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Arranges for its descriptor to become readable when there is something.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_port_prepare_wait(
    port: *mut cabotage_port,
    descriptor: *mut c_int,
    is_ready: *mut c_int,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        let number = |end: &ReceiveRight| Ok(end.descriptor()?.as_raw_fd());
        // SAFETY: the caller's word.
        unsafe { prepare_wait(port, (descriptor, is_ready), |end| Ok(end.ready()?), number) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Destroys the port: senders are told.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_port_free(port: *mut cabotage_port) {
    // SAFETY: the caller's word.
    unsafe { free(port) }
}

/// Answers, and frees the handle.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_question_answer(
    question: *mut cabotage_question,
    data: *const c_void,
    bytes: usize,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        let taken = unsafe { take(question) };
        let mut asked = taken.ok_or_else(|| Failure::new(Code::Invalid, "the handle is null or none"))?;
        Ok(asked.reply(Outgoing::new(0).body(data))?)
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Lets go of a question without an answer, of which its asker is told.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_question_free(question: *mut cabotage_question) {
    // SAFETY: the caller's word.
    unsafe { free(question) }
}

/// A send right to the service of this name.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_sender_look_up(
    name: *const c_char,
    sender: *mut *mut cabotage_sender,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let made = mach::look_up(unsafe { text(name) }?)?;
        // SAFETY: the caller's word.
        unsafe { give(sender, made) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Sends a message; waits while the queue is full.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_sender_send(
    sender: *mut cabotage_sender,
    data: *const c_void,
    bytes: usize,
    patience: i64,
    error: *mut *mut cabotage_error,
) -> c_int {
    let body = || {
        // SAFETY: the caller's word.
        let data = unsafe { bytes_at(data, bytes) }?;
        // SAFETY: the caller's word.
        unsafe { on(sender, |end| Ok(end.send_within(Outgoing::new(0).body(data), deadline(patience))?)) }
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Asks, and waits for the answer; one that does not fit is lost, and CABOTAGE_TOO_SMALL answered.
///
/// # Safety
/// As `cabotage.h` says: each pointer is null or points to what it names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_sender_request(
    sender: *mut cabotage_sender,
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
        // SAFETY: the caller's word.
        let asked = unsafe {
            on(sender, |end| Ok(end.request_within(Outgoing::new(0).body(data), deadline(patience))?))
        };
        let answer = asked?;
        let body = answer.body();
        // SAFETY: the caller's word.
        unsafe { tell(answer_bytes, body.len()) };
        let small = || Failure::new(Code::TooSmall, format!("the answer has {} bytes", body.len()));
        room.get_mut(..body.len()).ok_or_else(small)?.copy_from_slice(body);
        Ok(())
    };
    // SAFETY: the caller's word.
    unsafe { call(error, body) }
}

/// Gives the right back.
///
/// # Safety
/// As `cabotage.h` says: it came from a call of this library, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cabotage_sender_free(sender: *mut cabotage_sender) {
    // SAFETY: the caller's word.
    unsafe { free(sender) }
}
