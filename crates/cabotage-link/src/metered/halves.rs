// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two halves of a metered link, each for one thread at a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use cabotage_os::Deadline;

use super::front::Sight;
use super::peeking::Peeked;
use super::pending::{Begun, Cancelled, WriteId};
use super::reading::{Read, Reading};
use super::shape::{ReadMode, Shape};
use super::writing::{Step, Writing};
use super::{Interest, ReadError, WriteError};
use crate::core::Core;
use crate::error::{LinkError, ReceiveError};
use crate::peer::Peer;
use crate::receive::{Incoming, Ready};
use crate::send::Outgoing;
use crate::wait::Wait;

/// The half that writes. Dropping it withdraws what is pending.
#[derive(Debug)]
pub struct WriteHalf {
    writing: Writing,
    core: Arc<Core>,
}

/// The half that reads.
#[derive(Debug)]
pub struct ReadHalf {
    reading: Reading,
    core: Arc<Core>,
}

impl WriteHalf {
    pub(super) fn new(out: Outgoing, shape: Shape, core: Arc<Core>) -> Self {
        Self { writing: Writing::new(out, shape), core }
    }

    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) -> Option<bool> {
        if self.core.is_open() { self.writing.put(bytes) } else { None }
    }

    #[inline(always)]
    pub(super) fn expect_answer(&self) {
        self.writing.out.expect_answer();
    }

    #[inline(always)]
    pub(super) fn streams(&mut self, is_streaming: bool) {
        self.writing.out.is_streaming = is_streaming;
    }

    /// Wakes the peer. What it is woken for is written, so its being gone is told by the next call.
    #[cold]
    pub(super) fn ring(&mut self) -> Result<(), WriteError> {
        match self.core.ring() {
            Ok(()) | Err(LinkError::System(_)) => Ok(()),
            Err(error) => Err(self.writing.how(&self.core, error).into()),
        }
    }

    #[inline(never)]
    pub(super) fn write_otherwise(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        self.writing.write(&self.core, bytes, false, deadline)
    }

    /// As [`Metered::write`](super::Metered::write).
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        match self.put(bytes) {
            Some(false) => Ok(()),
            Some(true) => self.ring(),
            None => self.write_otherwise(bytes, deadline),
        }
    }

    /// As [`Metered::try_write`](super::Metered::try_write).
    ///
    /// # Errors
    /// As there.
    pub fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        self.writing.try_write(&self.core, bytes)
    }

    /// As [`Metered::write_beyond_quota`](super::Metered::write_beyond_quota).
    ///
    /// # Errors
    /// As there.
    pub fn write_beyond_quota(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        self.writing.write(&self.core, bytes, true, deadline)
    }

    /// As [`Metered::begin_write`](super::Metered::begin_write).
    ///
    /// # Errors
    /// As there.
    pub fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        self.writing.begin(&self.core, bytes, false)
    }

    /// As [`Metered::begin_write_beyond_quota`](super::Metered::begin_write_beyond_quota).
    ///
    /// # Errors
    /// As there.
    pub fn begin_write_beyond_quota(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        self.writing.begin(&self.core, bytes, true)
    }

    /// As [`Metered::is_complete`](super::Metered::is_complete).
    ///
    /// # Errors
    /// As there.
    pub fn is_complete(&mut self, id: WriteId) -> Result<bool, WriteError> {
        self.writing.is_over(&self.core, id)
    }

    /// As [`Metered::wait_for_write`](super::Metered::wait_for_write).
    ///
    /// # Errors
    /// As there.
    pub fn wait_for_write(&mut self, id: WriteId, deadline: Deadline) -> Result<bool, WriteError> {
        let mut outcome = Ok(false);
        let waited = self.writing.wait_until(&self.core, deadline, |writing| {
            outcome = writing.is_over(&self.core, id);
            Ok(if let Ok(false) = outcome { Step::Stuck } else { Step::Done })
        });
        match waited {
            // The end of the link is told with what became of the write.
            Err(LinkError::Closed | LinkError::Died | LinkError::Discarded | LinkError::Fault(_)) => {
                self.is_complete(id)
            }
            Err(error) => Err(error.into()),
            Ok(_) => outcome,
        }
    }

    /// As [`Metered::cancel_write`](super::Metered::cancel_write).
    ///
    /// # Errors
    /// As there.
    pub fn cancel_write(&mut self, id: WriteId) -> Result<Cancelled, WriteError> {
        self.writing.cancel(&self.core, id)
    }

    /// As [`Metered::unread_bytes`](super::Metered::unread_bytes).
    ///
    /// # Errors
    /// As there.
    pub fn unread_bytes(&mut self) -> Result<u64, LinkError> {
        self.core.check_readable()?;
        self.writing.unread(&self.core)
    }

    /// As [`Metered::wait_until_read`](super::Metered::wait_until_read).
    ///
    /// # Errors
    /// As there.
    pub fn wait_until_read(&mut self, deadline: Deadline) -> Result<bool, LinkError> {
        self.writing.check(&self.core)?;
        let core = &self.core;
        let waited = self.writing.wait_until(core, deadline, |writing| writing.step_read(core));
        match waited {
            Err(_) if self.writing.unread(core) == Ok(0) => Ok(true),
            waited => waited.map_err(|error| self.writing.how(core, error)),
        }
    }

    /// Whether the first pending write is over, or all was read; announces a sleep otherwise.
    pub(super) fn ready(&mut self, interest: Interest) -> Result<Ready, LinkError> {
        self.core.check_here()?;
        let announced = self.writing.open(&self.core).and_then(|()| self.writing.out.announce());
        let step = match interest {
            Interest::AllRead => Writing::step_read,
            _ => Writing::step_pending,
        };
        match announced.and_then(|()| step(&mut self.writing, &self.core)) {
            Ok(Step::Done) => {
                self.writing.out.disarm();
                Ok(Ready::Ready)
            }
            Ok(_) if self.core.is_over() => Ok(Ready::Ready),
            Ok(_) => Ok(Ready::Armed),
            Err(refusal @ LinkError::System(_)) => Err(refusal),
            Err(_) => Ok(Ready::Ready),
        }
    }

    pub(super) fn is_half_of_same(&self, other: &ReadHalf) -> bool {
        Arc::ptr_eq(&self.core, &other.core)
    }

    /// As [`Metered::ending`](super::Metered::ending).
    ///
    /// # Errors
    /// As there.
    pub fn ending(&mut self) -> Result<Option<LinkError>, LinkError> {
        self.core.check_here()?;
        let pumped = self.core.pump();
        match self.core.end() {
            Some(error) => Ok(Some(self.writing.how(&self.core, error))),
            None => pumped.map(|()| self.writing.word_of_end(&self.core)),
        }
    }

    /// From now on this half waits like this.
    pub fn set_wait(&mut self, wait: Wait) {
        self.writing.out.patience().set(wait);
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.writing.out.memory_bytes()
    }

    pub(super) fn discard(mut self) -> Result<(), LinkError> {
        let discarded = self.core.discard();
        self.writing.pending.forget();
        discarded
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        if self.core.is_here() {
            self.writing.withdraw_all(&self.core);
        }
    }
}

