// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands after the writer is gone: decided once, by the reader alone, at the moment it hears of it.

use super::gap::{Gap, reach};

/// The reader's verdict on all that it had not taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aftermath {
    /// What the writer withdrew, or died withdrawing.
    gap: Option<Gap>,
    /// Where complete writes ended.
    complete: u64,
}

impl Aftermath {
    /// For a reader that has taken, or said it would take, everything before `taken`.
    pub(super) fn new(taken: u64, quota: u64, gap: Option<Gap>) -> Self {
        Self { gap, complete: reach(taken, quota, gap) }
    }

    /// Up to where the write that goes on at `position` and ends at `write_end` stands.
    pub(super) fn stands(&self, position: u64, write_end: u64) -> u64 {
        match self.gap {
            // The part of a withdrawn write that the reader had said it would take.
            Some(Gap { from, to }) if position < to && write_end > from => from,
            _ if write_end <= self.complete => write_end,
            _ => position,
        }
    }
}
