// SPDX-License-Identifier: MIT OR Apache-2.0
//! Giving blocks back: done by dropping them, wherever that happens.

use std::sync::{Arc, Weak};

use cabotage_lane::block::{GiveBack, MappedReturns, Slot};

use crate::core::Core;

/// Gives the peer's blocks back, on whatever thread they are dropped, as long as the link is there.
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
        let Some(core) = self.core.upgrade() else { return };
        if self.returns.give_back(slot, loan) {
            core.ring_sender();
        }
    }
}
