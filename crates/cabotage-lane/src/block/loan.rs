// SPDX-License-Identifier: MIT OR Apache-2.0
//! A block that is ours to write: until it is sent, or dropped and so given back to the pool.

use std::sync::Arc;

use super::{Sent, Slot};
use crate::sync::{AtomicU64, Ordering};

/// Memory that nobody else writes or reads until it is sent. Dropping it unsent gives it back, from any thread.
#[derive(Debug)]
pub struct Loan<M> {
    pub(super) slot: Slot,
    pub(super) number: u64,
    pub(super) segment: u32,
    pub(super) memory: M,
    pub(super) bytes: usize,
    /// Taken when the loan is sent.
    pub(super) pool: Option<Arc<Dropped>>,
}

/// The slots whose loans were dropped unsent, one bit each: the pool's own mailbox, in private memory.
#[derive(Debug, Default)]
pub(super) struct Dropped(AtomicU64);

impl<M> Loan<M> {
    /// How many bytes the block has.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes the block shorter; a longer one it does not become.
    pub fn truncate(&mut self, bytes: usize) {
        self.bytes = self.bytes.min(bytes);
    }

    /// Where it lies.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The record that tells the peer of it.
    pub fn record(&self) -> Sent {
        Sent {
            segment: self.segment,
            slot: u32::from(self.slot.0),
            loan: self.number,
            bytes: self.bytes as u64,
        }
    }

    /// Whether it was taken from the pool that looks into this mailbox.
    pub(super) fn is_of(&self, pool: &Arc<Dropped>) -> bool {
        self.pool.as_ref().is_some_and(|own| Arc::ptr_eq(own, pool))
    }
}

impl<M> Drop for Loan<M> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.add(self.slot);
        }
    }
}

impl Dropped {
    fn add(&self, slot: Slot) {
        // Release: what the user wrote comes before what the next user writes.
        self.0.fetch_or(slot.bit(), Ordering::Release);
    }

    /// The bits of all slots dropped since the last call; fence before acting on them.
    #[inline]
    pub(super) fn collect(&self) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            0 => 0,
            _some => self.0.swap(0, Ordering::Relaxed),
        }
    }
}
