// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_msg`: send, receive, or first the one and then the other.
//!
//! # Source
//! XNU, osfmk/ipc/mach_msg.c, libsyscall/mach/mach_msg.c.

use std::time::Duration;

use cabotage_mach::kernel::messages::{Receipt, ReceiveOptions, SendFailed, WhenFull};
use cabotage_mach::{Deadline, NO_NAME_LEFT, Name, Names, SendError};
use cabotage_os::pages::Word;

use crate::code::{Code, RCV_BODY_ERROR, RCV_TOO_LARGE, SEND_INVALID_TRAILER, SUCCESS, signed};
use crate::message::{
    Draft, HEADER_BYTES, come_back, format_asked, head, lay_out, lay_out_bare, put, write_trailer,
};

pub(crate) const SEND_MSG: u32 = 0x1;
pub(crate) const RCV_MSG: u32 = 0x2;
pub(crate) const RCV_LARGE: u32 = 0x4;
pub(crate) const RCV_LARGE_IDENTITY: u32 = 0x8;
pub(crate) const SEND_TIMEOUT: u32 = 0x10;
const SEND_NOTIFY: u32 = 0x80;
const RCV_TIMEOUT: u32 = 0x100;
const SEND_TRAILER: u32 = 0x2_0000;

/// Sends the message in `message`; one that comes back is written there.
pub(crate) fn send(word: Word, names: Names, message: &mut [u8], option: u32, timeout: u32) -> Code {
    if option & SEND_TRAILER != 0 {
        return SEND_INVALID_TRAILER;
    }
    let letter = match head(message) {
        Ok(letter) => letter,
        Err(error) => return error,
    };
    let body = &message[HEADER_BYTES..];
    if option & SEND_NOTIFY == 0 && names.send_body(&letter, body) {
        return SUCCESS;
    }
    let mut draft = match Draft::parse(names, letter, body) {
        Ok(draft) => draft,
        Err(error) => return error,
    };
    let (debts, fault, items) = (draft.take_debts(), draft.fault, draft.letter.items.len());
    let full = if option & SEND_NOTIFY == 0 { WhenFull::GiveBack } else { WhenFull::GiveBackAndTell };
    let failed = match names.send(draft.letter, full, deadline(option & SEND_TIMEOUT, timeout)) {
        Ok(_) => {
            Draft::settle(word, debts, names, items);
            return SUCCESS;
        }
        Err(failed) => *failed,
    };
    let SendFailed { error, letter, rest, right_lost } = failed;
    let code = signed(error.code());
    match letter {
        None => {
            Draft::settle(word, debts, names, items - rest.len());
            // The item that nobody has is the last one.
            fault.filter(|_| rest.len() == 1).unwrap_or(code)
        }
        Some(letter) if has_been_taken(error) => {
            Draft::settle(word, debts, names, items);
            let lost = come_back(names, letter, message);
            code | lost | if right_lost { signed(NO_NAME_LEFT) } else { 0 }
        }
        Some(_) => code,
    }
}

/// Whether a message that comes back had left its sender's space before.
fn has_been_taken(error: SendError) -> bool {
    use SendError::{Interrupted, NoBuffer, NotifyInProgress, TimedOut};
    matches!(error, TimedOut | Interrupted | NoBuffer | NotifyInProgress)
}

/// Receives into `buffer`, of which `limit` bytes may be a message and its trailer; there is room for a header in any
/// case.
pub(crate) fn receive(
    names: Names,
    buffer: &mut [u8],
    limit: usize,
    name: u32,
    option: u32,
    timeout: u32,
) -> Code {
    let trailer = match format_asked(option) {
        Ok(trailer) => trailer,
        Err(error) => return error,
    };
    let options = ReceiveOptions { bytes_max: limit, leave_large: option & RCV_LARGE != 0, trailer };
    let deadline = deadline(option & RCV_TIMEOUT, timeout);
    match names.receive(Name::from_raw(name), &options, deadline) {
        Ok(Receipt::Letter(received)) => {
            let (header, fault) = (received.header, received.fault);
            let (size, lost) = lay_out(names, received, buffer);
            write_trailer(buffer, size, trailer, &header);
            match (fault, lost) {
                (None, SUCCESS) => SUCCESS,
                (fault, lost) => fault.map_or(RCV_BODY_ERROR, |fault| signed(fault.code())) | lost,
            }
        }
        Ok(Receipt::TooLarge { bytes, port }) => {
            put(buffer, 4, &u32::try_from(bytes).unwrap_or(u32::MAX).to_ne_bytes());
            if option & RCV_LARGE_IDENTITY != 0 {
                put(buffer, 12, &port.as_raw().to_ne_bytes());
            }
            RCV_TOO_LARGE
        }
        Ok(Receipt::Destroyed(error, header)) => {
            lay_out_bare(&header, buffer);
            if HEADER_BYTES + trailer.bytes() <= limit {
                write_trailer(buffer, HEADER_BYTES, trailer, &header);
            }
            signed(error.code())
        }
        Ok(Receipt::Nothing) => SUCCESS,
        Err(error) => signed(error.code()),
    }
}

fn deadline(is_given: u32, milliseconds: u32) -> Deadline {
    match (is_given, milliseconds) {
        (0, _) => Deadline::Never,
        (_, 0) => Deadline::Now,
        (_, milliseconds) => Deadline::within(Duration::from_millis(milliseconds.into())),
    }
}
