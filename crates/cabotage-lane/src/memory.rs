// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the words really lie: in maps of sealed memory, ours writable, the peer's read-only.
//!
//! The only references into memory that another process writes are made here, and they are atomics. Bounds are
//! checked once more at every access, so that no mistake in the ring's arithmetic can reach beyond a map.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cabotage_os::copy::{copy_in, copy_out, prefetch_to_read, prefetch_to_write};
use cabotage_os::map::{Map, MapMut};

use crate::control::{Control, Controls};
use crate::record::WORD_BYTES;
use crate::ring::{OwnRing, TheirRing};
use crate::topic;

/// The longest ring, in words: 1 GiB.
pub const RING_WORDS_MAX: u64 = 1 << 27;

/// A ring that this end writes.
#[derive(Debug, Clone)]
pub struct MappedRing {
    part: Part,
    _map: Arc<MapMut>,
}

/// A ring that the peer writes.
#[derive(Debug, Clone)]
pub struct PeerRing {
    part: Part,
    _map: Arc<Map>,
}

/// The control words of both ends, each at the start of its outbox. Before the peer's are known, its end counts as
/// always asleep and as having consumed nothing.
#[derive(Debug, Clone)]
pub struct MappedControls {
    own: Arc<MapMut>,
    peer: Option<Arc<Map>>,
    own_words: NonNull<Control>,
    peer_words: NonNull<Control>,
}

/// Which bytes of a map the ring is.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: NonNull<u8>,
    words: u64,
}

// SAFETY: pointers into maps, which belong to the process and not to a thread; whoever holds one of these holds the
// map as well. What they point to is reached by atomics and single-load copies only.
unsafe impl Send for Part {}
// SAFETY: as above.
unsafe impl Sync for Part {}
// SAFETY: as above.
unsafe impl Send for MappedControls {}
// SAFETY: as above.
unsafe impl Sync for MappedControls {}

impl Part {
    /// A part that lies inside a map, aligned, with a power of two of words.
    fn admit(map: &Map, first_byte: usize, words: u64) -> Option<Self> {
        let bytes = usize::try_from(words).ok()?.checked_mul(WORD_BYTES)?;
        let inside = first_byte.checked_add(bytes)? <= map.bytes();
        let shape = words.is_power_of_two() && (8..=RING_WORDS_MAX).contains(&words);
        let start = NonNull::new(map.as_ptr().wrapping_add(first_byte).cast_mut())?;
        let aligned = start.cast::<AtomicU64>().is_aligned();
        (inside && shape && aligned).then_some(Self { start, words })
    }

    /// Where `bytes` bytes from byte `at` of the ring on lie.
    #[inline]
    fn place(&self, at: u64, bytes: usize) -> *mut u8 {
        let ring_bytes = self.words * WORD_BYTES as u64;
        assert!(at <= ring_bytes && bytes as u64 <= ring_bytes - at, "the ring's arithmetic left the ring");
        // At most the ring's size, which fitted into `usize` when it was admitted.
        self.start.as_ptr().wrapping_add(usize::try_from(at).unwrap_or(0))
    }

    /// The word at `at`; a place beyond the ring is folded back into it.
    #[inline]
    fn word(&self, at: u64) -> &AtomicU64 {
        let at = usize::try_from(at & (self.words - 1)).unwrap_or(0);
        let place = self.start.as_ptr().wrapping_add(at * WORD_BYTES);
        // SAFETY: `admit` found `words` words, a power of two, aligned, inside a map that whoever holds this part
        // keeps; `at` is below `words`. Nobody makes a non-atomic reference to a map's bytes.
        unsafe { AtomicU64::from_ptr(place.cast()) }
    }

    /// The lines that hold the `words` words from `at` on, but the one in which they begin, for hints about them.
    #[inline(always)]
    fn lines_behind(&self, at: u64, words: u64) -> impl Iterator<Item = *const AtomicU64> {
        const LINE_WORDS: u64 = 8;
        let lines = ((at % LINE_WORDS + words - 1) / LINE_WORDS).min(LINES_AHEAD_MAX);
        (1..=lines).map(move |line| std::ptr::from_ref(self.word(at + line * LINE_WORDS)))
    }
}

/// Up to here lines are asked for ahead; of longer records the rest is asked for by the access itself.
const LINES_AHEAD_MAX: u64 = 8;

impl MappedRing {
    /// The `words` words from `first_byte` of a map on; `None` unless they lie inside it, aligned, and are a power of
    /// two from 8 to [`RING_WORDS_MAX`].
    pub fn new(map: Arc<MapMut>, first_byte: usize, words: u64) -> Option<Self> {
        Part::admit(&map, first_byte, words).map(|part| Self { part, _map: map })
    }
}

