// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one side owes the other: exactly one answer to each request, unless it was canceled.

use std::collections::VecDeque;

use super::Way;

/// What became of a request that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is to be answered.
    Taken,
    /// There are so many that this one gets no answer.
    Excess,
    /// Its number was used before: a lie.
    Forged,
}

/// What an answer of ours to a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settling {
    /// It goes: the request is open no more.
    Goes,
    /// The asker does not want it any more.
    Canceled,
    /// There is no such request, or it has its answer.
    Unknown,
}

/// What a cancel of the other side's does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Canceling {
    /// The request was open, and whoever is at it should know.
    Told,
    /// It has its answer, which is on its way.
    Late,
    /// There never was such a request.
    Forged,
}

#[derive(Debug)]
struct Debt {
    id: u64,
    way: Way,
    is_canceled: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Owed {
    last: u64,
    /// In the order in which they came, so their numbers ascend.
    pending: VecDeque<Debt>,
    pending_max: usize,
}

impl Owed {
    /// Of at most so many requests at once.
    pub(crate) fn new(pending_max: usize) -> Self {
        Self { last: 0, pending: VecDeque::new(), pending_max }
    }

    #[inline]
    fn place(&self, id: u64) -> Option<usize> {
        match self.pending.back() {
            Some(debt) if debt.id == id => Some(self.pending.len() - 1),
            _ => self.pending.binary_search_by_key(&id, |debt| debt.id).ok(),
        }
    }

    /// A request came.
    #[inline]
    pub(crate) fn admit(&mut self, id: u64, way: Way) -> Admission {
        if id <= self.last {
            return Admission::Forged;
        }
        self.last = id;
        if self.pending.len() >= self.pending_max {
            return Admission::Excess;
        }
        self.pending.push_back(Debt { id, way, is_canceled: false });
        Admission::Taken
    }

    /// As [`Owed::admit`], of a request of which nothing is wrong: answers whether it is to be answered, and changes
    /// nothing if it is not.
    #[inline]
    pub(crate) fn admit_usual(&mut self, id: u64, way: Way) -> bool {
        let is_usual = id > self.last && self.pending.len() < self.pending_max;
        if is_usual {
            self.last = id;
            self.pending.push_back(Debt { id, way, is_canceled: false });
        }
        is_usual
    }

    /// How the asker of an open request waits, if it does.
    pub(crate) fn way(&self, id: u64) -> Option<Way> {
        let debt = &self.pending[self.place(id)?];
        (!debt.is_canceled).then_some(debt.way)
    }

    /// What an answer to this request would do.
    #[inline]
    pub(crate) fn look(&self, id: u64) -> Settling {
        match self.place(id) {
            None => Settling::Unknown,
            Some(at) if self.pending[at].is_canceled => Settling::Canceled,
            Some(_) => Settling::Goes,
        }
    }

    /// The request is answered, or let go of.
    #[inline]
    pub(crate) fn settle(&mut self, id: u64) -> Settling {
        let found = self.look(id);
        if self.pending.back().is_some_and(|debt| debt.id == id) {
            // Nearly always.
            self.pending.pop_back();
        } else if let Some(at) = self.place(id) {
            self.pending.remove(at);
        }
        found
    }

    /// The asker does not want an answer any more.
    pub(crate) fn cancel(&mut self, id: u64) -> Canceling {
        match self.place(id) {
            Some(at) if !self.pending[at].is_canceled => {
                self.pending[at].is_canceled = true;
                Canceling::Told
            }
            _ if id == 0 || id > self.last => Canceling::Forged,
            _ => Canceling::Late,
        }
    }

    /// Those whose askers do not want an answer any more, and which nobody has let go of yet.
    pub(crate) fn canceled(&self) -> impl Iterator<Item = u64> {
        self.pending.iter().filter(|debt| debt.is_canceled).map(|debt| debt.id)
    }

    /// How many requests have no answer yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed() -> Owed {
        let mut owed = Owed::new(3);
        assert_eq!([1, 2, 4].map(|id| owed.admit(id, Way::Sync)), [Admission::Taken; 3]);
        owed
    }

    #[test]
    fn each_request_gets_exactly_one_reply() {
        let mut owed = owed();
        assert_eq!(owed.settle(2), Settling::Goes);
        assert_eq!(owed.settle(2), Settling::Unknown);
        assert_eq!((owed.settle(3), owed.settle(0)), (Settling::Unknown, Settling::Unknown));
        assert_eq!((owed.settle(1), owed.settle(4), owed.pending()), (Settling::Goes, Settling::Goes, 0));
    }

    #[test]
    fn a_request_number_comes_once() {
        let mut owed = owed();
        for id in [0, 1, 3, 4] {
            assert_eq!(owed.admit(id, Way::Sync), Admission::Forged);
        }
    }

    #[test]
    fn requests_beyond_the_cap_get_no_answer() {
        let mut owed = owed();
        assert_eq!(owed.admit(5, Way::Async), Admission::Excess);
        assert_eq!(owed.settle(5), Settling::Unknown);
        owed.settle(1);
        assert_eq!(owed.admit(5, Way::Async), Admission::Forged);
        assert_eq!(owed.admit(6, Way::Async), Admission::Taken);
    }

    #[test]
    fn a_canceled_request_takes_no_reply() {
        let mut owed = owed();
        assert_eq!(owed.cancel(2), Canceling::Told);
        assert_eq!(owed.cancel(2), Canceling::Late);
        assert_eq!((owed.way(1), owed.way(2)), (Some(Way::Sync), None));
        assert!(owed.canceled().eq([2]));
        assert_eq!(owed.settle(2), Settling::Canceled);
        assert_eq!(owed.settle(2), Settling::Unknown);
        assert_eq!(owed.canceled().count(), 0);
    }

    #[test]
    fn a_cancel_of_what_is_gone_does_nothing_and_of_what_never_was_is_a_lie() {
        let mut owed = owed();
        owed.settle(1);
        assert_eq!(owed.cancel(1), Canceling::Late);
        assert_eq!((owed.cancel(0), owed.cancel(5)), (Canceling::Forged, Canceling::Forged));
    }
}
