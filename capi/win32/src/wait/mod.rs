// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for what is signalled: any of several or all at once, with auto-reset events taken by exactly one waiter, and
//! waits that end for an APC.
//!
//! One lock for all of a process, as Windows has its dispatcher lock: so a wait for all takes all or nothing. It is held
//! for a few comparisons; whoever is woken has been given what it waited for already.

mod signal;
mod verdict;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use cabotage_os::Deadline;

use crate::memory::OverlappedAt;
use crate::thread::{Apc, Thread};
pub(crate) use signal::{Reset, Signal};
pub(crate) use verdict::Verdict;

/// Who waits in this process.
#[derive(Debug, Default)]
pub(crate) struct Dispatcher {
    waiters: Mutex<VecDeque<Arc<Waiter>>>,
}

/// What a wait is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub(crate) signals: Vec<Arc<Signal>>,
    /// All of them, rather than any.
    pub(crate) all: bool,
    /// The operation that has to be over, too: the signals may be those of several.
    pub(crate) over: Option<OverlappedAt>,
    /// Whose APCs end the wait.
    pub(crate) alertable: Option<Arc<Thread>>,
    /// Whose cancelled call ends the wait.
    pub(crate) cancellable: Option<Arc<Thread>>,
}

#[derive(Debug)]
struct Waiter {
    wish: Wish,
    verdict: OnceLock<Verdict>,
    woken: Condvar,
}

impl Wish {
    /// A wait for one thing, that no APC ends.
    pub(crate) fn one(signal: &Arc<Signal>) -> Self {
        Self { signals: vec![signal.clone()], ..Self::default() }
    }

    /// What the wait comes to at present, with what it takes taken. Called with the lock held.
    fn satisfy(&self) -> Option<Verdict> {
        if self.signals.iter().any(|signal| signal.is_closed()) {
            return Some(Verdict::Closed);
        }
        if self.over.is_some_and(|operation| operation.outcome().is_none()) {
            // Whatever is signalled, it is not for this.
        } else if self.all && !self.signals.is_empty() {
            let is_met = self.signals.iter().all(|signal| signal.is_set());
            if is_met {
                self.signals.iter().for_each(|signal| signal.take());
                return Some(Verdict::Signalled(0));
            }
        } else if let Some(at) = self.signals.iter().position(|signal| signal.is_set()) {
            self.signals[at].take();
            return Some(Verdict::Signalled(at));
        }
        if self.cancellable.as_ref().is_some_and(|thread| thread.is_cancelled()) {
            return Some(Verdict::Cancelled);
        }
        self.alertable.as_ref().filter(|thread| thread.has_apcs()).map(|_| Verdict::Apc)
    }
}

impl Dispatcher {
    /// Signals it. Those who waited for it have it when this returns.
    pub(crate) fn set(&self, signal: &Signal) {
        let mut waiters = self.lock();
        signal.set();
        settle(&mut waiters);
    }

    /// Signals it no more.
    pub(crate) fn reset(&self, signal: &Signal) {
        let _waiters = self.lock();
        signal.reset();
    }

    /// Signals it for those who wait at this moment.
    pub(crate) fn pulse(&self, signal: &Signal) {
        let mut waiters = self.lock();
        signal.set();
        settle(&mut waiters);
        signal.reset();
    }

    /// It is gone: each wait for it ends.
    pub(crate) fn close(&self, signal: &Signal) {
        let mut waiters = self.lock();
        signal.close();
        settle(&mut waiters);
    }

    /// Gives a thread something to run in its next alertable wait, or in the present one.
    pub(crate) fn queue_apc(&self, thread: &Thread, apc: Apc) {
        let mut waiters = self.lock();
        thread.push_apc(apc);
        settle(&mut waiters);
    }

    /// Ends the call that a thread waits in; whether there was one.
    pub(crate) fn cancel(&self, thread: &Thread) -> bool {
        let mut waiters = self.lock();
        let is_cancelled = thread.cancel();
        settle(&mut waiters);
        is_cancelled
    }

    /// Waits until the wish is met, at most until `deadline`.
    pub(crate) fn wait(&self, wish: Wish, deadline: Deadline) -> Verdict {
        let mut waiters = self.lock();
        if let Some(verdict) = wish.satisfy() {
            return verdict;
        }
        if deadline.has_passed() {
            return Verdict::TimedOut;
        }
        let waiter = Arc::new(Waiter { wish, verdict: OnceLock::new(), woken: Condvar::new() });
        waiters.push_back(waiter.clone());
        loop {
            waiters = match deadline.remaining() {
                None => waiter.woken.wait(waiters).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    waiter.woken.wait_timeout(waiters, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            if let Some(verdict) = waiter.verdict.get() {
                return *verdict;
            }
            if deadline.has_passed() {
                waiters.retain(|other| !Arc::ptr_eq(other, &waiter));
                return Verdict::TimedOut;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Waiter>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives those who wait what they waited for, whoever came first first.
fn settle(waiters: &mut VecDeque<Arc<Waiter>>) {
    waiters.retain(|waiter| match waiter.wish.satisfy() {
        None => true,
        Some(verdict) => {
            let _ = waiter.verdict.set(verdict);
            waiter.woken.notify_one();
            false
        }
    });
}

#[cfg(test)]
mod tests;
