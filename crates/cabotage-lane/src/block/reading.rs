// SPDX-License-Identifier: MIT OR Apache-2.0
//! A block in a peer's memory, readable where it lies until it is dropped.

use std::ops::Deref;
use std::sync::Arc;

use cabotage_os::SystemError;
use cabotage_os::copy::{prefetch_to_read, prefetch_to_write};
use cabotage_os::fork::Origin;
use cabotage_os::map::Map;

use super::borrowed::{Borrowed, GiveBack, Held, Returns};
use super::{Sent, Slot, ends};
use crate::control::Controls;
use crate::memory::MappedControls;
use crate::span::{Claim, Span};
use crate::violation::Violation;

/// A block of the peer: a [`Span`] that is given back when it is dropped. It may be sent to other threads, and it
/// outlives its link. Until then its owner does not use the memory again, if it is honest.
#[derive(Debug)]
pub struct Block<G: GiveBack> {
    span: Span,
    held: Held<G>,
}

impl<G: GiveBack> Block<G> {
    /// The number of its loan, unlike that of any other block of the same link and direction.
    pub fn loan(&self) -> u64 {
        self.held.loan()
    }
}

impl<G: GiveBack> Deref for Block<G> {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl<C: Controls> Borrowed<C> {
    /// Admits the record of a block that lies in `map`, which the caller found by the record's segment.
    ///
    /// # Errors
    /// As [`Borrowed::admit`]; [`Violation::Claim`] if the block does not lie inside the map.
    pub fn block<G: GiveBack>(
        &mut self,
        sent: Sent,
        map: &Arc<Map>,
        giver: G,
    ) -> Result<Block<G>, Violation> {
        let span = Claim { offset: 0, bytes: sent.bytes }.admit(map)?;
        let held = self.admit(sent, giver)?;
        // What is read of a block first is mostly at its ends; and it will be given back.
        for end in ends(span.as_ptr(), span.bytes()) {
            prefetch_to_read(end);
        }
        prefetch_to_write(&raw const self.controls.own().returned[held.slot().index()]);
        Ok(Block { span, held })
    }
}

/// [`Returns`] over mapped control words. In a forked child, where those are gone and the blocks are the parent's,
/// giving back does nothing.
#[derive(Debug)]
pub struct MappedReturns {
    returns: Returns<MappedControls>,
    origin: Origin,
}

impl MappedReturns {
    /// For the present process.
    ///
    /// # Errors
    /// As [`Origin::here`].
    pub fn new(controls: MappedControls) -> Result<Self, SystemError> {
        Ok(Self { returns: Returns::new(controls), origin: Origin::here()? })
    }

    /// As [`Returns::give_back`].
    #[must_use = "an owner that sleeps must be rung"]
    pub fn give_back(&self, slot: Slot, loan: u64) -> bool {
        self.origin.is_here() && self.returns.give_back(slot, loan)
    }
}
