// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of all sole descriptors, where a forked child finds them.
//!
//! The child may have been made at any moment of any thread, so the table is atomics in memory that is never freed,
//! and walking it neither locks nor allocates.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

use crate::error::SystemError;
use crate::seam::Errno;

/// What stands in a slot that nobody uses.
const FREE: i32 = -1;
const CHUNK_SLOTS: usize = 1024;
const CHUNKS: usize = 1024;

/// Chunks that are never freed, so that the hook may walk it in any state.
static TABLE: [AtomicPtr<Chunk>; CHUNKS] = [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS];

struct Chunk([AtomicI32; CHUNK_SLOTS]);

/// Where the number of one sole descriptor stands.
pub(super) type Slot = AtomicI32;

/// Writes a number down; answers where.
pub(super) fn enter(fd: RawFd) -> Result<&'static Slot, SystemError> {
    for place in &TABLE {
        let free = chunk_at(place).0.iter().find(|slot| {
            slot.load(Ordering::Relaxed) == FREE
                && slot.compare_exchange(FREE, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        });
        if let Some(slot) = free {
            return Ok(slot);
        }
    }
    Err(SystemError::new("register", "a descriptor for the fork hook", Errno::MFILE))
}

/// Takes the number in `slot` out.
pub(super) fn leave(slot: &Slot) {
    slot.store(FREE, Ordering::Release);
}

/// Takes every number out that `wanted` accepts, and hands it to `act`. Async-signal-safe if they are.
pub(super) fn empty(wanted: impl Fn(RawFd) -> bool, act: impl Fn(RawFd)) {
    for chunk in TABLE.iter().map_while(existing_chunk) {
        for slot in &chunk.0 {
            let fd = slot.load(Ordering::Relaxed);
            if fd != FREE && wanted(fd) {
                slot.store(FREE, Ordering::Relaxed);
                act(fd);
            }
        }
    }
}

fn chunk_at(place: &'static AtomicPtr<Chunk>) -> &'static Chunk {
    if let Some(chunk) = existing_chunk(place) {
        return chunk;
    }
    let fresh = Box::into_raw(Box::new(Chunk([const { AtomicI32::new(FREE) }; CHUNK_SLOTS])));
    match place.compare_exchange(std::ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just leaked, valid for ever, and shared only through atomics.
        Ok(_) => unsafe { &*fresh },
        Err(winner) => {
            // SAFETY: lost the race: nobody else has seen `fresh`.
            drop(unsafe { Box::from_raw(fresh) });
            // SAFETY: chunks in the table are leaked boxes, valid for ever.
            unsafe { &*winner }
        }
    }
}

fn existing_chunk(place: &AtomicPtr<Chunk>) -> Option<&'static Chunk> {
    let chunk = place.load(Ordering::Acquire);
    // SAFETY: a chunk that stands in the table is a leaked box, valid for ever.
    unsafe { chunk.as_ref() }
}
