// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which requests of one client wait for nothing any more although somebody has them: for those who are at them, in
//! whatever thread, and do not have the port.
//!
//! Written only when a request is canceled or a channel ends, and read only by who asks, so that a request that is
//! simply answered pays nothing for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Over {
    is_gone: AtomicBool,
    canceled: Mutex<Vec<u64>>,
}

impl Over {
    /// These are canceled, and none of those that were canceled before and are let go of meanwhile: as many as the
    /// client may have open at most.
    pub(super) fn set(&self, canceled: impl Iterator<Item = u64>) {
        let mut known = self.canceled.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
        known.extend(canceled);
    }

    /// The channel is over, and all requests with it.
    pub(super) fn set_gone(&self) {
        self.is_gone.store(true, Ordering::Release);
    }

    /// Whether this request is over.
    pub(super) fn contains(&self, id: u64) -> bool {
        let is_canceled = || self.canceled.lock().unwrap_or_else(PoisonError::into_inner).contains(&id);
        self.is_gone.load(Ordering::Acquire) || is_canceled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_canceled_is_over_and_at_the_end_everything_is() {
        let over = Over::default();
        assert!(!over.contains(1));
        over.set([1, 3].into_iter());
        assert!(over.contains(1) && !over.contains(2));
        over.set([3].into_iter());
        assert!(!over.contains(1) && over.contains(3));
        over.set_gone();
        assert!(over.contains(1));
    }
}
