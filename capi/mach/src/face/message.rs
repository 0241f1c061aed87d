// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_msg` and its kin.

use cabotage_c_support::{border, pointers};
use cabotage_mach::{Disposition, Name, Names, Right};
use cabotage_os::pages::{self, Word};

use crate::code::{Code, FAILURE, RCV_INVALID_DATA, SEND_MSG_TOO_SMALL, SUCCESS};
use crate::exchange::{self, RCV_MSG, SEND_MSG};
use crate::here::names;
use crate::memory;
use crate::message::{Descriptor, HEADER_BYTES, Header, number_at};

/// See mach/message.h.
///
/// # Safety
/// `message` leads to `send_size` bytes if it is sent, and to `receive_size` if something is received.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg(
    message: *mut u8,
    option: i32,
    send_size: u32,
    receive_size: u32,
    receive_name: u32,
    timeout: u32,
    notify: u32,
) -> Code {
    let null = std::ptr::null_mut();
    // SAFETY: the caller's word.
    unsafe {
        mach_msg_overwrite(message, option, send_size, receive_size, receive_name, timeout, notify, null, 0)
    }
}

/// See mach/message.h.
///
/// # Safety
/// As [`mach_msg`]; if `receive` is not null, that is where `receive_size` bytes are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_overwrite(
    message: *mut u8,
    option: i32,
    send_size: u32,
    receive_size: u32,
    receive_name: u32,
    timeout: u32,
    _notify: u32,
    receive: *mut u8,
    _receive_limit: u32,
) -> Code {
    border::call(FAILURE, || {
        let option = option.cast_unsigned();
        let names = match names() {
            Ok(names) => names,
            Err(error) => return error,
        };
        if option & SEND_MSG != 0 {
            // SAFETY: the caller's word for memory that the message takes away.
            let word = unsafe { Word::given() };
            // SAFETY: the caller's word.
            let bytes = unsafe { pointers::slice_mut(message, send_size as usize) };
            let sent =
                bytes.map_or(SEND_MSG_TOO_SMALL, |bytes| exchange::send(word, names, bytes, option, timeout));
            if sent != SUCCESS {
                return sent;
            }
        }
        if option & RCV_MSG == 0 {
            return SUCCESS;
        }
        let (buffer, limit) = (if receive.is_null() { message } else { receive }, receive_size as usize);
        // SAFETY: the caller's word; what is called a message's header has room for one.
        match unsafe { pointers::slice_mut(buffer, limit.max(HEADER_BYTES)) } {
            Some(bytes) => exchange::receive(names, bytes, limit, receive_name, option, timeout),
            None => RCV_INVALID_DATA,
        }
    })
}

/// See mach/mach.h.
///
/// # Safety
/// `message` leads to a message as long as its header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_send(message: *mut u8) -> Code {
    // SAFETY: the caller's word: there is a header.
    let Some(header) = (unsafe { pointers::slice(message.cast_const(), HEADER_BYTES) }) else {
        return SEND_MSG_TOO_SMALL;
    };
    let size = number_at(header, 4);
    // SAFETY: the caller's word.
    unsafe { mach_msg(message, SEND_MSG.cast_signed(), size, 0, 0, 0, 0) }
}

/// See mach/mach.h.
///
/// # Safety
/// `message` leads to a buffer as long as its header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_receive(message: *mut u8) -> Code {
    // SAFETY: the caller's word: there is a header.
    let Some(header) = (unsafe { pointers::slice(message.cast_const(), HEADER_BYTES) }) else {
        return RCV_INVALID_DATA;
    };
    let (size, port) = (number_at(header, 4), number_at(header, 12));
    // SAFETY: the caller's word.
    unsafe { mach_msg(message, RCV_MSG.cast_signed(), 0, size, port, 0, 0) }
}

/// See mach/mach.h.
///
/// # Safety
/// `message` leads to a message as long as its header says, which was received or came back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_msg_destroy(message: *mut u8) {
    border::call((), || {
        // SAFETY: the caller's word: there is a header.
        let size =
            unsafe { pointers::slice(message.cast_const(), HEADER_BYTES) }.map(|header| number_at(header, 4));
        // SAFETY: the caller's word: the message is as long as it says.
        let bytes = size.and_then(|size| unsafe { pointers::slice(message.cast_const(), size as usize) });
        // SAFETY: the caller's word for memory that the message brought.
        let word = unsafe { Word::given() };
        if let (Some(bytes), Ok(names)) = (bytes, names()) {
            destroy(word, names, bytes);
        }
    });
}

/// Gives back what a message takes along: the right to answer by, and all in the body.
pub(super) fn destroy(word: Word, names: Names, message: &[u8]) {
    let Some(header) = Header::read(message) else { return };
    destroy_right(names, header.remote, header.remote_number());
    if !header.is_complex() {
        return;
    }
    let mut body = &message[HEADER_BYTES..];
    let count = number_at(body, 0);
    body = body.get(4..).unwrap_or_default();
    for _ in 0..count {
        let Ok(descriptor) = Descriptor::read(body) else { return };
        destroy_item(word, names, descriptor);
        body = &body[descriptor.size()..];
    }
}

fn destroy_item(word: Word, names: Names, item: Descriptor) {
    match item {
        Descriptor::Port { name, disposition } | Descriptor::Guarded { name, disposition, .. } => {
            destroy_right(names, name, disposition);
        }
        Descriptor::Memory { address, bytes, deallocate, .. } => {
            give_back(word, address, bytes as usize, deallocate);
        }
        Descriptor::Ports { address, count, disposition, deallocate, .. } => {
            let bytes = count.min(RIGHTS_MAX) as usize * 4;
            let mut array = vec![0; bytes];
            let start = usize::try_from(address).unwrap_or(0);
            if pages::read(start, &mut array) == Ok(true) {
                for at in 0..bytes / 4 {
                    destroy_right(names, number_at(&array, at * 4), disposition);
                }
            }
            give_back(word, address, bytes, deallocate);
        }
    }
}

fn give_back(word: Word, address: u64, bytes: usize, is_ours: bool) {
    if is_ours && let Ok(address) = usize::try_from(address) {
        memory::take_from_sender(word, address, bytes);
    }
}

/// The most rights that a message carries.
const RIGHTS_MAX: u32 = 16_383;

/// One reference less of what was moved; what would have been made is made and destroyed, so that its count is right.
fn destroy_right(names: Names, name: u32, disposition: u32) {
    let name = Name::from_raw(name);
    if !name.is_valid() {
        return;
    }
    let _ = match Disposition::from_raw(disposition) {
        Some(Disposition::MoveSend | Disposition::MoveSendOnce) => names.deallocate(name),
        Some(Disposition::MoveReceive) => names.modify_references(name, Right::Receive, -1),
        Some(disposition @ (Disposition::MakeSend | Disposition::MakeSendOnce)) => {
            names.transfer(name, disposition, names).and_then(|made| names.deallocate(made))
        }
        Some(Disposition::CopySend) | None => Ok(()),
    };
}
