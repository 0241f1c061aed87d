// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the words really lie: in maps of sealed memory, ours writable, the peer's read-only.
//!
//! The only references into memory that another process writes are made here, and they are atomics. Bounds are
//! checked once more at every access, so that no mistake in the ring's arithmetic can reach beyond a map.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cabotage_os::copy::{copy_in, copy_out};
use cabotage_os::map::{Map, MapMut};

use crate::control::{Control, Controls};
use crate::record::WORD_BYTES;
use crate::ring::{OwnRing, TheirRing};

/// The longest ring, in words: 1 GiB.
pub const RING_WORDS_MAX: u64 = 1 << 27;

/// A ring that this end writes.
#[derive(Debug, Clone)]
pub struct MappedRing {
    map: Arc<MapMut>,
    part: Part,
}

/// A ring that the peer writes.
#[derive(Debug, Clone)]
pub struct PeerRing {
    map: Arc<Map>,
    part: Part,
}

/// The control words of both ends, each at the start of its outbox.
#[derive(Debug, Clone)]
pub struct MappedControls {
    own: Arc<MapMut>,
    peer: Arc<Map>,
}

/// Which words of a map the ring is.
#[derive(Debug, Clone, Copy)]
struct Part {
    first_byte: usize,
    words: u64,
}

impl Part {
    /// A part that lies inside a map of `map_bytes`, aligned, with a power of two of words.
    fn admit(map_bytes: usize, first_byte: usize, words: u64) -> Option<Self> {
        let bytes = usize::try_from(words).ok()?.checked_mul(WORD_BYTES)?;
        let inside = first_byte.checked_add(bytes)? <= map_bytes;
        let shape = words.is_power_of_two() && (8..=RING_WORDS_MAX).contains(&words);
        (inside && shape && first_byte.is_multiple_of(WORD_BYTES)).then_some(Self { first_byte, words })
    }

    /// The byte offset of `bytes` bytes from word `at` on.
    #[inline]
    fn offset(&self, at: u64, bytes: usize) -> usize {
        let words = bytes.div_ceil(WORD_BYTES) as u64;
        assert!(at < self.words && words <= self.words - at, "the ring's arithmetic left the ring");
        // Below the ring's size, which fitted into `usize` when it was admitted.
        self.first_byte + usize::try_from(at).unwrap_or(usize::MAX) * WORD_BYTES
    }
}

impl MappedRing {
    /// The `words` words from `first_byte` of a map on; `None` unless they lie inside it, aligned, and are a power of
    /// two from 8 to [`RING_WORDS_MAX`].
    pub fn new(map: Arc<MapMut>, first_byte: usize, words: u64) -> Option<Self> {
        Part::admit(map.bytes(), first_byte, words).map(|part| Self { map, part })
    }

    #[inline]
    fn word(&self, at: u64) -> &AtomicU64 {
        let place = self.map.as_mut_ptr().wrapping_add(self.part.offset(at, WORD_BYTES));
        // SAFETY: `offset` checked the bounds, `Part::admit` the alignment (maps begin on a page or are checked
        // there); the map lives as long as `self`. Nobody makes a non-atomic reference to a map's bytes.
        unsafe { AtomicU64::from_ptr(place.cast()) }
    }
}

impl OwnRing for MappedRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn store(&self, at: u64, word: u64, order: Ordering) {
        self.word(at).store(word, order);
    }

    #[inline]
    fn write(&self, at: u64, body: &[u8]) {
        if body.is_empty() {
            return; // An empty body may begin where the ring ends.
        }
        let place = self.map.as_mut_ptr().wrapping_add(self.part.offset(at, body.len()));
        // SAFETY: `offset` checked that the body lies inside the ring, `Part::admit` that the ring lies inside
        // the map, which is writable and lives as long as `self`; `body` is private memory.
        unsafe { copy_out(body, place) };
    }
}

impl PeerRing {
    /// As [`MappedRing::new`], over a map of the peer's memory.
    pub fn new(map: Arc<Map>, first_byte: usize, words: u64) -> Option<Self> {
        Part::admit(map.bytes(), first_byte, words).map(|part| Self { map, part })
    }
}

impl TheirRing for PeerRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn load(&self, at: u64) -> u64 {
        let place = self.map.as_ptr().wrapping_add(self.part.offset(at, WORD_BYTES));
        // SAFETY: as `MappedRing::word`; only ever loaded from, relaxed, as read-only memory allows.
        let word = unsafe { AtomicU64::from_ptr(place.cast_mut().cast()) };
        word.load(Ordering::Relaxed)
    }

    #[inline]
    fn read(&self, at: u64, body: &mut [u8]) {
        if body.is_empty() {
            return; // An empty body may begin where the ring ends.
        }
        let place = self.map.as_ptr().wrapping_add(self.part.offset(at, body.len()));
        // SAFETY: as `MappedRing::write`, for a readable map; `body` is private memory.
        unsafe { copy_in(place, body) };
    }
}

impl MappedControls {
    /// The control words at the start of both maps; `None` if one is too small or not aligned.
    pub fn new(own: Arc<MapMut>, peer: Arc<Map>) -> Option<Self> {
        let fits =
            |map: &Map| map.bytes() >= size_of::<Control>() && map.as_ptr().cast::<Control>().is_aligned();
        (fits(&own) && fits(&peer)).then_some(Self { own, peer })
    }
}

impl Controls for MappedControls {
    #[inline]
    fn own(&self) -> &Control {
        // SAFETY: `new` checked size and alignment; `Control` is nothing but atomics, for which every bit pattern
        // is valid and which others may write; the map lives as long as `self`.
        unsafe { &*self.own.as_ptr().cast() }
    }

    #[inline]
    fn peer(&self) -> &Control {
        // SAFETY: as above; this module's crate only loads from it, relaxed, as read-only memory allows.
        unsafe { &*self.peer.as_ptr().cast() }
    }
}
