// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who waits with which ticket: a thread that sleeps, or the bell of a descriptor that somebody polls.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use cabotage_os::Deadline;
use cabotage_os::eventfd::EventFd;

use crate::kernel::Ticket;

/// Those who wait, by ticket.
#[derive(Debug, Default)]
pub(super) struct Parking {
    waiters: Mutex<HashMap<Ticket, Waiter>>,
    /// How many there are.
    count: AtomicUsize,
}

/// Who is told when it is the turn of a ticket.
#[derive(Debug)]
pub(super) enum Waiter {
    /// A thread that sleeps.
    Thread(Thread),
    /// Whoever polls the descriptor.
    Bell(Arc<EventFd>),
}

impl Waiter {
    /// The calling thread.
    pub(super) fn this_thread() -> Self {
        Self::Thread(thread::current())
    }
}

impl Parking {
    /// Enters a waiter. Done under the kernel's lock that gave the ticket, so that no wake comes before.
    pub(super) fn enter(&self, ticket: Ticket, waiter: Waiter) {
        self.waiters().insert(ticket, waiter);
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Nobody waits with this ticket any more.
    pub(super) fn leave(&self, ticket: Ticket) {
        self.take(ticket);
    }

    fn take(&self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.waiters().remove(&ticket)?;
        self.count.fetch_sub(1, Ordering::SeqCst);
        Some(waiter)
    }

    /// Whether anybody waits. Of one who enters and then finds that somebody leads, and one who stops to lead and then
    /// asks this, one at least sees the other.
    #[inline]
    pub(super) fn has_waiters(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    /// Tells whoever waits with this ticket, and says whether that takes the turn: a bell does not.
    pub(super) fn wake(&self, ticket: Ticket) -> bool {
        match self.take(ticket) {
            Some(Waiter::Thread(thread)) => thread.unpark(),
            Some(Waiter::Bell(bell)) => {
                // What the kernel may refuse an eventfd of our own, it refuses the poller as well.
                let _ = bell.ring();
                return false;
            }
            None => {}
        }
        true
    }

    /// Whether the turn of a ticket has not come yet.
    #[inline]
    pub(super) fn is_waiting(&self, ticket: Ticket) -> bool {
        self.waiters().contains_key(&ticket)
    }

    /// The calling thread sleeps until its ticket's turn has come, the deadline passes, or somebody rouses it.
    pub(super) fn nap(&self, ticket: Ticket, deadline: Deadline) {
        if self.is_waiting(ticket) {
            match deadline.remaining() {
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
    }

    /// Lets one of the threads that sleep look around.
    pub(super) fn rouse_one(&self) {
        let is_thread = |waiter: &&Waiter| matches!(waiter, Waiter::Thread(_));
        if let Some(Waiter::Thread(thread)) = self.waiters().values().find(is_thread) {
            thread.unpark();
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiters().len()
    }

    fn waiters(&self) -> MutexGuard<'_, HashMap<Ticket, Waiter>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
