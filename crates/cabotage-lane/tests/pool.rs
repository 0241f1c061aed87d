// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which memory a pool of blocks chooses, asks for and gives up: rules without memory.
#![cfg(not(loom))]

use cabotage_lane::block::{Loan, Pool, TakeError, Taken};
use cabotage_lane::{BLOCK_SLOTS, Control, Controls};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Control words that nobody shares; a segment's memory is its size.
#[derive(Default)]
struct Alone(Control, Control);

impl Controls for Alone {
    fn own(&self) -> &Control {
        &self.0
    }

    fn peer(&self) -> &Control {
        &self.1
    }
}

type Blocks = Pool<u64, Alone>;

fn pool(bytes_max: u64) -> Blocks {
    Pool::new(Alone::default(), bytes_max)
}

/// Takes a block; the second number says how large a segment had to be made for it, and the third how many were
/// retired for that.
fn take(pool: &mut Blocks, bytes: u64) -> Option<(Loan<u64>, u64, usize)> {
    let bytes = usize::try_from(bytes).unwrap();
    match pool.take(bytes).unwrap() {
        Taken::Loan(loan) => Some((loan, 0, 0)),
        Taken::NeedsSegment(new) => {
            let loan = pool.install(1, new.bytes, new.bytes, bytes).unwrap();
            Some((loan, new.bytes, new.retired.len()))
        }
        Taken::Full => None,
    }
}

/// The size of the segment that a block of `bytes` bytes gets, and of the one made for it, or 0.
fn sizes(pool: &mut Blocks, bytes: u64) -> (u64, u64) {
    let (loan, made, _) = take(pool, bytes).unwrap();
    (*loan.memory(), made)
}

#[test]
fn segments_are_powers_of_two_and_then_whole_mebibytes() {
    let expected = [
        (0, 64 * KIB),
        (1, 64 * KIB),
        (64 * KIB, 64 * KIB),
        (64 * KIB + 1, 128 * KIB),
        (600 * KIB, MIB),
        (MIB, MIB),
        (MIB + 1, 2 * MIB),
        (64 * MIB, 64 * MIB),
        (64 * MIB + 1, 65 * MIB),
    ];
    for (bytes, segment) in expected {
        assert_eq!(sizes(&mut pool(u64::MAX), bytes), (segment, segment), "{bytes} bytes");
    }
}

#[test]
fn the_smallest_free_segment_that_fits_is_taken() {
    let mut pool = pool(u64::MAX);
    let held = [4 * MIB, 64 * KIB, MIB].map(|bytes| take(&mut pool, bytes).unwrap().0);
    drop(held);
    assert_eq!(sizes(&mut pool, 300 * KIB), (MIB, 0));
}

#[test]
fn a_segment_much_too_large_is_taken_only_when_none_can_be_made() {
    let mut roomy = pool(5 * MIB);
    drop(take(&mut roomy, 4 * MIB));
    assert_eq!(sizes(&mut roomy, 64 * KIB), (64 * KIB, 64 * KIB), "there is room for a fitting one");
    let mut tight = pool(4 * MIB);
    drop(take(&mut tight, 4 * MIB));
    assert_eq!(sizes(&mut tight, 64 * KIB), (4 * MIB, 0), "there is none");
}

#[test]
fn free_segments_that_are_too_small_make_room_for_a_large_one() {
    let mut pool = pool(2 * MIB);
    let _held = take(&mut pool, MIB).unwrap();
    drop([take(&mut pool, 512 * KIB), take(&mut pool, 512 * KIB)]);
    let (_large, made, retired) = take(&mut pool, MIB).unwrap();
    assert_eq!((made, retired, pool.bytes()), (MIB, 2, 2 * MIB));
    assert!(take(&mut pool, 1).is_none(), "all is out");
}

#[test]
fn a_block_above_the_limit_is_the_callers_mistake() {
    let mut pool = pool(MIB);
    for bytes in [MIB + 1, u64::MAX - 1, u64::MAX] {
        let bytes = usize::try_from(bytes).unwrap();
        assert_eq!(pool.take(bytes).unwrap_err(), TakeError::TooLarge { bytes, bytes_max: MIB });
    }
    assert!(take(&mut pool, MIB).is_some());
}

#[test]
fn there_are_as_many_blocks_as_slots_and_no_more() {
    let mut pool = pool(u64::MAX);
    let held: Vec<_> = (0..BLOCK_SLOTS).map(|_| take(&mut pool, 1).unwrap().0).collect();
    assert!(take(&mut pool, 1).is_none());
    assert_eq!(pool.install(9, 1, MIB, 1).unwrap_err(), 1, "unasked memory comes back");
    drop(held);
    let (_, made, retired) = take(&mut pool, MIB).unwrap();
    assert_eq!((made, retired), (MIB, 1), "a slot is made empty for what fits nowhere");
}

#[test]
fn an_idle_pool_gives_up_what_was_unused_for_longest_first() {
    let mut pool = pool(u64::MAX);
    let [_out, first, second] = [MIB, 64 * KIB, 128 * KIB].map(|bytes| take(&mut pool, bytes).unwrap().0);
    drop((first, second));
    assert!(pool.reclaim().unwrap());
    let retired = pool.retire(MIB + 128 * KIB);
    assert_eq!(retired.iter().map(|segment| segment.memory).collect::<Vec<_>>(), [64 * KIB]);
    assert_eq!(pool.retire(0).len(), 1);
    assert_eq!(pool.bytes(), MIB, "what is loaned stays");
}

#[test]
fn a_block_of_another_pool_is_handed_back() {
    let (mut one, mut other) = (pool(MIB), pool(MIB));
    let (loan, ..) = take(&mut one, 1).unwrap();
    let loan = other.sent(loan).unwrap_err();
    assert_eq!(other.sent_blocks(), 0);
    one.sent(loan).unwrap();
    assert_eq!(one.sent_blocks(), 1);
}
