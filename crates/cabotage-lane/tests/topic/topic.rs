// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of one topic and its ends, for all tests of this folder.

use std::sync::Arc;

use cabotage_lane::topic::{
    BOARD_WORDS, Memory, Place, Publisher, Sight, Subscriber, WhenSlow, index_words, roster_words,
};
use cabotage_lane::{Fencing, MappedRing, PeerRing, Violation};
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

pub(crate) const RING_WORDS: u64 = 512;
pub(crate) const PLACES: Place = 4;
pub(crate) const HISTORY: u64 = 16;
pub(crate) const BOTH: [WhenSlow; 2] = [WhenSlow::Wait, WhenSlow::Drop];

/// Where the publisher's parts lie in its memory, in bytes.
const RING_AT: usize = 4096;
const INDEX_AT: usize = 8192;
const BYTES: usize = 12288;

pub(crate) type Publishing = Publisher<MappedRing, MappedRing, MappedRing>;
pub(crate) type Reading = Subscriber<PeerRing, PeerRing, MappedRing>;

pub(crate) struct Topic {
    when_slow: WhenSlow,
    own: Arc<MapMut>,
    seen: Arc<Map>,
    roster: Arc<MapMut>,
}

impl Topic {
    pub(crate) fn new(when_slow: WhenSlow) -> Self {
        let memory = Memfd::create("topic", BYTES as u64).unwrap();
        let own = MapOptions::new().read_write(&memory, BYTES).unwrap();
        memory.seal(ONE_WAY).unwrap();
        let seen = MapOptions::new().read_only(&memory, BYTES).unwrap();
        let roster = Memfd::create("roster", RING_AT as u64).unwrap();
        let roster = MapOptions::new().read_write(&roster, RING_AT).unwrap();
        Self { when_slow, own: Arc::new(own), seen: Arc::new(seen), roster: Arc::new(roster) }
    }

    fn roster(&self) -> MappedRing {
        MappedRing::new(self.roster.clone(), 0, roster_words(PLACES)).unwrap()
    }

    /// A publisher, the first one or the next, whose first record has `news` as its port.
    pub(crate) fn publish(&self, news: u32) -> Result<Publishing, Violation> {
        let part = |at, words| MappedRing::new(self.own.clone(), at, words).unwrap();
        let index = part(INDEX_AT, index_words(RING_WORDS, HISTORY));
        let memory = Memory { board: part(0, BOARD_WORDS), index, roster: self.roster() };
        Publisher::resume(part(RING_AT, RING_WORDS), memory, self.when_slow, PLACES, Fencing::Both, news)
    }

    /// A reader at `place`, which begins `history` records before the end.
    pub(crate) fn read(&self, place: Place, history: u64) -> Result<Reading, Violation> {
        let part = |at, words| PeerRing::new(self.seen.clone(), at, words).unwrap();
        let index = part(INDEX_AT, index_words(RING_WORDS, HISTORY));
        let memory = Memory { board: part(0, BOARD_WORDS), index, roster: self.roster() };
        Subscriber::join(part(RING_AT, RING_WORDS), memory, self.when_slow, place, Fencing::Both, history)
    }

    /// Puts a word into the ring, by no rule.
    pub(crate) fn forge(&self, word_at: usize, word: u64) {
        self.own.store_u64(RING_AT + word_at * 8, word).unwrap();
    }

    /// Puts a word into the index, by no rule.
    pub(crate) fn forge_index(&self, word_at: usize, word: u64) {
        self.own.store_u64(INDEX_AT + word_at * 8, word).unwrap();
    }
}

/// The body of record `number`.
pub(crate) fn body(number: u64) -> Vec<u8> {
    (0..number * 37 % 300).map(|at| (number + at).to_le_bytes()[0]).collect()
}

/// Publishes the next record, for which there must be room.
pub(crate) fn send(publisher: &mut Publishing) -> bool {
    publisher.send(&body(publisher.published() + 1)).unwrap()
}

/// Takes the next record, checked; answers its number, or `None` if there is none.
pub(crate) fn next(reader: &mut Reading) -> Option<u64> {
    match reader.look().unwrap() {
        Sight::Record(shape) | Sight::First(shape) => {
            let (number, mut copy) = (reader.number(), vec![0; shape.bytes()]);
            assert_eq!(reader.take(&mut copy), Ok(shape.bytes()));
            assert_eq!(copy, body(number), "record {number}");
            Some(number)
        }
        Sight::Empty => None,
        Sight::Overtaken => panic!("overtaken at record {}", reader.number()),
    }
}

/// Takes everything that is there; answers the numbers.
pub(crate) fn drain(reader: &mut Reading) -> Vec<u64> {
    std::iter::from_fn(|| next(reader)).collect()
}
