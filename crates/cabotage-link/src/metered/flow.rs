// SPDX-License-Identifier: MIT OR Apache-2.0
//! One write on its way into the ring: which part of it goes next, and how.

/// How far a write has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    /// Its position, once something of it is in the ring.
    pub(super) start: u64,
    /// How many bytes it has.
    pub(super) bytes: usize,
    /// How many of them are in the ring.
    pub(super) sent: usize,
    pub(super) way: Way,
}

/// How a write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing of it is in the ring.
    Waiting,
    /// It was within the quota when it began: complete once all of it is in the ring.
    Firm,
    /// It is above the quota, and complete when enough was read.
    Revocable,
    /// The quota does not bind it: complete once all of it is in the ring.
    Unbound,
}

impl Flow {
    pub(super) fn new(bytes: usize) -> Self {
        Self { start: 0, bytes, sent: 0, way: Way::Waiting }
    }

    /// Whether all of it is in the ring.
    pub(super) fn is_published(&self) -> bool {
        self.way != Way::Waiting && self.sent == self.bytes
    }

    pub(super) fn left(&self) -> usize {
        self.bytes - self.sent
    }

    /// The position after it.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes as u64)
    }

    /// It was taken back, and is to be written once more.
    pub(super) fn restart(&mut self) {
        if self.bytes > 0 {
            *self = Self::new(self.bytes);
        }
    }
}
