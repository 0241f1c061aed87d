// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the end of the other end means for each operation.

use cabotage_link::{LinkError, metered};
use cabotage_os::Deadline;

use super::Conduit;
use super::path::{Linked, Path};
use crate::named::error::{PipeError, WriteError};
use crate::named::rules::Side;

impl<P: Path> Conduit<P> {
    /// Looks whether the other end is there still, and keeps the state up to date.
    pub(in crate::named) fn observe(&mut self) -> Result<(), PipeError> {
        let Some(link) = self.path.link() else { return Ok(()) };
        match link.ending() {
            Ok(None) => Ok(()),
            Ok(Some(end)) => match self.ended(end) {
                // Those are no error of the one who looks.
                PipeError::Broken | PipeError::Disconnected | PipeError::Peer(_) => Ok(()),
                error => Err(error),
            },
            Err(error) => Err(self.ended(error)),
        }
    }

    /// What the end of the link means here; the state follows.
    pub(in crate::named) fn ended(&mut self, error: LinkError) -> PipeError {
        match error {
            LinkError::Discarded if self.state.side() == Side::Client => {
                self.state.was_disconnected();
                PipeError::Disconnected
            }
            LinkError::Closed | LinkError::Died | LinkError::Discarded => {
                self.state.peer_closed();
                PipeError::Broken
            }
            LinkError::Forked => PipeError::Forked,
            LinkError::System(refusal) => PipeError::System(refusal),
            error => {
                self.state.peer_closed();
                PipeError::Peer(error)
            }
        }
    }

    #[cold]
    pub(super) fn not_read(&mut self, error: metered::ReadError, deadline: Deadline) -> PipeError {
        match error {
            metered::ReadError::Nothing if deadline == Deadline::Now => PipeError::Empty,
            metered::ReadError::Link(error) => self.ended(error),
            _ => PipeError::TimedOut,
        }
    }

    #[cold]
    pub(super) fn not_written(&mut self, error: metered::WriteError, bytes: &[u8]) -> WriteError {
        let (taken_bytes, source) = match error {
            metered::WriteError::Broken { taken_bytes, error } => (taken_bytes, self.ended(error)),
            metered::WriteError::Link(error) => (0, closing(self.ended(error))),
            metered::WriteError::TimedOut { taken_bytes } => (taken_bytes, PipeError::TimedOut),
            _ => (0, PipeError::TimedOut),
        };
        WriteError::new(taken_bytes, bytes, source)
    }

    #[cold]
    pub(super) fn not_asked(&mut self, error: metered::WriteError) -> PipeError {
        match error {
            metered::WriteError::Broken { error, .. } => self.ended(error),
            metered::WriteError::Link(error) => {
                let error = self.ended(error);
                self.state.transact().err().unwrap_or(error)
            }
            _ => PipeError::TimedOut,
        }
    }
}

/// What a write says that finds the other end closed: nobody would read it.
fn closing(error: PipeError) -> PipeError {
    match error {
        PipeError::Broken => PipeError::Closing,
        error => error,
    }
}
