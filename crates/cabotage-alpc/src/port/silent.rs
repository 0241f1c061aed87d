// SPDX-License-Identifier: MIT OR Apache-2.0
//! Those who have connected and not said what they want: each is given so long.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use cabotage_link::Key;
use cabotage_os::Deadline;

/// How long one may take to ask to be let in. A client of ours asks with its first words.
const ASK_WITHIN: Duration = Duration::from_secs(10);

/// See the [module](self). Who has asked, or is gone, stays in it until its time and is found to be so then.
#[derive(Debug, Default)]
pub(super) struct Silent {
    /// In the order in which they came, and so in which their time is up.
    waiting: VecDeque<(Instant, Key)>,
}

impl Silent {
    pub(super) fn add(&mut self, key: Key) {
        self.waiting.push_back((Instant::now() + ASK_WITHIN, key));
    }

    /// Whether there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next one's time is up.
    #[inline]
    pub(super) fn next(&self) -> Deadline {
        self.waiting.front().map_or(Deadline::Never, |(instant, _)| Deadline::At(*instant))
    }

    /// Forgets those in front for whom this holds.
    pub(super) fn forget_while(&mut self, is_over: impl Fn(Key) -> bool) {
        while self.waiting.front().is_some_and(|(_, key)| is_over(*key)) {
            self.waiting.pop_front();
        }
    }

    /// The next one whose time is up.
    pub(super) fn take(&mut self) -> Option<Key> {
        if !self.next().has_passed() {
            return None;
        }
        self.waiting.pop_front().map(|(_, key)| key)
    }
}