impl ReadHalf {
    pub(super) fn new(inc: Incoming, shape: Shape, core: Arc<Core>) -> Self {
        Self { reading: Reading::new(inc, shape), core }
    }

    #[inline(always)]
    pub(super) fn answered(&mut self) {
        self.reading.inc.pace.answered();
    }

    #[inline(always)]
    pub(super) fn has_received(&self) -> bool {
        self.reading.inc.has_received
    }

    #[inline(always)]
    pub(super) fn take_has_received(&mut self) -> bool {
        std::mem::take(&mut self.reading.inc.has_received)
    }

    /// As [`Metered::read`](super::Metered::read).
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn read(&mut self, target: &mut [u8], mode: ReadMode, deadline: Deadline) -> Result<Read, ReadError> {
        match self.reading.get(&self.core, target, deadline) {
            Some(bytes) if mode == ReadMode::Message || bytes == target.len() => {
                Ok(Read { bytes, is_rest_left: false, goes_on: false })
            }
            Some(bytes) => self.read_on(target, mode, bytes, Deadline::Now),
            None => self.read_on(target, mode, 0, deadline),
        }
    }

    #[inline(never)]
    fn read_on(
        &mut self,
        target: &mut [u8],
        mode: ReadMode,
        got: usize,
        deadline: Deadline,
    ) -> Result<Read, ReadError> {
        self.reading.read(&self.core, target, mode, got, deadline)
    }

