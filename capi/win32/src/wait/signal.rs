// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be signalled, and what a wait does to it. Changed only with the dispatcher's lock held.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What becomes of a signal when a wait has taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// It stays until somebody resets it.
    Manual,
    /// It is gone: one waiter has it.
    Auto,
    /// Each time it was set counts for one waiter.
    Counting,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Signal {
    reset: Reset,
    count: AtomicU64,
    is_closed: AtomicBool,
}

impl Signal {
    pub(crate) fn new(reset: Reset, is_set: bool) -> Self {
        Self { reset, count: AtomicU64::new(is_set.into()), is_closed: AtomicBool::new(false) }
    }

    pub(super) fn set(&self) {
        let count = if self.reset == Reset::Counting { self.count.load(Ordering::Relaxed) + 1 } else { 1 };
        self.count.store(count, Ordering::Relaxed);
    }

    pub(super) fn reset(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    pub(super) fn is_set(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// A wait has it.
    pub(super) fn take(&self) {
        if self.reset != Reset::Manual {
            self.count.store(self.count.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
        }
    }
}
