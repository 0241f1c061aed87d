// SPDX-License-Identifier: MIT OR Apache-2.0
//! Results in words: `mach_error_string`. Each begins with the part of the system that gives it.

use std::ffi::CStr;

use crate::code::Code;

/// What a result means.
pub(crate) fn of(code: Code) -> &'static CStr {
    let base = if code & !0x7fff == 0x1000_0000 { code & !0x3c00 } else { code };
    of_call(base)
        .or_else(|| of_send(base))
        .or_else(|| of_receive(base))
        .or_else(|| of_stub(base))
        .or_else(|| crate::services::word(base))
        .unwrap_or(c"unknown error code")
}

/// Which part of the system gives it.
pub(crate) fn part(code: Code) -> &'static CStr {
    match code {
        0x1000_0000..=0x1000_3fff => c"(ipc/send)",
        0x1000_4000..=0x1000_7fff => c"(ipc/rcv)",
        -309..=-300 => c"(ipc/mig)",
        1100..=1106 => c"(ipc/bootstrap)",
        0..=0x100 => c"(os/kern)",
        _ => c"(?/?)",
    }
}

fn of_call(code: Code) -> Option<&'static CStr> {
    Some(match code {
        0 => c"(os/kern) successful",
        1 => c"(os/kern) no memory is at this address",
        2 => c"(os/kern) the memory may not be used like this",
        3 => c"(os/kern) no room, or no name, is left",
        4 => c"(os/kern) an argument is wrong",
        5 => c"(os/kern) failure",
        6 => c"(os/kern) resources are short",
        7 => c"(os/kern) not the receiver",
        8 => c"(os/kern) no access",
        9 => c"(os/kern) the memory has failed",
        10 => c"(os/kern) the memory object has failed",
        11 => c"(os/kern) already in the set",
        12 => c"(os/kern) not in the set",
        13 => c"(os/kern) the name is in use",
        14 => c"(os/kern) broken off",
        15 => c"(os/kern) no such name",
        16 => c"(os/kern) no such task",
        17 => c"(os/kern) the wrong kind of right",
        18 => c"(os/kern) a value is out of range",
        19 => c"(os/kern) too many references",
        20 => c"(os/kern) the right is null, dead or not to be had",
        21 => c"(os/kern) the right is there under another name",
        22 => c"(os/kern) no such host",
        29 => c"(os/kern) the wrong kind of object",
        37 => c"(os/kern) it has ended",
        46 => c"(os/kern) not to be had here",
        49 => c"(os/kern) the time has passed",
        52 => c"(os/kern) the room is too small",
        53 => c"(os/kern) denied",
        56 => c"(os/kern) not found",
        _ => return None,
    })
}

fn of_send(code: Code) -> Option<&'static CStr> {
    Some(match code - 0x1000_0000 {
        0x1 => c"(ipc/send) sending still",
        0x2 => c"(ipc/send) the message cannot be read",
        0x3 => c"(ipc/send) the destination is no right to send, or dead",
        0x4 => c"(ipc/send) the queue was full all the time",
        0x5 => c"(ipc/send) there are no vouchers",
        0x6 => c"(ipc/send) a message of this task is beyond the queue's limit already",
        0x7 => c"(ipc/send) the wait was broken off",
        0x8 => c"(ipc/send) the message is smaller than it says, or no multiple of 4",
        0x9 => c"(ipc/send) the reply port is no right that could be given",
        0xa => c"(ipc/send) a right in the body is none that could be given",
        0xb => c"(ipc/send) the port to be told by is not received from",
        0xc => c"(ipc/send) no memory is where a descriptor says",
        0xd => c"(ipc/send) no room for the message",
        0xe => c"(ipc/send) the message is too large",
        0xf => c"(ipc/send) a descriptor or disposition that does not exist",
        0x10 => c"(ipc/send) the header is wrong",
        0x11 => c"(ipc/send) a sender may give no trailer",
        0x12 => c"(ipc/send) the guard of a port is another",
        0x13 => c"(ipc/send) these options do not go together",
        _ => return None,
    })
}

fn of_receive(code: Code) -> Option<&'static CStr> {
    Some(match code - 0x1000_4000 {
        0x1 => c"(ipc/rcv) receiving still",
        0x2 => c"(ipc/rcv) the name is neither of a port to receive from nor of a set",
        0x3 => c"(ipc/rcv) no message came in time",
        0x4 => c"(ipc/rcv) the message is larger than the room for it",
        0x5 => c"(ipc/rcv) the wait was broken off",
        0x6 => c"(ipc/rcv) the port has died or gone away, or the set has",
        0x7 => c"(ipc/rcv) the port to be told by is wrong",
        0x8 => c"(ipc/rcv) there is no room at this address",
        0x9 => c"(ipc/rcv) the port has died",
        0xa => c"(ipc/rcv) the port is in a set",
        0xb => c"(ipc/rcv) the reply right is lost",
        0xc => c"(ipc/rcv) something of the body is lost",
        0xf => c"(ipc/rcv) there is no such trailer",
        _ => return None,
    })
}

fn of_stub(code: Code) -> Option<&'static CStr> {
    Some(match code {
        -300 => c"(ipc/mig) the client's arguments have other types",
        -301 => c"(ipc/mig) the answer is to another question",
        -302 => c"(ipc/mig) the server has found a fault",
        -303 => c"(ipc/mig) no routine has this number",
        -304 => c"(ipc/mig) the server's arguments have other types",
        -305 => c"(ipc/mig) no answer is to be sent",
        -306 => c"(ipc/mig) an exception in the server",
        -307 => c"(ipc/mig) the array is too large",
        -308 => c"(ipc/mig) the server has died",
        -309 => c"(ipc/mig) the trailer is of another kind",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_words_of_its_part_and_unknown_ones_say_so() {
        for code in [0, 5, 20, 0x1000_0003, 0x1000_4003, -308, 1102] {
            assert_ne!(of(code), c"unknown error code", "{code:#x}");
        }
        assert!(of(0x1000_0003).to_str().is_ok_and(|words| words.starts_with("(ipc/send)")));
        assert_eq!((part(0x1000_4003), part(-301), part(4)), (c"(ipc/rcv)", c"(ipc/mig)", c"(os/kern)"));
        assert_eq!(of(0x1000_400c | 0x2000), of(0x1000_400c), "bits that say what was short");
        assert_eq!(of(0x7777_7777), c"unknown error code");
    }
}
