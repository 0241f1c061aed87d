// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a call failed, by the two numbers that Windows has for it: the Win32 code that `GetLastError` gives, and the
//! NTSTATUS that stands in an `OVERLAPPED`.

use cabotage_os::SystemError;
use cabotage_pipe::named::{PipeError, WriteError};
use cabotage_pipe::windows;

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u32,
    pub(crate) status: u32,
}

pub(crate) type Answer<T> = Result<T, Failure>;

/// The status of what went well.
pub(crate) const SUCCESS: u32 = 0;
/// The status of what is under way (`STATUS_PENDING`).
pub(crate) const PENDING: u32 = 0x0000_0103;
/// The status of a read that left the rest of a message (`STATUS_BUFFER_OVERFLOW`).
pub(crate) const MORE_DATA: u32 = 0x8000_0005;

macro_rules! failures {
    ($($name:ident = $code:literal, $status:literal;)+) => {
        impl Failure {
            $(pub(crate) const $name: Self = Self { code: $code, status: $status };)+
        }

        /// Each status that this library gives, and its code.
        const PAIRS: &[Failure] = &[$(Failure::$name),+];
    };
}

failures! {
    INVALID_FUNCTION = 1, 0xC000_0010;
    FILE_NOT_FOUND = 2, 0xC000_0034;
    PATH_NOT_FOUND = 3, 0xC000_003A;
    TOO_MANY_OPEN_FILES = 4, 0xC000_011F;
    ACCESS_DENIED = 5, 0xC000_0022;
    INVALID_HANDLE = 6, 0xC000_0008;
    NOT_ENOUGH_MEMORY = 8, 0xC000_0017;
    BAD_FORMAT = 193, 0xC000_007B;
    BAD_LENGTH = 24, 0xC000_0004;
    GEN_FAILURE = 31, 0xC000_0001;
    NOT_SUPPORTED = 50, 0xC000_00BB;
    BAD_NETPATH = 53, 0xC000_00BE;
    INVALID_PARAMETER = 87, 0xC000_000D;
    BROKEN_PIPE = 109, 0xC000_014B;
    DISK_FULL = 112, 0xC000_007F;
    INSUFFICIENT_BUFFER = 122, 0xC000_0023;
    SEM_TIMEOUT = 121, 0xC000_00B5;
    INVALID_NAME = 123, 0xC000_0033;
    BAD_PIPE = 230, 0xC000_00AD;
    INVALID_READ_MODE = 230, 0xC000_00B4;
    PIPE_BUSY = 231, 0xC000_00AE;
    ALL_BUSY = 231, 0xC000_00AC;
    NO_INSTANCE = 231, 0xC000_00AB;
    NO_DATA = 232, 0xC000_00B1;
    PIPE_EMPTY = 232, 0xC000_00D9;
    PIPE_NOT_CONNECTED = 233, 0xC000_00B0;
    WAIT_TIMEOUT = 258, 0x0000_0102;
    PIPE_CONNECTED = 535, 0xC000_00B2;
    PIPE_LISTENING = 536, 0xC000_00B3;
    OBJECT_NAME_EXISTS = 698, 0x4000_0000;
    ABANDONED_WAIT = 735, 0x0000_0080;
    OPERATION_ABORTED = 995, 0xC000_0120;
    IO_INCOMPLETE = 996, 0xC000_0016;
    IO_PENDING = 997, 0x0000_0103;
    SERVER_ONLY = 1, 0xC000_00AF;
    NOT_FOUND = 1168, 0xC000_0225;
    PRIVILEGE_NOT_HELD = 1314, 0xC000_0061;
    CANNOT_IMPERSONATE = 1368, 0xC000_010D;
}

/// `ERROR_PIPE_LOCAL`, which no operation ends with.
pub(crate) const PIPE_LOCAL: Failure = Failure { code: 229, status: 0xC000_0001 };

/// `WAIT_IO_COMPLETION`, which `GetLastError` says after a wait that an APC has ended; it has no NTSTATUS that fails.
pub(crate) const WAIT_IO_COMPLETION: Failure = Failure { code: 0xC0, status: 0x0000_00C0 };

/// What an operation came to: an NTSTATUS, and how many bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: u32,
    pub(crate) bytes: usize,
}

impl Outcome {
    pub(crate) fn done(bytes: usize) -> Self {
        Self { status: SUCCESS, bytes }
    }

    pub(crate) fn failed(failure: Failure) -> Self {
        Self { status: failure.status, bytes: 0 }
    }

    /// The Win32 code: 0 for success.
    pub(crate) fn code(self) -> u32 {
        match self.status {
            SUCCESS => 0,
            MORE_DATA => 234,
            status => PAIRS
                .iter()
                .find(|pair| pair.status == status)
                .map_or(Failure::GEN_FAILURE.code, |pair| pair.code),
        }
    }

    /// How many bytes, or why not; that more is left counts as a failure here, as it does for Win32.
    pub(crate) fn answer(self) -> Answer<usize> {
        match self.code() {
            0 => Ok(self.bytes),
            code => Err(Failure { code, status: self.status }),
        }
    }
}

impl From<Answer<usize>> for Outcome {
    fn from(answer: Answer<usize>) -> Self {
        answer.map_or_else(Self::failed, Self::done)
    }
}

impl From<PipeError> for Failure {
    fn from(error: PipeError) -> Self {
        Self { code: error.code(), status: error.status() }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        error.source.into()
    }
}

impl From<SystemError> for Failure {
    fn from(refusal: SystemError) -> Self {
        PipeError::System(refusal).into()
    }
}

impl From<windows::ReadError> for Failure {
    fn from(error: windows::ReadError) -> Self {
        match error {
            windows::ReadError::Broken => Self::BROKEN_PIPE,
            windows::ReadError::Empty => Self::PIPE_EMPTY,
            windows::ReadError::TimedOut => Self::SEM_TIMEOUT,
            windows::ReadError::System(refusal) => refusal.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_leads_back_to_its_code() {
        for pair in PAIRS {
            assert_eq!(Outcome::failed(*pair).code(), pair.code, "{:#x}", pair.status);
        }
        assert_eq!(Outcome { status: MORE_DATA, bytes: 3 }.answer().unwrap_err().code, 234);
        assert_eq!(Outcome::done(3).answer(), Ok(3));
    }

    #[test]
    fn no_status_stands_for_two_codes() {
        for (at, one) in PAIRS.iter().enumerate() {
            assert!(PAIRS[at + 1..].iter().all(|two| two.status != one.status), "{:#x}", one.status);
        }
    }
}
