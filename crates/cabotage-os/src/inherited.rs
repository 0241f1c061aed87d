// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking the descriptors that a parent passed to this process, by their numbers.
//!
//! A number is not a proof: it might belong to a file that this program opened itself. But everything that Rust
//! and this crate open is close-on-exec, and what came through execve cannot be. So a descriptor without that mark
//! came from outside; taking it sets the mark, and it cannot be taken twice.

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

use crate::error::{SystemError, attempt};

/// Takes the descriptor that the parent passed under `number`; from now on it is close-on-exec and ours alone.
///
/// # Errors
/// [`InheritedError`].
///
/// # Source
/// execve(2), fcntl(2) `F_GETFD`.
pub fn take(number: RawFd) -> Result<OwnedFd, InheritedError> {
    if number <= 2 {
        return Err(InheritedError::Standard { number });
    }
    let _one_at_a_time = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the number is not -1, and the borrow ends before anything else in this function; a number that
    // stands for nothing is answered with EBADF.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let object = format_args!("descriptor {number}");
    let flags = attempt("fcntl(F_GETFD)", object, || fcntl_getfd(borrowed))?;
    if flags.contains(FdFlags::CLOEXEC) {
        return Err(InheritedError::NotInherited { number });
    }
    attempt("fcntl(F_SETFD)", object, || fcntl_setfd(borrowed, flags | FdFlags::CLOEXEC))?;
    // SAFETY: it is open, and it came through execve, since it was not close-on-exec: no owner is in this process.
    // The mark, looked at and set under one lock, keeps a second call from owning it again.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The inode of the descriptor that a parent passed under `number`, to see whether it is the one that was meant; `None`
/// when nothing has the number.
///
/// # Source
/// fstat(2).
pub fn inode(number: RawFd) -> Option<u64> {
    crate::spawn::inode_at(number)
}

/// Held between the look at the mark and its setting, lest two threads take one descriptor.
static TAKING: Mutex<()> = Mutex::new(());

/// Why a number cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum InheritedError {
    /// Standard input, output and error belong to std.
    #[error("descriptor {number} is no passed one: take 0, 1 and 2 from std::io")]
    Standard {
        /// The number.
        number: RawFd,
    },
    /// This process opened it itself, or has taken it before.
    #[error("descriptor {number} was not passed to this process, or has been taken before")]
    NotInherited {
        /// The number.
        number: RawFd,
    },
    /// The system's refusal; `EBADF` when nothing has the number.
    #[error(transparent)]
    System(#[from] SystemError),
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, IntoRawFd};

    use super::*;
    use crate::seam::Errno;

    /// A descriptor as execve would leave it.
    fn passed() -> RawFd {
        let (reader, _writer) = std::io::pipe().unwrap();
        fcntl_setfd(&reader, FdFlags::empty()).unwrap();
        reader.into_raw_fd()
    }

    #[test]
    fn a_passed_descriptor_can_be_taken_once() {
        let number = passed();
        let taken = take(number).unwrap();
        assert_eq!(fcntl_getfd(&taken).unwrap(), FdFlags::CLOEXEC);
        assert!(matches!(take(number), Err(InheritedError::NotInherited { .. })));
    }

    #[test]
    fn what_this_process_opened_itself_is_not_given_away() {
        let (reader, _writer) = std::io::pipe().unwrap();
        assert!(matches!(take(reader.as_raw_fd()), Err(InheritedError::NotInherited { .. })));
    }

    #[test]
    fn standard_streams_and_numbers_of_nothing_are_refused() {
        assert!(matches!(take(1), Err(InheritedError::Standard { number: 1 })));
        assert!(matches!(take(-1), Err(InheritedError::Standard { number: -1 })));
        let Err(InheritedError::System(refusal)) = take(1_000_000) else { panic!("nothing has that number") };
        assert_eq!(refusal.errno(), Errno::BADF);
    }
}
