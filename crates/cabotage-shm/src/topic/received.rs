// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that a subscriber has got: a copy of its own, with its number and what was lost before it.

use cabotage_lane::{Plain, value_of};

/// A record, copied out of the topic; it lies in the subscriber's buffer until the next call.
#[derive(Debug)]
pub struct Received<'subscriber> {
    body: &'subscriber [u8],
    number: u64,
    lost: u64,
}

impl<'subscriber> Received<'subscriber> {
    #[inline]
    pub(super) fn new(body: &'subscriber [u8], number: u64, lost: u64) -> Self {
        Self { body, number, lost }
    }

    /// How many bytes it has.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Its bytes, which nobody changes any more.
    #[inline]
    pub fn as_slice(&self) -> &'subscriber [u8] {
        self.body
    }

    /// Copies its start; answers how many bytes.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> usize {
        let bytes = self.body.len().min(target.len());
        target[..bytes].copy_from_slice(&self.body[..bytes]);
        bytes
    }

    /// A copy of its bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.body.to_vec()
    }

    /// The plain value that its bytes are; `None` if it has another number of bytes.
    #[inline]
    pub fn value<T: Plain>(&self) -> Option<T> {
        value_of(self.body)
    }

    /// The number of the record, counted from 1 over the life of the topic.
    #[inline]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How many records right before this one the subscriber lost, because it was slow. Always 0 where the publisher
    /// waits for the slow.
    #[inline]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
