// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who waits on an end, and for what. The reactor knows one waker, this list, and wakes all who are in it: what comes
//! over the descriptor may be for any of them. Who is woken leaves the list, and is in it again when it waits again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use cabotage_link::metered::Interest;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    interest: Interest,
    waker: Waker,
}

/// One who may wait: a future, or one direction of an end that is polled without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(pub(super) u64);

impl Waiters {
    /// From now on it waits, for this.
    pub(super) fn enter(&self, ticket: Ticket, interest: Interest, context: &Context<'_>) {
        let mut waiting = self.waiting();
        match waiting.iter_mut().find(|other| other.ticket == ticket) {
            Some(known) => {
                known.interest = interest;
                known.waker.clone_from(context.waker());
            }
            None => waiting.push(Waiting { ticket, interest, waker: context.waker().clone() }),
        }
    }

    /// It waits no more.
    pub(super) fn leave(&self, ticket: Ticket) {
        self.waiting().retain(|other| other.ticket != ticket);
    }

    /// Whatever is waited for, each kind once.
    pub(super) fn interests(&self) -> Interests {
        let waiting = self.waiting();
        let has = |interest| waiting.iter().any(|other| other.interest == interest);
        let both = has(Interest::Both);
        let data = match (both || has(Interest::Read), both || has(Interest::Write)) {
            (true, true) => Some(Interest::Both),
            (true, false) => Some(Interest::Read),
            (false, true) => Some(Interest::Write),
            (false, false) => None,
        };
        [data, has(Interest::AllRead).then_some(Interest::AllRead)]
    }

    /// Everybody but `ticket`, to be woken once no lock is held.
    pub(super) fn take_others(&self, ticket: Option<Ticket>) -> Vec<Waker> {
        let mut waiting = self.waiting();
        let taken = waiting.extract_if(.., |other| Some(other.ticket) != ticket);
        taken.map(|other| other.waker).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What several wait for.
pub(super) type Interests = [Option<Interest>; 2];

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.take_others(None).into_iter().for_each(Waker::wake);
    }
}
