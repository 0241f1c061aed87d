// SPDX-License-Identifier: MIT OR Apache-2.0
//! Aligned words of a map as atomics, and sleeping on them: how processes that share a map agree on anything.
//!
//! Loads acquire, stores release, exchanges do both. A word of a read-only map is loaded relaxed and then fenced,
//! which is all that is guaranteed for memory that can't be written.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use super::{Map, MapError, MapMut};
use crate::deadline::Deadline;
use crate::error::SystemError;
use crate::futex::{self, Woken};
use crate::seam::Errno;

macro_rules! word_methods {
    ($atomic:ident, $word:ident, $place:ident, $load:ident, $store:ident, $swap:ident, $fetch_add:ident,
     $compare_exchange:ident) => {
        impl Map {
            #[inline]
            fn $place(&self, at: usize) -> Result<&$atomic, MapError> {
                const BYTES: usize = size_of::<$word>();
                let place = self.place(at, BYTES)?.cast::<$word>();
                if !place.is_aligned() {
                    return Err(MapError::Misaligned { at, bytes: BYTES });
                }
                // SAFETY: aligned and inside the map, both checked above; the map lives as long as `self`. Other
                // access to these bytes is by atomics, by single-load assembly or by other processes.
                Ok(unsafe { $atomic::from_ptr(place) })
            }

            /// The word at `at`, with acquire ordering.
            ///
            /// # Errors
            /// [`MapError::OutOfRange`], [`MapError::Misaligned`], [`MapError::Truncated`] on a guarded map.
            #[inline]
            pub fn $load(&self, at: usize) -> Result<$word, MapError> {
                let word = self.$place(at)?.load(Ordering::Relaxed);
                fence(Ordering::Acquire);
                self.still_whole()?;
                Ok(word)
            }
        }

        impl MapMut {
            /// Stores a word at `at`, with release ordering.
            ///
            /// # Errors
            /// [`MapError::OutOfRange`], [`MapError::Misaligned`], [`MapError::Truncated`] on a guarded map.
            #[inline]
            pub fn $store(&self, at: usize, word: $word) -> Result<(), MapError> {
                self.$place(at)?.store(word, Ordering::Release);
                self.still_whole()
            }

            /// Stores a word at `at` and answers the one before, with acquire and release ordering.
            ///
            /// # Errors
            /// As the store.
            #[inline]
            pub fn $swap(&self, at: usize, word: $word) -> Result<$word, MapError> {
                let before = self.$place(at)?.swap(word, Ordering::AcqRel);
                self.still_whole()?;
                Ok(before)
            }

            /// Adds to the word at `at`, wrapping, and answers the one before, with acquire and release ordering.
            ///
            /// # Errors
            /// As the store.
            #[inline]
            pub fn $fetch_add(&self, at: usize, more: $word) -> Result<$word, MapError> {
                let before = self.$place(at)?.fetch_add(more, Ordering::AcqRel);
                self.still_whole()?;
                Ok(before)
            }

            /// Stores `new` at `at` if the word there is `current`, with acquire and release ordering. Answers
            /// `Ok(current)` when it did and `Err(found)` when it did not.
            ///
            /// # Errors
            /// As the store, around that answer.
            #[inline]
            pub fn $compare_exchange(
                &self,
                at: usize,
                current: $word,
                new: $word,
            ) -> Result<Result<$word, $word>, MapError> {
                let word = self.$place(at)?;
                let answer = word.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire);
                self.still_whole()?;
                Ok(answer)
            }
        }
    };
}

word_methods!(AtomicU32, u32, word_u32, load_u32, store_u32, swap_u32, fetch_add_u32, compare_exchange_u32);
word_methods!(AtomicU64, u64, word_u64, load_u64, store_u64, swap_u64, fetch_add_u64, compare_exchange_u64);

impl Map {
    /// Sleeps while the word at `at` holds `expected`, nobody wakes it, and `deadline` has not passed. Whoever maps
    /// the object can take a wake-up away, so look at the word again and never sleep without a deadline or another
    /// way to learn that the peer is dead.
    ///
    /// # Errors
    /// As [`Map::load_u32`]; [`MapError::Truncated`] when the object was shrunk, even without a guard.
    ///
    /// # Source
    /// futex(2), `FUTEX_WAIT`.
    pub fn wait_u32(&self, at: usize, expected: u32, deadline: Deadline) -> Result<Woken, MapError> {
        futex::wait(self.word_u32(at)?, expected, deadline).map_err(gone_or_refused)
    }
}

impl MapMut {
    /// Wakes at most `how_many` sleepers of the word at `at`, in all processes; answers how many woke.
    ///
    /// # Errors
    /// As [`Map::wait_u32`].
    ///
    /// # Source
    /// futex(2), `FUTEX_WAKE`.
    pub fn wake_u32(&self, at: usize, how_many: u32) -> Result<u32, MapError> {
        futex::wake(self.word_u32(at)?, how_many).map_err(gone_or_refused)
    }
}

/// The kernel answers `EFAULT` for a word whose page is gone.
fn gone_or_refused(error: SystemError) -> MapError {
    match error.errno() {
        Errno::FAULT => MapError::Truncated,
        _ => MapError::System(error),
    }
}
