// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record in hand: read where it lies in the producer's memory, and consumed at one instant.

use cabotage_link::Link;

use super::Consumer;

impl Consumer {
    /// How many bytes the record in hand has.
    #[inline(always)]
    pub(crate) fn record_bytes(&self) -> usize {
        self.link.as_ref().map_or(0, Link::found_bytes)
    }

    /// The number of the record in hand.
    #[inline(always)]
    pub(crate) fn position(&self) -> u64 {
        self.next
    }

    /// Copies bytes of the record in hand.
    #[inline(always)]
    pub(crate) fn read(&self, offset: usize, target: &mut [u8]) -> usize {
        self.link.as_ref().map_or(0, |link| link.copy_found(offset, target))
    }

    /// Consumes the record in hand.
    #[inline(always)]
    pub(crate) fn consume(&mut self) {
        if let Some(link) = &mut self.link {
            // The first number was the producer's word.
            self.next = self.next.wrapping_add(1);
            link.consume_found();
        }
    }
}
