// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a child that forks and never executes can do with its parent's blocks: nothing, and harm none.
#![cfg(not(loom))]

use std::ffi::c_int;
use std::sync::Arc;

use cabotage_lane::block::{Borrowed, GiveBack, MappedReturns, Pool, Slot, Taken};
use cabotage_lane::{Claim, MappedControls};
use cabotage_os::map::{Map, MapError, MapMut, MapOptions};
use cabotage_os::memfd::Memfd;

const BYTES: usize = 64 << 10;
/// Where the words of blocks given back begin in an outbox.
const RETURNED: usize = 640;

// Of the C library, which std links anyway.
// SAFETY: as fork(2), waitpid(2) and _exit(2) declare them.
unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn _exit(status: c_int) -> !;
}

/// Forks; the child runs `check` and exits with 0 when it answers true.
fn child_agrees(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child only runs `check`, which makes no use of other threads' locks, and leaves by `_exit`.
    match unsafe { fork() } {
        0 => {
            let verdict = c_int::from(!check());
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { _exit(verdict) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child just made; `status` is a live integer.
            unsafe { waitpid(child, &raw mut status, 0) };
            status == 0
        }
    }
}

fn memory() -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("blocks", BYTES as u64).unwrap();
    let options = MapOptions::new().not_in_children();
    (
        Arc::new(options.read_write(&memory, BYTES).unwrap()),
        Arc::new(options.read_only(&memory, BYTES).unwrap()),
    )
}

struct Giver(MappedReturns);

impl GiveBack for Giver {
    fn give_back(&self, slot: Slot, loan: u64) {
        assert!(!self.0.give_back(slot, loan), "nobody sleeps");
    }
}

#[test]
fn a_child_reads_no_span_writes_no_loan_and_gives_no_block_back() {
    let ((own, own_seen), (theirs, theirs_seen)) = (memory(), memory());
    let mut pool = Pool::new(MappedControls::new(own, theirs_seen).unwrap(), 2 * BYTES as u64);
    let reader = MappedControls::new(theirs.clone(), own_seen).unwrap();
    let (segment, segment_seen) = memory();
    let Ok(Taken::NeedsSegment(_)) = pool.take(BYTES) else { panic!("a pool begins empty") };
    let loan = pool.install(0, segment, BYTES as u64, BYTES).unwrap();
    let record = loan.record();
    pool.sent(loan).unwrap();
    let giver = Giver(MappedReturns::new(reader.clone()).unwrap());
    let block = Borrowed::new(reader).block(record, &segment_seen, giver).unwrap();
    let mut unsent = pool.install(1, memory().0, BYTES as u64, 8).unwrap();

    let (block, unsent_in_child) = (std::cell::Cell::new(Some(block)), &mut unsent);
    assert!(child_agrees(|| {
        let block = block.take().unwrap();
        let refused = block.copy_to(&mut [0; 8]) == Err(MapError::Forked)
            && block.read::<u64>(0) == Err(MapError::Forked)
            && block.chunks(&mut [0; 8]).next_chunk() == Err(MapError::Forked)
            && unsent_in_child.write(0, &7_u64) == Err(MapError::Forked);
        drop(block);
        refused
    }));
    assert_eq!(theirs.load_u64(RETURNED).unwrap(), 0, "the child gave its parent's block back");
    drop(block);
    assert_eq!(theirs.load_u64(RETURNED).unwrap(), record.loan);
    assert!(pool.reclaim().unwrap());
    assert_eq!(Claim { offset: 0, bytes: 8 }.admit(&segment_seen).unwrap().read::<u64>(0), Ok(0));
}
