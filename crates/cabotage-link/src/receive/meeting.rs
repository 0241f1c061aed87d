// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a receiving half learns of its peer: who it is, and the memory that it writes.

use std::sync::Arc;

use cabotage_lane::block::{Borrowed, MappedReturns};
use cabotage_lane::ring::Receiver;
use cabotage_lane::{MappedControls, PeerRing};
use cabotage_os::Deadline;

use super::{Giver, Incoming};
use crate::core::Core;
use crate::error::{LinkError, PeerFault, ReceiveError};
use crate::outbox::{FIRST_RING_WORDS, RING_OFFSET};

impl Incoming {
    /// Takes what has come over the socket and belongs to this half.
    pub(crate) fn pick_up(&mut self, core: &Arc<Core>) -> Result<(), LinkError> {
        if self.lane.is_some() {
            return Ok(());
        }
        // In this order: another thread may file while we look, and once the outbox is there no early one follows.
        let outbox = core.their_outbox();
        while let Some(message) = core.desk().take_early() {
            self.early.push_back(message);
        }
        let Some((theirs, fencing)) = outbox else { return Ok(()) };
        let own = core.own_outbox()?;
        let ring = PeerRing::new(theirs.clone(), RING_OFFSET, FIRST_RING_WORDS);
        let (Some(ring), Some(controls)) = (ring, MappedControls::new(own, theirs)) else {
            return Err(core.end_with(PeerFault::Order("handed over an outbox without room").into()));
        };
        self.first_ring = Some(ring.clone());
        self.borrowed = Some(Borrowed::new(controls.clone()));
        let returns = MappedReturns::new(controls.clone())?;
        self.giver = Some(Arc::new(Giver::new(returns, core)));
        self.lane = Some(Receiver::new(ring, controls, fencing));
        Ok(())
    }

    /// Waits until the peer has said HELLO.
    pub(crate) fn wait_for_peer(&mut self, core: &Arc<Core>, deadline: Deadline) -> Result<(), ReceiveError> {
        core.check_here()?;
        core.greet()?;
        loop {
            let mark = core.mark();
            core.pump()?;
            if core.desk().hello.is_some() {
                return Ok(self.pick_up(core)?);
            }
            if let Some(error) = core.end() {
                return Err(error.into());
            }
            match core.sleep(mark, deadline) {
                Ok(()) => {}
                Err(None) => return Err(ReceiveError::Nothing),
                Err(Some(error)) => return Err(error.into()),
            }
        }
    }
}
