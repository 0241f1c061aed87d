// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a future has of the end while it exists, and gives back when it is dropped: its place among those who wait, its
//! turn to read, its write.

use std::task::{Context, Poll, Waker};

use cabotage_link::metered::{Interest, WriteId};

use super::shared::{Shared, Wish};
use super::waiters::Ticket;
use super::{AsyncPipe, Watch};
use crate::named::error::PipeError;
use crate::named::overlapped::Steps;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Bound<'p, E: Steps, W: Watch> {
    pipe: &'p AsyncPipe<E, W>,
    wish: Wish,
    /// The write that was begun, and is not complete.
    pub(super) write: Option<WriteId>,
}

impl<'p, E: Steps, W: Watch> Bound<'p, E, W> {
    pub(super) fn new(pipe: &'p AsyncPipe<E, W>, interest: Interest) -> Self {
        let wish = Wish { ticket: pipe.ticket(), interest, takes_turns: false };
        Self { pipe, wish, write: None }
    }

    /// One that reads, behind all who have begun to.
    pub(super) fn reader(pipe: &'p AsyncPipe<E, W>) -> Self {
        let mut bound = Self::new(pipe, Interest::Read);
        bound.wish.takes_turns = true;
        pipe.lock().reads.push_back(bound.wish.ticket);
        bound
    }

    /// From now on it waits for this.
    pub(super) fn wait_for(&mut self, interest: Interest) {
        self.wish.interest = interest;
    }

    /// Goes on until `attempt` answers; it is told which write is pending, and says so.
    pub(super) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(&mut E, &mut Option<WriteId>) -> Poll<Result<T, PipeError>>,
    ) -> Poll<Result<T, PipeError>> {
        let write = &mut self.write;
        self.pipe.poll_wish(self.wish, context, |shared| attempt(&mut shared.end, write))
    }

    /// The same for what is not of this future alone.
    pub(super) fn poll_shared<T>(
        &self,
        context: &mut Context<'_>,
        attempt: impl FnMut(&mut Shared<E, W>) -> Poll<Result<T, PipeError>>,
    ) -> Poll<Result<T, PipeError>> {
        self.pipe.poll_wish(self.wish, context, attempt)
    }
}

impl<E: Steps, W: Watch> Drop for Bound<'_, E, W> {
    fn drop(&mut self) {
        let Wish { ticket, takes_turns, .. } = self.wish;
        let mut woken = self.pipe.with_shared(|shared| {
            self.pipe.waiters.leave(ticket);
            if let Some(id) = self.write.take() {
                // Refused where the link is over: then nobody reads it anyway.
                let _ = shared.end.cancel_write(id);
            }
            let was_first = takes_turns && shared.reads.front() == Some(&ticket);
            shared.reads.retain(|other| *other != ticket);
            if was_first { self.pipe.waiters.take_others(None) } else { Vec::new() }
        });
        woken.drain(..).for_each(Waker::wake);
    }
}

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Steps, W: Watch> AsyncPipe<E, W> {
    pub(super) fn poll_wish<T>(
        &self,
        wish: Wish,
        context: &mut Context<'_>,
        attempt: impl FnMut(&mut Shared<E, W>) -> Poll<Result<T, PipeError>>,
    ) -> Poll<Result<T, PipeError>> {
        let mut shared = self.lock();
        let (answer, woken) = shared.poll(&self.waiters, &self.waker, wish, context, attempt);
        drop(shared);
        woken.into_iter().for_each(Waker::wake);
        answer
    }

    /// The same for one who polls without a future.
    pub(super) fn poll_as<T>(
        &self,
        ticket: Ticket,
        context: &mut Context<'_>,
        attempt: impl FnMut(&mut Shared<E, W>) -> Poll<Result<T, PipeError>>,
    ) -> Poll<Result<T, PipeError>> {
        let takes_turns = ticket == super::POLLED_READ;
        let interest = if takes_turns { Interest::Read } else { Interest::Write };
        self.poll_wish(Wish { ticket, interest, takes_turns }, context, attempt)
    }
}
