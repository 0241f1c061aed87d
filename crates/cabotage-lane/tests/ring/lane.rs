// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two outboxes and the lane from one to the other, for all tests of this folder.

use std::sync::Arc;

use cabotage_lane::ring::{Event, Receiver, Sender, TheirRing};
use cabotage_lane::{Controls, Fencing, MappedControls, MappedRing, PeerRing, Port, Tag, Violation};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

pub(crate) const RING_BYTES: usize = 4096;
pub(crate) const RING_WORDS: u64 = 512;
pub(crate) const OUTBOX_BYTES: usize = 2 * RING_BYTES;
pub(crate) const TAG: Tag = 16;
pub(crate) const PORT: Port = 5;

pub(crate) type MappedSender = Sender<MappedRing, MappedControls>;
pub(crate) type MappedReceiver = Receiver<PeerRing, MappedControls>;

pub(crate) struct Lane {
    pub(crate) sender: MappedSender,
    pub(crate) receiver: MappedReceiver,
    /// The sender's outbox, for lying in it, and as the receiver sees it.
    pub(crate) outbox: Arc<MapMut>,
    pub(crate) outbox_seen: Arc<Map>,
    /// The receiver's outbox, for lying in it, and as the sender sees it.
    pub(crate) inbox: Arc<MapMut>,
    pub(crate) inbox_seen: Arc<Map>,
}

/// Sealed memory: its owner's map, and its reader's.
pub(crate) fn memory(bytes: usize) -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("outbox", bytes as u64).unwrap();
    let own = MapOptions::new().read_write(&memory, bytes).unwrap();
    memory.seal(ONE_WAY).unwrap();
    (Arc::new(own), Arc::new(MapOptions::new().read_only(&memory, bytes).unwrap()))
}

/// A lane between two outboxes, each with control words in its first page and a ring in its second.
pub(crate) fn lane() -> Lane {
    let ((outbox, outbox_seen), (inbox, inbox_seen)) = (memory(OUTBOX_BYTES), memory(OUTBOX_BYTES));
    let ring = MappedRing::new(outbox.clone(), RING_BYTES, RING_WORDS).unwrap();
    let peer_ring = PeerRing::new(outbox_seen.clone(), RING_BYTES, RING_WORDS).unwrap();
    let sending = MappedControls::new(outbox.clone(), inbox_seen.clone()).unwrap();
    let receiving = MappedControls::new(inbox.clone(), outbox_seen.clone()).unwrap();
    Lane {
        sender: Sender::new(ring, sending),
        receiver: Receiver::new(peer_ring, receiving, Fencing::Both),
        outbox,
        outbox_seen,
        inbox,
        inbox_seen,
    }
}

/// The same with a ring of `words` words in a segment of its own.
pub(crate) fn lane_of(words: u64) -> Lane {
    let (lane, (ring, peer_ring)) = (lane(), segment(words));
    let sending = MappedControls::new(lane.outbox.clone(), lane.inbox_seen.clone()).unwrap();
    let receiving = MappedControls::new(lane.inbox.clone(), lane.outbox_seen.clone()).unwrap();
    let receiver = Receiver::new(peer_ring, receiving, Fencing::Both);
    Lane { sender: Sender::new(ring, sending), receiver, ..lane }
}

/// A ring in a segment of its own, as its two ends see it.
pub(crate) fn segment(words: u64) -> (MappedRing, PeerRing) {
    let (own, seen) = memory(usize::try_from(words * 8).unwrap().max(RING_BYTES));
    (MappedRing::new(own, 0, words).unwrap(), PeerRing::new(seen, 0, words).unwrap())
}

/// Sends one record at once; answers whether to ring.
pub(crate) fn send(sender: &mut MappedSender, body: &[u8]) -> bool {
    sender.stage(TAG, PORT, body).unwrap();
    sender.publish()
}

/// The next record's body, or `None` when there is none.
pub(crate) fn next<R: TheirRing, C: Controls>(
    receiver: &mut Receiver<R, C>,
) -> Result<Option<Vec<u8>>, Violation> {
    match receiver.receive()? {
        Event::Record(record) => {
            let mut body = vec![0; record.bytes()];
            assert_eq!(record.copy_to(&mut body), body.len());
            assert_eq!((record.tag(), record.port()), (TAG, PORT));
            Ok(Some(body))
        }
        _ => Ok(None),
    }
}

/// A body that tells its number.
pub(crate) fn body(number: usize) -> Vec<u8> {
    let bytes = number * 37 % 700;
    (0..bytes).map(|at| u8::try_from((number + at) % 256).unwrap()).collect()
}

/// What a header looks like in the ring.
pub(crate) const fn header(tag: u64, bytes: u64) -> u64 {
    tag << 32 | bytes
}

/// Puts a word into the ring of an outbox, by no rule.
pub(crate) fn forge(outbox: &MapMut, word_at: usize, word: u64) {
    outbox.store_u64(RING_BYTES + word_at * 8, word).unwrap();
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap() % end
    }

    /// A word that a receiver may well stumble over: a boundary of some rule, a likely header, or any word at all.
    pub(crate) fn word(&mut self) -> u64 {
        const BOUNDARIES: [u64; 18] = [
            0,
            1,
            u64::MAX,
            1 << 63,
            header(0, 8),
            header(1, 0),
            header(1, 8),
            header(1, 4088),
            header(2, 4),
            header(2, 8),
            header(2, 9),
            header(3, 4),
            header(3, 0),
            header(15, 8),
            header(16, 0),
            header(16, 1504),
            header(16, 1505),
            header(255, 0xFFFF_FFFF),
        ];
        let word = self.next();
        match word >> 60 {
            0..8 => BOUNDARIES[self.below(BOUNDARIES.len())],
            8..14 => header(word >> 8 & 0x13, word & 0xFF),
            _ => word,
        }
    }

    /// Mostly plain headers of short records, so that a lane lives for a while.
    pub(crate) fn likely_word(&mut self) -> u64 {
        match self.next() >> 32 {
            pick if pick % 16 == 0 => self.word(),
            pick => header(16, pick & 0x18),
        }
    }
}
