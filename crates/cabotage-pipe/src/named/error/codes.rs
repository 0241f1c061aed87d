// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers by which Windows knows the errors: one pair for each, the Win32 code and the NTSTATUS.
//!
//! Two answers of ours may have one code, since Windows says one code in several situations; then the sentence tells
//! them apart.

use cabotage_os::{Errno, SystemError};

use super::PipeError;

impl PipeError {
    /// The Win32 code (`GetLastError`).
    pub fn code(&self) -> u32 {
        self.numbers().0
    }

    /// The NTSTATUS.
    pub fn status(&self) -> u32 {
        self.numbers().1
    }

    fn numbers(&self) -> (u32, u32) {
        match self {
            Self::Listening => (536, 0xC000_00B3),
            Self::AlreadyConnected => (535, 0xC000_00B2),
            Self::Disconnected => (233, 0xC000_00B0),
            Self::Closing => (232, 0xC000_00B1),
            Self::Empty => (232, 0xC000_00D9),
            Self::Broken | Self::Peer(_) => (109, 0xC000_014B),
            Self::AllBusy => (231, 0xC000_00AC),
            Self::TooManyInstances { .. } => (231, 0xC000_00AB),
            Self::UnreadData => (231, 0xC000_00AE),
            Self::InvalidState => (230, 0xC000_00AD),
            Self::InvalidReadMode => (230, 0xC000_00B4),
            Self::MoreData { .. } => (234, 0x8000_0005),
            Self::TimedOut => (121, 0xC000_00B5),
            Self::NotFound => (2, 0xC000_0034),
            Self::AccessDenied(_) => (5, 0xC000_0022),
            Self::InvalidParameter(_) => (87, 0xC000_000D),
            Self::InvalidName(_) => (123, 0xC000_0033),
            Self::PathNotFound => (3, 0xC000_003A),
            Self::ServerOnly => (1, 0xC000_00AF),
            Self::NoClient | Self::NothingToCancel => (1168, 0xC000_0225),
            Self::Cancelled => (995, 0xC000_0120),
            Self::Incomplete => (996, 0x0000_0103),
            Self::CannotImpersonate => (1368, 0xC000_010D),
            Self::Forked => (6, 0xC000_0008),
            Self::Reactor(_) => (31, 0xC000_0001),
            Self::System(refusal) => numbers_of(refusal),
        }
    }
}

/// What Windows says when it is short of the same thing.
fn numbers_of(refusal: &SystemError) -> (u32, u32) {
    match refusal.errno() {
        Errno::MFILE | Errno::NFILE => (4, 0xC000_011F),
        Errno::NOMEM => (8, 0xC000_0017),
        Errno::NOSPC | Errno::DQUOT => (112, 0xC000_007F),
        Errno::ACCESS | Errno::PERM => (5, 0xC000_0022),
        Errno::NOENT => (2, 0xC000_0034),
        _ => (31, 0xC000_0001),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::error::{Denial, Mistake, NameProblem};

    /// The pairs of section 2.1 of the rules, and whose variant each is.
    const PAIRS: &[(PipeError, u32, u32)] = &[
        (PipeError::Listening, 536, 0xC000_00B3),
        (PipeError::AlreadyConnected, 535, 0xC000_00B2),
        (PipeError::Disconnected, 233, 0xC000_00B0),
        (PipeError::Closing, 232, 0xC000_00B1),
        (PipeError::Empty, 232, 0xC000_00D9),
        (PipeError::Broken, 109, 0xC000_014B),
        (PipeError::AllBusy, 231, 0xC000_00AC),
        (PipeError::TooManyInstances { max: 3 }, 231, 0xC000_00AB),
        (PipeError::UnreadData, 231, 0xC000_00AE),
        (PipeError::InvalidState, 230, 0xC000_00AD),
        (PipeError::InvalidReadMode, 230, 0xC000_00B4),
        (PipeError::MoreData { got_bytes: 5 }, 234, 0x8000_0005),
        (PipeError::TimedOut, 121, 0xC000_00B5),
        (PipeError::CannotImpersonate, 1368, 0xC000_010D),
        (PipeError::Cancelled, 995, 0xC000_0120),
        (PipeError::Incomplete, 996, 0x0000_0103),
        (PipeError::ServerOnly, 1, 0xC000_00AF),
        (PipeError::NothingToCancel, 1168, 0xC000_0225),
        (PipeError::NoClient, 1168, 0xC000_0225),
        (PipeError::NotFound, 2, 0xC000_0034),
        (PipeError::PathNotFound, 3, 0xC000_003A),
        (PipeError::AccessDenied(Denial::NotFirst), 5, 0xC000_0022),
        (PipeError::InvalidParameter(Mistake::NoDirection), 87, 0xC000_000D),
        (PipeError::InvalidName(NameProblem::Prefix), 123, 0xC000_0033),
        (PipeError::Forked, 6, 0xC000_0008),
    ];

    #[test]
    fn each_error_has_its_code_and_its_status() {
        for (error, code, status) in PAIRS {
            assert_eq!((error.code(), error.status()), (*code, *status), "{error}");
        }
    }

    #[test]
    fn each_error_says_something_of_its_own() {
        let mut sentences: Vec<String> = PAIRS.iter().map(|(error, ..)| error.to_string()).collect();
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), PAIRS.len());
    }

    #[test]
    fn a_refusal_of_the_kernel_has_the_code_that_fits_it() {
        let code = |errno| PipeError::System(SystemError::new("socket", "a pipe", errno)).code();
        assert_eq!([Errno::MFILE, Errno::NOMEM, Errno::NOSPC].map(code), [4, 8, 112]);
        assert_eq!([Errno::ACCESS, Errno::IO].map(code), [5, 31]);
    }
}
