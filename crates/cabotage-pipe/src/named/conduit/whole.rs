// SPDX-License-Identifier: MIT OR Apache-2.0
//! What needs both directions of an end, or goes on beside other calls: transactions, writes that are begun, looks
//! before a wait outside.

use cabotage_link::Ready;
use cabotage_link::metered::{Begun, Cancelled, Interest, Metered, Read, WriteId};
use cabotage_os::Deadline;

use super::Conduit;
use super::path::Path;
use crate::named::error::{PipeError, WriteError};
use crate::named::rules::{State, may_transact};

impl<P: Path<Link = Metered>> Conduit<P> {
    /// Begins a write, which goes on when the other end reads.
    pub(in crate::named) fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        link.begin_write(bytes).map_err(|error| self.not_written(error, bytes))
    }

    /// Whether a write that was begun is complete.
    pub(in crate::named) fn is_written(&mut self, id: WriteId) -> Result<bool, WriteError> {
        let Some(link) = self.path.link() else { return Err(WriteError::new(0, &[], self.unwritable())) };
        link.is_complete(id).map_err(|error| self.not_written(error, &[]))
    }

    /// Takes back what was not read of a write that was begun; answers how many bytes stay. `None`: it is complete.
    pub(in crate::named) fn cancel_write(&mut self, id: WriteId) -> Result<Option<usize>, PipeError> {
        let Some(link) = self.path.link() else { return Err(self.unwritable()) };
        match link.cancel_write(id).map_err(|error| self.not_written(error, &[]))? {
            Cancelled::Complete => Ok(None),
            Cancelled::Withdrawn { taken_bytes } => Ok(Some(taken_bytes)),
        }
    }

    /// Writes a message, and reads the next one as its answer.
    pub(in crate::named) fn transact(
        &mut self,
        question: &[u8],
        answer: &mut [u8],
        deadline: Deadline,
    ) -> Result<usize, PipeError> {
        self.may_transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        link.write_beyond_quota(question, deadline).map_err(|error| self.not_asked(error))?;
        match self.read(answer, deadline)? {
            Read { bytes, is_rest_left: true, .. } => Err(PipeError::MoreData { got_bytes: bytes }),
            Read { bytes, .. } => Ok(bytes),
        }
    }

    /// Writes the question of a transaction, and waits for nothing: it is pending while the ring has no room for it.
    pub(in crate::named) fn ask(&mut self, question: &[u8]) -> Result<Begun, PipeError> {
        self.may_transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        link.begin_write_beyond_quota(question).map_err(|error| self.not_asked(error))
    }

    /// Whether a transaction may begin.
    fn may_transact(&mut self) -> Result<(), PipeError> {
        self.check_readable()?;
        self.check_writable()?;
        self.state.transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        let is_unread = match link.peek(&mut []) {
            Ok(peeked) => peeked.available_bytes > 0 || !self.kept.is_empty(),
            // Written to, it says the same, and in the words of a transaction.
            Err(_) => false,
        };
        if let Err(error) = may_transact(self.shape.pipe_mode, self.handle, is_unread) {
            // An end that has come is told before.
            self.observe()?;
            return Err(self.state.transact().err().unwrap_or(error));
        }
        Ok(())
    }

    /// Looks for what is waited for, and arranges for the descriptor to tell.
    pub(in crate::named) fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError> {
        match self.path.link() {
            Some(link) => link.ready(interest).map_err(|error| self.ended(error)),
            None => Ok(Ready::Ready),
        }
    }

    /// Where this end stands, and how much has come for it.
    pub(in crate::named) fn news(&mut self) -> (State, u64) {
        (self.state.state(), self.path.link().map_or(0, |link| link.arrivals()))
    }

    /// Whether a reader that waits is told of what comes. Without a link nothing can come but a client.
    pub(in crate::named) fn is_told_of_data(&mut self) -> bool {
        self.path.link().is_none_or(|link| link.is_rung_for_reads())
    }
}
