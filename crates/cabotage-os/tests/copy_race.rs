// SPDX-License-Identifier: MIT OR Apache-2.0
//! The private copy stays as it was checked, while a racer rewrites the source all the time.
//!
//! Meant for release builds: there a plain copy fails this test, since the optimiser drops the copy and reads the
//! shared bytes again after the check. (Put `copy_nonoverlapping` into `copy_in` to see it: some 9,000 of the
//! 1,300,000 records change between check and use.)

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_os::copy::copy_in;

/// Memory that a peer writes: at a fixed, aligned place, so that the optimiser knows all it can know about it.
#[repr(align(64))]
struct Shared(UnsafeCell<[u8; RECORD_BYTES]>);

// SAFETY: both threads touch the bytes by volatile stores and by `copy_in` only, as two processes would.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new([0; RECORD_BYTES]));
const RECORD_BYTES: usize = 256;
const ROUNDS: u32 = 1_300_000;
const GOOD: u64 = 40;
const EVIL: u64 = u64::MAX - 7;

/// Reads the whole record, in a function of its own: given a plain copy, the optimiser hands it the *source*.
#[inline(never)]
fn digest(record: &[u8; RECORD_BYTES]) -> u64 {
    record.chunks_exact(8).fold(0, |sum, word| sum ^ u64::from_ne_bytes(word.try_into().unwrap()))
}

/// Takes a record, checks its first word, and uses the whole: the shape that a double fetch turns into an overrun.
/// Answers what the check saw and what the use saw.
#[inline(never)]
fn checked_then_used() -> (u64, u64) {
    let mut copy = [0; RECORD_BYTES];
    // SAFETY: `SHARED` has exactly as many bytes as `copy`, and lives for ever.
    unsafe { copy_in(SHARED.0.get().cast(), &mut copy) };
    let checked = u64::from_ne_bytes(copy[..8].try_into().unwrap());
    (checked, digest(&copy))
}

#[test]
fn a_checked_record_can_not_change_between_its_check_and_its_use() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let racer = std::thread::spawn(|| {
        let word = SHARED.0.get().cast::<u64>();
        while !DONE.load(Ordering::Relaxed) {
            // SAFETY: the first word of a static that is aligned to 64 bytes.
            unsafe { word.write_volatile(EVIL) };
            // SAFETY: as above.
            unsafe { word.write_volatile(GOOD) };
        }
    });
    let mut seen = [0_u32; 2];
    let mut changed = 0_u32;
    for _ in 0..ROUNDS {
        let (checked, used) = checked_then_used();
        seen[usize::from(checked == EVIL)] += 1;
        changed += u32::from(checked != used);
    }
    DONE.store(true, Ordering::Relaxed);
    racer.join().unwrap();
    assert_eq!(changed, 0, "records that changed between their check and their use, in {ROUNDS} rounds");
    assert!(seen.iter().all(|count| *count > 0), "the racer did not race: {seen:?}");
}
