// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rings as a peer sees them that knows only their description: one to write records into, one to read them from.

use std::sync::Arc;

use cabotage_os::map::{Map, MapMut};

use super::frames::{header, pad, words};
use super::lie::Tongue;
use super::link_fields::{RING_BYTE, RING_WORDS, tag};

/// Words that stay free, so that a full ring can be left.
const KEPT_WORDS: usize = 5;

/// The ring that the liar writes.
#[derive(Debug)]
pub struct Pen {
    map: Arc<MapMut>,
    byte: usize,
    words: usize,
    at: usize,
    /// How many words were written over the life of the lane.
    written: u64,
}

impl Pen {
    /// The first ring of an outbox.
    pub fn of_outbox(map: Arc<MapMut>) -> Self {
        Self { map, byte: RING_BYTE, words: RING_WORDS, at: 0, written: 0 }
    }

    /// Goes on in another ring, which fills a segment.
    pub fn go_on_in(&mut self, map: Arc<MapMut>) {
        let words = map.bytes() / 8;
        *self = Self { map, byte: 0, words, at: 0, written: self.written };
    }

    /// How many words were written over the life of the lane.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Whether a record of so many bytes fits behind what the victim has not taken.
    pub fn has_room(&self, body_bytes: usize, taken: u64) -> bool {
        let unread = usize::try_from(self.written.saturating_sub(taken)).unwrap_or(usize::MAX);
        unread.saturating_add(self.filler(body_bytes) + words(body_bytes) + KEPT_WORDS) <= self.words
    }

    /// Writes a record as a good peer would, but for the lie.
    pub fn write(&mut self, tongue: &Tongue, tag: u8, body: &[u8]) {
        let filler = self.filler(body.len());
        if filler > 0 {
            self.put(tongue, tag::PAD, pad(filler), &[], filler);
        }
        self.put(tongue, tag, header(tag, body.len()), body, words(body.len()));
    }

    /// Writes a record under any header.
    pub fn write_under(&mut self, tongue: &Tongue, header: u64, body: &[u8]) {
        let tag = header.to_le_bytes()[4];
        self.put(tongue, tag, header, body, words(body.len()));
    }

    /// How many words are left before the end of the ring, if the record does not fit into them.
    fn filler(&self, body_bytes: usize) -> usize {
        let left = self.words - self.at;
        if words(body_bytes) > left { left } else { 0 }
    }

    fn put(&mut self, tongue: &Tongue, tag: u8, header: u64, body: &[u8], taken: usize) {
        let at = self.place(self.at + 1);
        let mut body = body.to_vec();
        if !body.is_empty() {
            tongue.bend_body(&self.map, at, tag, &mut body);
            self.map.copy_from(at, &body).expect("a record inside the kit's own ring");
        }
        let next = self.place(self.at + taken);
        self.map.store_u64(next, 0).expect("a word of the kit's own ring");
        tongue.write_header(&self.map, self.place(self.at), tag, header);
        self.at = (self.at + taken) % self.words;
        self.written += taken as u64;
    }

    fn place(&self, word: usize) -> usize {
        self.byte + word % self.words * 8
    }
}

/// A record of the victim.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub tag: u8,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// The ring that the victim writes.
#[derive(Debug)]
pub struct Eye {
    map: Arc<Map>,
    byte: usize,
    words: usize,
    at: usize,
    /// How many words were taken over the life of the lane.
    taken: u64,
}

impl Eye {
    /// The first ring of an outbox.
    pub fn of_outbox(map: Arc<Map>) -> Self {
        Self { map, byte: RING_BYTE, words: RING_WORDS, at: 0, taken: 0 }
    }

    /// The first ring once more, or one that fills a segment.
    pub fn go_on_in(&mut self, map: Arc<Map>, is_first: bool) {
        let next = Self::of_outbox(map.clone());
        let words = map.bytes() / 8;
        let next = if is_first { next } else { Self { map, byte: 0, words, at: 0, taken: 0 } };
        *self = Self { taken: self.taken, ..next };
    }

    /// How many words were taken over the life of the lane.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The next record; `None` when there is none.
    pub fn take(&mut self) -> Option<Record> {
        let header = self.map.load_u64(self.byte + self.at * 8).ok().filter(|header| *header != 0)?;
        let bytes = usize::try_from(header & u64::from(u32::MAX)).ok()?;
        let tag = header.to_le_bytes()[4];
        let mut body = vec![0; if tag == tag::PAD { 0 } else { bytes }];
        self.map.copy_to(self.byte + self.at * 8 + 8, &mut body).ok()?;
        self.at = (self.at + words(bytes)) % self.words;
        self.taken += words(bytes) as u64;
        Some(Record { tag, body })
    }
}
