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
const SLOTS: usize = CHUNKS * CHUNK_SLOTS;

/// Chunks that are made when a number needs them and never freed, so that the hook may walk them in any state.
static TABLE: [AtomicPtr<Chunk>; CHUNKS] = [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS];

struct Chunk([AtomicI32; CHUNK_SLOTS]);

/// Where the number of one sole descriptor stands.
pub(super) type Slot = AtomicI32;

/// Writes a number down; answers where.
///
/// That is the number's own slot, which is free as a rule: another number has it only beyond a million descriptors,
/// or in a child that no hook has cleaned. Then the next free one will do.
pub(super) fn enter(fd: RawFd) -> Result<&'static Slot, SystemError> {
    let own = usize::try_from(fd).unwrap_or(0) % SLOTS; // a descriptor is never negative
    (own..SLOTS)
        .chain(0..own)
        .map(slot_at)
        .find(|slot| slot.compare_exchange(FREE, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok())
        .ok_or_else(|| SystemError::new("register", "a descriptor for the fork hook", Errno::MFILE))
}

/// Takes the number in `slot` out.
pub(super) fn leave(slot: &Slot) {
    slot.store(FREE, Ordering::Release);
}

/// Takes every number out that `wanted` accepts, and hands it to `act`. Async-signal-safe if they are.
pub(super) fn empty(wanted: impl Fn(RawFd) -> bool, act: impl Fn(RawFd)) {
    for chunk in TABLE.iter().filter_map(existing_chunk) {
        for slot in &chunk.0 {
            let fd = slot.load(Ordering::Relaxed);
            if fd != FREE && wanted(fd) {
                slot.store(FREE, Ordering::Relaxed);
                act(fd);
            }
        }
    }
}

fn slot_at(at: usize) -> &'static Slot {
    &chunk_at(&TABLE[at / CHUNK_SLOTS]).0[at % CHUNK_SLOTS]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that no test of this crate has open; a child that another test forks meanwhile closes nothing.
    const UNUSED: RawFd = 900_000;

    #[test]
    fn each_of_many_numbers_is_entered_at_the_first_look() {
        let entered: Vec<_> = (UNUSED..UNUSED + 10_000).map(|fd| (fd, enter(fd).unwrap())).collect();
        for (fd, slot) in &entered {
            assert!(
                std::ptr::eq(*slot, slot_at(usize::try_from(*fd).unwrap())),
                "{fd} has a slot of its own"
            );
        }
        for (fd, slot) in entered {
            assert_eq!(slot.load(Ordering::Relaxed), fd);
            leave(slot);
        }
    }

    #[test]
    fn numbers_that_want_the_same_slot_both_get_one() {
        let number = UNUSED + 50_000;
        let congruent = number + RawFd::try_from(SLOTS).unwrap();
        let [one, other] = [number, congruent].map(|fd| enter(fd).unwrap());
        assert!(!std::ptr::eq(one, other));
        assert_eq!([one, other].map(|slot| slot.load(Ordering::Relaxed)), [number, congruent]);
        leave(one);
        leave(other);
    }
}
