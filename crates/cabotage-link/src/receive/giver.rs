// SPDX-License-Identifier: MIT OR Apache-2.0
//! Giving blocks back: done by dropping them, wherever that happens.

use std::sync::{Arc, Weak};

use cabotage_lane::block::{GiveBack, MappedReturns, Slot};

use crate::core::Core;

/// Gives the peer's blocks back, on whatever thread they are dropped. Once the link is gone nobody is rung.
#[derive(Debug)]
pub struct Giver {
    returns: MappedReturns,
    core: Weak<Core>,
}

impl Giver {
    pub(super) fn new(returns: MappedReturns, core: &Arc<Core>) -> Self {
        Self { returns, core: Arc::downgrade(core) }
    }
}

impl GiveBack for Giver {
    fn give_back(&self, slot: Slot, loan: u64) {
        // The word lies in memory of our own, which is there as long as this is.
        if self.returns.give_back(slot, loan)
            && let Some(core) = self.core.upgrade()
        {
            core.ring_sender();
        }
    }
}
