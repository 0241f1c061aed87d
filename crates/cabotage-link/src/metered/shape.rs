// SPDX-License-Identifier: MIT OR Apache-2.0
//! What both ends of a metered link must know alike, and the ring that follows from it.

use crate::outbox::{FIRST_RING_WORDS, RING_BYTES_MAX};

/// Whether a link keeps the borders between writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// It does not: bytes in order. A write of no bytes is nothing.
    #[default]
    Bytes,
    /// Each write is a message. One of no bytes is a message too.
    Messages,
}

/// How much of what is there a read takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadMode {
    /// As many bytes as there are, across the borders of messages.
    #[default]
    Bytes,
    /// At most one message. A link that keeps no borders has none.
    Message,
}

/// The shape of a metered link, as one of its ends sees it: what is `out` for one is `in` for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The same for both directions.
    pub framing: Framing,
    /// How many bytes that this end has written may be unread before its writes wait.
    pub out_quota_bytes: u64,
    /// The same for the peer's writes.
    pub in_quota_bytes: u64,
}

/// The largest quota, in bytes; a larger one counts as this.
pub const QUOTA_BYTES_MAX: u64 = RING_BYTES_MAX / 2;

impl Shape {
    /// The same link, seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { out_quota_bytes: self.in_quota_bytes, in_quota_bytes: self.out_quota_bytes, ..self }
    }

    pub(super) fn capped(self) -> Self {
        Self {
            out_quota_bytes: self.out_quota_bytes.min(QUOTA_BYTES_MAX),
            in_quota_bytes: self.in_quota_bytes.min(QUOTA_BYTES_MAX),
            ..self
        }
    }

    /// How many words the ring for our writes has. It holds what the quota allows and as much again, since the writer
    /// is told in quarters of a ring what was consumed; more than a quota is on its way while a stream flows.
    pub(super) fn ring_words(self) -> u64 {
        let bytes = self.out_quota_bytes.saturating_mul(2).clamp(FIRST_RING_WORDS * 8, RING_BYTES_MAX);
        bytes.next_power_of_two() / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_holds_the_quota_in_one_write_and_is_never_longer_than_a_peer_takes() {
        for quota in [0, 1, 512, 4096, 5000, 65_536, 1 << 20, QUOTA_BYTES_MAX, u64::MAX] {
            let shape = Shape { framing: Framing::Bytes, out_quota_bytes: quota, in_quota_bytes: 0 }.capped();
            let bytes = shape.ring_words() * 8;
            assert!(bytes.is_power_of_two() && (4096..=RING_BYTES_MAX).contains(&bytes), "{quota}: {bytes}");
            assert!(bytes >= 2 * shape.out_quota_bytes, "{quota}: {bytes}");
        }
    }
}
