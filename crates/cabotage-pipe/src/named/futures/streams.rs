// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the traits of runtimes for streams are made of: one task that reads and one that writes, polled without a
//! future.
//!
//! A caller of such a trait that gives up says nothing, so a write can't be taken back then. Instead the end takes the
//! bytes over and says that they are written, and the next write waits until these are: what tokio does on Windows.

use std::task::{Context, Poll};

use cabotage_link::Ready;
use cabotage_link::metered::{Begun, Interest};

use super::operations::counted;
use super::shared::{Behind, Shared};
use super::{AsyncPipe, POLLED_READ, POLLED_WRITE, TENDING, Watch};
use crate::named::error::{PipeError, WriteError};
use crate::named::overlapped::Steps;

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Steps, W: Watch> AsyncPipe<E, W> {
    /// Reads into `target`, as [`read`](Self::read) does, for one task at a time.
    ///
    /// # Errors
    /// As there.
    pub fn poll_read(&self, context: &mut Context<'_>, target: &mut [u8]) -> Poll<Result<usize, PipeError>> {
        self.poll_as(POLLED_READ, context, |shared| counted(shared.end.read_now(target)))
    }

    /// Whether there is something to read, or the other end is gone; for one task at a time.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<Result<(), PipeError>> {
        self.poll_as(POLLED_READ, context, |shared| match shared.end.ready(Interest::Read) {
            Ok(Ready::Armed) => Poll::Pending,
            answer => Poll::Ready(answer.map(drop)),
        })
    }

    /// Takes `bytes` over to write them, once what was taken over before is written; for one task at a time. What does
    /// not fit the ring is written while somebody waits for it: see [`poll_tended`](Self::poll_tended).
    ///
    /// # Errors
    /// As [`write`](Self::write); also what became of the bytes that were taken over before.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, WriteError>> {
        let taken = self.poll_as(POLLED_WRITE, context, |shared| match shared.is_behind_over() {
            Ok(true) => Poll::Ready(Ok(take_over(shared, bytes))),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        });
        taken.map(|taken| taken.unwrap_or_else(|error| Err(WriteError::new(0, bytes, error))))
    }

    /// Whether what was taken over is written; for one task at a time.
    ///
    /// # Errors
    /// What became of it.
    pub fn poll_written(&self, context: &mut Context<'_>) -> Poll<Result<(), PipeError>> {
        self.poll_as(POLLED_WRITE, context, Shared::poll_behind)
    }

    /// The same for a task of its own, that sees to it that the write goes on while nobody else waits for it. It tells
    /// nobody what became of it: the next writer is told.
    pub fn poll_tended(&self, context: &mut Context<'_>) -> Poll<()> {
        self.poll_as(TENDING, context, |shared| match shared.end_behind() {
            Ok(false) => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        })
        .map(drop)
    }

    /// Whether something that was taken over is not written yet.
    pub fn has_unwritten(&self) -> bool {
        self.with_shared(|shared| shared.end_behind() == Ok(false))
    }

    /// Takes `bytes` over to write them, if what was taken over before is written: all of them, or none. Answers how
    /// many.
    ///
    /// # Errors
    /// As [`poll_write`](Self::poll_write).
    pub fn try_take_over(&self, bytes: &[u8]) -> Result<usize, WriteError> {
        self.with_shared(|shared| match shared.is_behind_over() {
            Ok(true) => take_over(shared, bytes),
            Ok(false) => Ok(0),
            Err(error) => Err(WriteError::new(0, bytes, error)),
        })
    }
}

fn take_over<E: Steps, W: Watch>(shared: &mut Shared<E, W>, bytes: &[u8]) -> Result<usize, WriteError> {
    if let Begun::Pending(id) = shared.end.begin_write(bytes)? {
        shared.behind = Some(Behind::Pending(id));
    }
    Ok(bytes.len())
}
