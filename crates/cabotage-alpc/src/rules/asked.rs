// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one side has asked the other: each request has a number that was never used before, and gets one answer.
//!
//! Numbers only grow. So an answer to a number of ours that waits no more is late and dropped, and one to a number
//! that we never gave is a lie.

use std::collections::VecDeque;

/// Whether an asker is blocked until its answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is, and may be called back meanwhile.
    Sync,
    /// It is not.
    Async,
}

/// What an answer that came is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What a request waited for; it waits no more.
    Expected(Way),
    /// Too late: its request was canceled or answered.
    Late,
    /// Nobody asked.
    Forged,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Asked {
    last: u64,
    /// In the order in which they were asked, so their numbers ascend.
    waiting: VecDeque<(u64, Way)>,
}

impl Asked {
    /// A new request; answers its number, which is never 0.
    #[inline]
    pub(crate) fn ask(&mut self, way: Way) -> u64 {
        self.last += 1;
        self.waiting.push_back((self.last, way));
        self.last
    }

    #[inline]
    fn place(&self, id: u64) -> Option<usize> {
        match self.waiting.back() {
            Some((last, _)) if *last == id => Some(self.waiting.len() - 1),
            _ => self.waiting.binary_search_by_key(&id, |(id, _)| *id).ok(),
        }
    }

    /// How the request waits, if it does.
    pub(crate) fn way(&self, id: u64) -> Option<Way> {
        self.place(id).map(|at| self.waiting[at].1)
    }

    /// An answer to `id` came.
    #[inline]
    pub(crate) fn answered(&mut self, id: u64) -> Answer {
        match self.place(id).and_then(|at| self.waiting.remove(at)) {
            Some((_, way)) => Answer::Expected(way),
            None if self.was_given(id) => Answer::Late,
            None => Answer::Forged,
        }
    }

    /// As [`Asked::answered`], for the request that was asked last, which mostly waits alone: answers whether it waited,
    /// and changes nothing if it did not.
    #[inline]
    pub(crate) fn last_answered(&mut self, id: u64) -> bool {
        let waited = self.waiting.back().is_some_and(|(last, _)| *last == id);
        if waited {
            self.waiting.pop_back();
        }
        waited
    }

    /// Whether this number was ever given to a request.
    pub(crate) fn was_given(&self, id: u64) -> bool {
        (1..=self.last).contains(&id)
    }

    /// The asker does not wait any more; answers whether it did.
    pub(crate) fn forget(&mut self, id: u64) -> bool {
        self.place(id).and_then(|at| self.waiting.remove(at)).is_some()
    }

    /// The other side is gone: the next request that gets no answer, in the order of asking.
    pub(crate) fn lose(&mut self) -> Option<(u64, Way)> {
        self.waiting.pop_front()
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_matched_by_its_message_id() {
        let mut asked = Asked::default();
        let ids: Vec<_> = [Way::Async, Way::Sync, Way::Async].into_iter().map(|way| asked.ask(way)).collect();
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(asked.answered(2), Answer::Expected(Way::Sync));
        assert_eq!(asked.answered(3), Answer::Expected(Way::Async));
        assert_eq!(asked.answered(1), Answer::Expected(Way::Async));
        assert_eq!(asked.waiting(), 0);
    }

    #[test]
    fn a_second_or_late_reply_is_dropped() {
        let mut asked = Asked::default();
        let (first, second) = (asked.ask(Way::Sync), asked.ask(Way::Async));
        asked.answered(first);
        assert!(asked.forget(second) && !asked.forget(second));
        assert_eq!(asked.answered(first), Answer::Late);
        assert_eq!(asked.answered(second), Answer::Late);
    }

    #[test]
    fn a_reply_that_nobody_asked_for_is_a_lie() {
        let mut asked = Asked::default();
        asked.ask(Way::Sync);
        for id in [0, 2, u64::MAX] {
            assert_eq!(asked.answered(id), Answer::Forged);
        }
    }

    #[test]
    fn what_waits_when_the_other_side_goes_is_lost_in_order() {
        let mut asked = Asked::default();
        asked.ask(Way::Async);
        asked.ask(Way::Sync);
        assert_eq!(
            (asked.lose(), asked.lose(), asked.lose()),
            (Some((1, Way::Async)), Some((2, Way::Sync)), None)
        );
    }
}