impl OwnRing for MappedRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn store(&self, at: u64, word: u64, order: Ordering) {
        self.part.word(at).store(word, order);
    }

    #[inline]
    fn write(&self, at: u64, body: &[u8]) {
        let place = self.part.place(at, body.len());
        // SAFETY: `place` checked that the body lies inside the ring, `Part::admit` that the ring lies inside the
        // map, which is writable and lives as long as `self`; `body` is private memory.
        unsafe { copy_out(body, place) };
    }

    #[inline]
    fn expect(&self, at: u64) {
        // Far enough for the line to have come by the time it is written, near enough for it to be still here.
        const WORDS_AHEAD: u64 = 64;
        prefetch_to_write(std::ptr::from_ref(self.part.word(at + WORDS_AHEAD)));
    }

    #[inline]
    fn expect_one(&self, at: u64, words: u64) {
        // The word after the record is cleared with it.
        self.part.lines_behind(at, words + 1).for_each(prefetch_to_write);
    }

    #[inline]
    fn expect_now(&self, at: u64, words: u64) {
        prefetch_to_write(std::ptr::from_ref(self.part.word(at)));
        self.expect_one(at, words);
    }
}

/// Whoever takes the place of a dead sender reads what that one has written, and nobody else writes meanwhile.
impl TheirRing for MappedRing {
    fn words(&self) -> u64 {
        self.part.words
    }

    fn load(&self, at: u64) -> u64 {
        self.part.word(at).load(Ordering::Relaxed)
    }

    fn read(&self, at: u64, body: &mut [u8]) {
        let place = self.part.place(at, body.len());
        // SAFETY: as `MappedRing::write`: a writable map is readable too; `body` is private memory.
        unsafe { copy_in(place, body) };
    }
}

impl topic::Words for MappedRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn word(&self, at: u64) -> &AtomicU64 {
        self.part.word(at)
    }
}

/// To be loaded only: a store to it would be a fault of this crate, which the kernel answers with a signal.
impl topic::Words for PeerRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn word(&self, at: u64) -> &AtomicU64 {
        self.part.word(at)
    }
}

impl PeerRing {
    /// As [`MappedRing::new`], over a map of the peer's memory.
    pub fn new(map: Arc<Map>, first_byte: usize, words: u64) -> Option<Self> {
        Part::admit(&map, first_byte, words).map(|part| Self { part, _map: map })
    }
}

impl TheirRing for PeerRing {
    #[inline]
    fn words(&self) -> u64 {
        self.part.words
    }

    #[inline]
    fn load(&self, at: u64) -> u64 {
        self.part.word(at).load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn fetch(&self, at: u64, words: u64) {
        self.part.lines_behind(at, words).for_each(prefetch_to_read);
    }

    #[inline]
    fn read(&self, at: u64, body: &mut [u8]) {
        let place = self.part.place(at, body.len());
        // SAFETY: as `MappedRing::write`, for a readable map; `body` is private memory.
        unsafe { copy_in(place, body) };
    }
}

impl MappedControls {
    /// The control words at the start of our map, before the peer's are known; `None` if the map is too small or
    /// not aligned.
    pub fn alone(own: Arc<MapMut>) -> Option<Self> {
        let own_words = place(&own, 0)?;
        Some(Self { own, peer: None, own_words, peer_words: NonNull::from(&ABSENT) })
    }

    /// The same with the words at the start of the peer's map.
    pub fn with(self, peer: Arc<Map>) -> Option<Self> {
        let peer_words = place(&peer, 0)?;
        Some(Self { peer: Some(peer), peer_words, ..self })
    }

    /// The control words that begin at this byte of both maps, where something else comes first.
    pub fn at(byte: usize, own: Arc<MapMut>, peer: Arc<Map>) -> Option<Self> {
        let (own_words, peer_words) = (place(&own, byte)?, place(&peer, byte)?);
        Some(Self { own, peer: Some(peer), own_words, peer_words })
    }

    /// The control words at the start of both maps.
    pub fn new(own: Arc<MapMut>, peer: Arc<Map>) -> Option<Self> {
        Self::alone(own)?.with(peer)
    }

    /// Whether the peer's words are known.
    pub fn has_peer(&self) -> bool {
        self.peer.is_some()
    }

    /// Our own map.
    pub fn own_map(&self) -> &Arc<MapMut> {
        &self.own
    }
}

/// The control words from `byte` of a map on that has room for them there.
fn place(map: &Map, byte: usize) -> Option<NonNull<Control>> {
    let fits = byte.checked_add(size_of::<Control>())? <= map.bytes();
    let words = NonNull::new(map.as_ptr().wrapping_add(byte).cast_mut().cast::<Control>())?;
    (fits && words.is_aligned()).then_some(words)
}

static ABSENT: Control = Control::absent();

impl Controls for MappedControls {
    #[inline]
    fn own(&self) -> &Control {
        // SAFETY: `place` checked size and alignment; `Control` is nothing but atomics, for which every bit pattern
        // is valid and which others may write; `self.own` keeps the map.
        unsafe { self.own_words.as_ref() }
    }

    #[inline]
    fn peer(&self) -> &Control {
        // SAFETY: as above, with `self.peer`, or a static. This crate only loads from it, relaxed, as read-only
        // memory allows.
        unsafe { self.peer_words.as_ref() }
    }
}
