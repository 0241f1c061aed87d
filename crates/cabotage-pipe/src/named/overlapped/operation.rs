// SPDX-License-Identifier: MIT OR Apache-2.0
//! An operation that was begun, what may come of it, and the steps that an end goes on by.

use std::os::fd::BorrowedFd;

use cabotage_link::Ready;
use cabotage_link::metered::{Begun, Interest, Read, WriteId};

use crate::named::error::{PipeError, WriteError};
use crate::named::rules::State;

/// An operation that was begun: see [`Overlapped`](super::Overlapped). It belongs to the end that began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(pub(super) u64);

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completed {
    /// A client has come.
    Connected,
    /// Something was read.
    Read {
        /// What.
        data: Vec<u8>,
        /// Whether more of the same message stays in the pipe: what Windows calls `ERROR_MORE_DATA`.
        is_more: bool,
    },
    /// All was written, and the other end has read enough.
    Written {
        /// How many bytes.
        bytes: usize,
    },
    /// The other end has read everything.
    Flushed,
}

/// How often one looks in vain in one call before others of its executor get their turn.
pub(in crate::named) const LOOKS_MAX: u32 = 16;

/// One step of each operation, without waiting.
pub(in crate::named) trait Steps {
    fn connect_now(&mut self) -> Result<(), PipeError>;
    fn read_now(&mut self, target: &mut [u8]) -> Result<Read, PipeError>;
    fn receive_now(&mut self, message: &mut Vec<u8>) -> Result<(), PipeError>;
    /// Writes the question of a transaction, or as much as there is room for: the rest goes on like a write.
    fn ask(&mut self, question: &[u8]) -> Result<Begun, PipeError>;
    fn flush_now(&mut self) -> Result<(), PipeError>;
    /// Goes on with a flush that [`flush_now`](Self::flush_now) has begun.
    fn flush_on(&mut self) -> Result<(), PipeError>;
    fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError>;
    fn is_written(&mut self, id: WriteId) -> Result<bool, WriteError>;
    /// How many bytes stay with the other end; `None`: the write is complete.
    fn cancel_write(&mut self, id: WriteId) -> Result<Option<usize>, PipeError>;
    /// Where the end stands, and how much has come for it: what [`ready`](Self::ready) says holds until this changes.
    fn news(&mut self) -> (State, u64);
    /// Whether a reader that waits still is told; a read that found nothing may have taken that back.
    fn is_told_of_data(&mut self) -> bool;
    fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError>;
    fn descriptor(&self) -> Result<BorrowedFd<'_>, PipeError>;

    /// Looks whether something of this is there; if not, announces that all of it is waited for, and answers the news
    /// for which that holds.
    fn announce(&mut self, interests: [Option<Interest>; 2]) -> Result<Option<(State, u64)>, PipeError> {
        for _ in 0..LOOKS_MAX {
            let before = self.news();
            for interest in interests.into_iter().flatten() {
                if self.ready(interest)? == Ready::Ready {
                    return Ok(None);
                }
            }
            // With two kinds, the second look may have read the bell of the first.
            let (news, is_one) = (self.news(), interests.contains(&None));
            if is_one || news == before {
                return Ok(Some(news));
            }
        }
        Ok(None) // Much comes: who waits looks for itself.
    }
}
