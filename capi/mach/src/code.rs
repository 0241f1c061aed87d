// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers that calls answer, and how errors of the Rust libraries become them.
//!
//! # Source
//! XNU, osfmk/mach/kern_return.h, osfmk/mach/message.h.

use cabotage_mach::{KernError, TaskError};
use cabotage_os::{Errno, SystemError};

/// `kern_return_t`, `mach_msg_return_t`: 0 is success.
pub(crate) type Code = i32;

pub(crate) const SUCCESS: Code = 0;
pub(crate) const INVALID_ADDRESS: Code = 1;
pub(crate) const PROTECTION_FAILURE: Code = 2;
pub(crate) const NO_SPACE: Code = 3;
pub(crate) const INVALID_ARGUMENT: Code = 4;
pub(crate) const FAILURE: Code = 5;
pub(crate) const RESOURCE_SHORTAGE: Code = 6;
pub(crate) const INVALID_TASK: Code = 16;
pub(crate) const INVALID_RIGHT: Code = 17;
pub(crate) const INVALID_VALUE: Code = 18;
pub(crate) const INVALID_CAPABILITY: Code = 20;
pub(crate) const INVALID_OBJECT: Code = 29;
pub(crate) const NOT_SUPPORTED: Code = 46;

pub(crate) const SEND_INVALID_DEST: Code = 0x1000_0003;
pub(crate) const SEND_INVALID_VOUCHER: Code = 0x1000_0005;
pub(crate) const SEND_TIMED_OUT: Code = 0x1000_0004;
pub(crate) const SEND_INTERRUPTED: Code = 0x1000_0007;
pub(crate) const SEND_MSG_TOO_SMALL: Code = 0x1000_0008;
pub(crate) const SEND_INVALID_MEMORY: Code = 0x1000_000c;
pub(crate) const SEND_NO_BUFFER: Code = 0x1000_000d;
pub(crate) const SEND_TOO_LARGE: Code = 0x1000_000e;
pub(crate) const SEND_INVALID_TYPE: Code = 0x1000_000f;
pub(crate) const SEND_INVALID_HEADER: Code = 0x1000_0010;
pub(crate) const SEND_INVALID_TRAILER: Code = 0x1000_0011;
pub(crate) const RCV_TOO_LARGE: Code = 0x1000_4004;
pub(crate) const RCV_INVALID_DATA: Code = 0x1000_4008;
pub(crate) const RCV_BODY_ERROR: Code = 0x1000_400c;
pub(crate) const RCV_INVALID_TRAILER: Code = 0x1000_400f;
/// No name was left for a right.
pub(crate) const IPC_SPACE: Code = 0x2000;
/// No room was left for memory.
pub(crate) const VM_SPACE: Code = 0x1000;

pub(crate) const MIG_REPLY_MISMATCH: Code = -301;
pub(crate) const MIG_NO_REPLY: Code = -305;
pub(crate) const MIG_SERVER_DIED: Code = -308;

/// The number of a code that messages give; all of them are below 2^31.
pub(crate) fn signed(code: u32) -> Code {
    code.cast_signed()
}

pub(crate) fn of_kern(error: KernError) -> Code {
    error.code()
}

/// What a call on another task's port says.
pub(crate) fn of_task(error: TaskError) -> Code {
    match error {
        TaskError::Refused(error) => error.code(),
        TaskError::BadAnswer => MIG_REPLY_MISMATCH,
        _ => MIG_SERVER_DIED,
    }
}

/// What the system's refusal about pages means to Mach.
pub(crate) fn of_pages(error: &SystemError) -> Code {
    match error.errno() {
        Errno::EXIST => NO_SPACE,
        Errno::ACCESS | Errno::PERM => PROTECTION_FAILURE,
        Errno::NOMEM if error.call() == "mmap" => NO_SPACE,
        Errno::NOMEM => INVALID_ADDRESS,
        Errno::INVAL => INVALID_ARGUMENT,
        _ => RESOURCE_SHORTAGE,
    }
}
