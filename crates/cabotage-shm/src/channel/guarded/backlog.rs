// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records that no consumer has consumed, while there is none: as many as an empty ring takes, so that all of them find
//! room in the next one's.

use std::collections::VecDeque;

use cabotage_link::direct::{message_cost, room_bytes};

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    lengths: VecDeque<usize>,
    /// What is left of the ring that they will go into.
    room: usize,
    ring_bytes: usize,
}

impl Backlog {
    pub(super) fn new(ring_bytes: usize) -> Self {
        Self { bytes: Vec::new(), lengths: VecDeque::new(), room: room_bytes(ring_bytes), ring_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Whether a record of so many bytes has room.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        message_cost(bytes) <= self.room
    }

    /// Keeps a record; the caller knows that it has room.
    pub(super) fn push(&mut self, record: &[u8]) {
        self.room = self.room.saturating_sub(message_cost(record.len()));
        self.bytes.extend_from_slice(record);
        self.lengths.push_back(record.len());
    }

    /// All records, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        self.lengths.iter().map(move |&bytes| {
            let record = &self.bytes[at..at + bytes];
            at += bytes;
            record
        })
    }

    /// Forgets all records and their memory.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.ring_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_an_empty_ring_takes_and_gives_it_back_in_order() {
        let mut backlog = Backlog::new(4096);
        let mut kept = Vec::new();
        for bytes in (0..).map(|number| number * 37 % 300) {
            if !backlog.has_room(bytes) {
                break;
            }
            let record = vec![u8::try_from(bytes % 256).unwrap(); bytes];
            backlog.push(&record);
            kept.push(record);
        }
        assert!(kept.len() > 10);
        assert_eq!(backlog.iter().collect::<Vec<_>>(), kept);
        backlog.clear();
        assert!(backlog.is_empty() && backlog.has_room(1000));
    }
}
