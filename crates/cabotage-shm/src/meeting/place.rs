// SPDX-License-Identifier: MIT OR Apache-2.0
//! A place that one process holds at a time: a lock on an object, which the kernel drops when its holder dies.
//!
//! The lock is the truth about who lives, under reuse of pids and in every pid namespace. It belongs to one opening
//! of the file, which no forked child keeps a copy of.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{self, Lock, LockError, Range, Sharing};
use cabotage_os::{Deadline, Errno, SystemError};

/// The byte that is locked; the rest of the file is free for other locks.
const BYTE: Range = Range { start: 0, bytes: 1 };

/// A place that this process holds until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Lock<SoleFd>);

impl Place {
    /// Takes the place of an object that was opened for writing; `None` if another holds it.
    pub(crate) fn take(object: SoleFd) -> Result<Option<Self>, SystemError> {
        match Lock::range(object, Sharing::Exclusive, BYTE, Deadline::Now) {
            Ok(lock) => Ok(Some(Self(lock))),
            Err(LockError::System { source, .. }) => Err(source),
            Err(_) => Ok(None),
        }
    }
}

impl AsFd for Place {
    /// The object.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.file().as_fd()
    }
}

/// One of many places in the roster of a topic, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat<F: AsFd> {
    lock: Lock<F>,
    number: u32,
}

impl<F: AsFd> Seat<F> {
    /// Takes the first of these places that nobody holds; the object back if all are held.
    pub(crate) fn take(
        object: F,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<Result<Self, F>, SystemError> {
        let mut object = object;
        for number in numbers {
            let byte = byte_of(number);
            match Lock::range(object, Sharing::Exclusive, byte, Deadline::Now) {
                Ok(lock) => return Ok(Ok(Self { lock, number })),
                Err(LockError::System { source, .. }) => return Err(source),
                Err(LockError::Held { file, .. }) => object = file,
                Err(_) => return Err(SystemError::new("fcntl", "a place of a roster", Errno::NOLCK)),
            }
        }
        Ok(Err(object))
    }

    /// Which place it is.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl<F: AsFd> AsFd for Seat<F> {
    /// The object.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lock.file().as_fd()
    }
}

fn byte_of(number: u32) -> Range {
    Range { start: BYTE.start + BYTE.bytes + u64::from(number), bytes: 1 }
}

/// How many of the first `numbers` places of a roster others hold, now.
pub(crate) fn taken_seats(object: impl AsFd, numbers: u32) -> Result<u32, SystemError> {
    let mut taken = 0;
    for number in 0..numbers {
        taken += u32::from(lock::conflict(&object, Sharing::Exclusive, byte_of(number))?.is_some());
    }
    Ok(taken)
}

/// Whether another holds the place of this object, now.
pub(crate) fn is_taken(object: impl AsFd) -> Result<bool, SystemError> {
    Ok(lock::conflict(object, Sharing::Exclusive, BYTE)?.is_some())
}