    /// As [`Metered::peek`](super::Metered::peek).
    ///
    /// # Errors
    /// As there.
    pub fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, LinkError> {
        self.reading.peek(&self.core, target)
    }

    /// Whether there is something to read; arranges for a bell otherwise.
    pub(super) fn ready(&mut self) -> Result<Ready, LinkError> {
        loop {
            match self.reading.look(&self.core) {
                Ok(Sight::Nothing) => {}
                Ok(Sight::Undecided) if self.reading.has_handed => match self.await_decision()? {
                    Some(ready) => return Ok(ready),
                    None => continue,
                },
                Ok(Sight::Record | Sight::Undecided) => return Ok(Ready::Ready),
                Err(refusal @ (LinkError::System(_) | LinkError::Forked)) if self.core.end().is_none() => {
                    return Err(refusal);
                }
                Err(_) => return Ok(Ready::Ready),
            }
            if self.reading.inc.ready(&self.core)? == Ready::Armed {
                return Ok(Ready::Armed);
            }
            // There is a record or an end: look whether something of it stands.
        }
    }

    /// The peer is about to say what it takes back, and rings when it has: looks once more after the socket. `None`: it
    /// has said it.
    fn await_decision(&mut self) -> Result<Option<Ready>, LinkError> {
        self.pump()?;
        match self.reading.look(&self.core) {
            Ok(Sight::Undecided) if self.core.is_over() => Ok(Some(Ready::Ready)),
            Ok(Sight::Undecided) => Ok(Some(Ready::Armed)),
            _ => Ok(None),
        }
    }

    /// As [`Metered::ending`](super::Metered::ending).
    ///
    /// # Errors
    /// As there.
    pub fn ending(&mut self) -> Result<Option<LinkError>, LinkError> {
        self.core.check_here()?;
        let pumped = self.core.pump();
        match self.core.end() {
            Some(error) => Ok(Some(self.reading.how(error))),
            None => pumped.map(|()| self.reading.word_of_end()),
        }
    }

    pub(super) fn is_armed(&self) -> bool {
        self.reading.inc.is_armed
    }

    /// How many messages have come over the socket so far.
    pub(super) fn mark(&self) -> u64 {
        self.core.mark()
    }

    pub(super) fn pump(&mut self) -> Result<Ready, LinkError> {
        self.core.check_here()?;
        // That the link is over tells the writing half.
        match self.core.pump() {
            Err(refusal @ LinkError::System(_)) if self.core.end().is_none() => Err(refusal),
            _ => Ok(Ready::Armed),
        }
    }

    /// From now on this half waits like this.
    pub fn set_wait(&mut self, wait: Wait) {
        self.reading.inc.patience().set(wait);
    }

    /// Who the peer is, in the kernel's words; `None` until it has said HELLO.
    pub fn with_peer<T>(&self, act: impl FnOnce(Peer<'_>) -> T) -> Option<T> {
        self.core.with_stamp(|stamp| act(Peer::new(stamp, self.core.socket())))
    }

    pub(super) fn wait_for_peer(&mut self, deadline: Deadline) -> Result<(), ReadError> {
        match self.reading.inc.wait_for_peer(&self.core, deadline) {
            Ok(()) => Ok(()),
            Err(ReceiveError::Nothing) => Err(ReadError::Nothing),
            Err(ReceiveError::Link(error)) => Err(error.into()),
        }
    }

    pub(super) fn share(&self) {
        self.core.share();
    }
}

impl AsFd for ReadHalf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.fd()
    }
}
