// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tasks of an end have in common, under one lock: the end, its watch, and whose turn it is to read.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use cabotage_link::Ready;
use cabotage_link::metered::{Interest, WriteId};

use super::waiters::{Interests, Ticket, Waiters};
use super::watch::Watch;
use crate::named::error::PipeError;
use crate::named::overlapped::{LOOKS_MAX, Steps};
use crate::named::rules::State;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Shared<E, W> {
    /// Before the end: its descriptor is open for as long as it is watched.
    watch: W,
    pub(super) end: E,
    /// The reads that have begun, in their order.
    pub(super) reads: VecDeque<Ticket>,
    /// The write that was taken over from a caller who does not wait for it.
    pub(super) behind: Option<Behind>,
    /// What had come when the sleep of those who wait was announced last.
    announced: Option<(State, u64)>,
}

/// A write that was taken over.
#[derive(Debug)]
pub(super) enum Behind {
    Pending(WriteId),
    /// What became of it, for the next writer.
    Over(Result<(), PipeError>),
}

/// What somebody waits for, and whose turn it must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) ticket: Ticket,
    pub(super) interest: Interest,
    /// Whether it reads, and waits for its turn.
    pub(super) takes_turns: bool,
}

impl<E: Steps, W: Watch> Shared<E, W> {
    pub(super) fn new(end: E, watch: W) -> Self {
        Self { watch, end, reads: VecDeque::new(), behind: None, announced: None }
    }

    pub(super) fn into_end(self) -> E {
        self.end
    }

    /// Tries until it works, or there is nothing to do but wait: then the waker of `context` is woken when there is.
    /// Answers also who else is to be woken.
    pub(super) fn poll<T>(
        &mut self,
        waiters: &Waiters,
        waker: &Waker,
        wish: Wish,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(&mut Self) -> Poll<Result<T, PipeError>>,
    ) -> (Poll<Result<T, PipeError>>, Vec<Waker>) {
        let mut woken = Vec::new();
        for _ in 0..LOOKS_MAX {
            if self.is_turn(wish)
                && let Poll::Ready(answer) = attempt(self)
            {
                waiters.leave(wish.ticket);
                woken.extend(self.settle(waiters));
                return (Poll::Ready(answer), woken);
            }
            waiters.enter(wish.ticket, wish.interest, context);
            if !self.is_turn(wish) {
                return (Poll::Pending, woken); // Whoever is before it wakes it.
            }
            let watched = match self.announce(waiters.interests()) {
                Ok(Ready::Ready) => {
                    // For one of them: the others look for themselves.
                    woken.extend(waiters.take_others(Some(wish.ticket)));
                    continue;
                }
                Ok(Ready::Armed) => self.watch.poll_readable(&mut Context::from_waker(waker)),
                Err(error) => Poll::Ready(Err(std::io::Error::other(error))),
            };
            match watched {
                Poll::Pending => return (Poll::Pending, woken),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    waiters.leave(wish.ticket);
                    return (Poll::Ready(Err(PipeError::of_reactor(error))), woken);
                }
            }
        }
        context.waker().wake_by_ref();
        (Poll::Pending, woken)
    }

    /// After whatever was done with the end: if it has read what others wait for, their sleep is announced anew. Answers
    /// who is to be woken instead.
    pub(super) fn settle(&mut self, waiters: &Waiters) -> Vec<Waker> {
        let interests = waiters.interests();
        let reads = matches!(interests[0], Some(Interest::Read | Interest::Both));
        let stands = self.announced == Some(self.end.news()) && (!reads || self.end.is_told_of_data());
        if interests == [None; 2] || stands {
            return Vec::new();
        }
        match self.announce(interests) {
            Ok(Ready::Armed) => Vec::new(),
            _ => waiters.take_others(None),
        }
    }

    /// Looks whether something of this is there; if not, announces that it is waited for.
    fn announce(&mut self, interests: Interests) -> Result<Ready, PipeError> {
        match self.end.announce(interests)? {
            None => Ok(Ready::Ready),
            announced => {
                self.announced = announced;
                Ok(Ready::Armed)
            }
        }
    }

    fn is_turn(&self, wish: Wish) -> bool {
        !wish.takes_turns || self.reads.front().is_none_or(|first| *first == wish.ticket)
    }

    /// What was taken over from a caller that does not wait: whether it is complete. What became of it is told once.
    pub(super) fn is_behind_over(&mut self) -> Result<bool, PipeError> {
        let is_over = self.end_behind();
        if is_over != Ok(false) {
            self.behind = None;
        }
        is_over
    }

    /// The same, and it stays to be told.
    pub(super) fn end_behind(&mut self) -> Result<bool, PipeError> {
        match &self.behind {
            None => return Ok(true),
            Some(Behind::Over(result)) => return result.clone().map(|()| true),
            Some(Behind::Pending(id)) => match self.end.is_written(*id) {
                Ok(false) => return Ok(false),
                over => self.behind = Some(Behind::Over(over.map(drop).map_err(PipeError::from))),
            },
        }
        self.end_behind()
    }

    /// The same, as an attempt.
    pub(super) fn poll_behind(&mut self) -> Poll<Result<(), PipeError>> {
        match self.is_behind_over() {
            Ok(false) => Poll::Pending,
            answer => Poll::Ready(answer.map(drop)),
        }
    }
}
