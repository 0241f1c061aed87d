// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reader's side of blocks: which records may be believed, and how a block is given back.
//!
//! A slot is out with us exactly while the word that we stored for it differs from the last loan that we admitted, so
//! the table of what is out *is* the row of words that the owner reads.

use super::{Sent, Slot};
use crate::control::{BLOCK_SLOTS, Controls};
use crate::sync::{AtomicU64, Ordering, fence};
use crate::violation::Violation;

/// The peer's blocks, as its records tell of them.
#[derive(Debug)]
pub struct Borrowed<C> {
    pub(super) controls: C,
    /// For each slot the number of the last loan admitted.
    last: [u64; BLOCK_SLOTS],
}

/// What a block that is dropped calls, on whatever thread and in whatever process: it must neither fail nor wait.
/// It ends in [`Returns::give_back`], and rings the peer if that says so.
pub trait GiveBack {
    /// Gives back the block in this slot.
    fn give_back(&self, slot: Slot, loan: u64);
}

impl<G: GiveBack + ?Sized> GiveBack for std::sync::Arc<G> {
    fn give_back(&self, slot: Slot, loan: u64) {
        (**self).give_back(slot, loan);
    }
}

/// A block that is out with us. Dropping it gives it back.
#[derive(Debug)]
pub struct Held<G: GiveBack> {
    slot: Slot,
    loan: u64,
    giver: G,
}

impl<C: Controls> Borrowed<C> {
    /// The blocks of a peer that has sent none yet.
    pub fn new(controls: C) -> Self {
        Self { controls, last: [0; BLOCK_SLOTS] }
    }

    /// Admits the record of a block; `giver` is called when it is dropped. Where the block lies is another question.
    ///
    /// # Errors
    /// The slot does not exist ([`Violation::Slot`]), is out with us ([`Violation::SlotOut`]), or the loan's number
    /// is not above the one before ([`Violation::Loan`]).
    pub fn admit<G: GiveBack>(&mut self, sent: Sent, giver: G) -> Result<Held<G>, Violation> {
        let slot = Slot::admit(sent.slot)?;
        let last = &mut self.last[slot.index()];
        // Relaxed: only this end writes its own words. An owner that saw ours, and so may send the slot again, saw it
        // before the record that brought us here.
        if self.controls.own().returned[slot.index()].load(Ordering::Relaxed) != *last {
            return Err(Violation::SlotOut { slot: sent.slot, loan: sent.loan });
        }
        if sent.loan <= *last {
            return Err(Violation::Loan { loan: sent.loan, last: *last });
        }
        *last = sent.loan;
        Ok(Held { slot, loan: sent.loan, giver })
    }
}

impl<G: GiveBack> Held<G> {
    #[cfg(not(loom))]
    pub(super) fn slot(&self) -> Slot {
        self.slot
    }

    /// The number of the loan.
    pub fn loan(&self) -> u64 {
        self.loan
    }
}

impl<G: GiveBack> Drop for Held<G> {
    fn drop(&mut self) {
        self.giver.give_back(self.slot, self.loan);
    }
}

/// What all blocks of one peer share: the words by which they are given back, and which sleep of the owner was
/// answered last.
#[derive(Debug)]
pub struct Returns<C> {
    controls: C,
    answered: AtomicU64,
}

impl<C: Controls> Returns<C> {
    /// Over the words of a link that has given nothing back yet.
    pub fn new(controls: C) -> Self {
        Self { controls, answered: AtomicU64::new(0) }
    }

    /// Tells the owner that the block in this slot is its own again. Answers whether it sleeps until one comes back,
    /// and must be rung.
    #[must_use = "an owner that sleeps must be rung"]
    pub fn give_back(&self, slot: Slot, loan: u64) -> bool {
        // Release: what we read of the block comes before what its owner writes into it next.
        self.controls.own().returned[slot.index()].store(loan, Ordering::Release);
        // Either the owner's last look finds the word, or this look finds that it sleeps.
        fence(Ordering::SeqCst);
        let sleep = self.controls.peer().state.wants_block.load(Ordering::Relaxed);
        sleep != 0 && self.answered.swap(sleep, Ordering::Relaxed) != sleep
    }
}
