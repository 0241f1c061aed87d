// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocks over real sealed memory, both ends in one process: what they carry, and what a liar can do with them.
#![cfg(not(loom))]

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use cabotage_lane::block::{
    Block, BlockMut, Borrowed, GiveBack, MappedReturns, Pool, SEGMENT_BYTES_MIN, Sent, Slot, TakeError, Taken,
};
use cabotage_lane::ring::Look;
use cabotage_lane::{BLOCK_SLOTS, Claim, Control, MappedControls, Violation};
use cabotage_os::map::{Map, MapError, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};

/// Where the words of blocks given back begin in an outbox. The layout is fixed: version 1.
const RETURNED: usize = 640;
/// Where an owner says that it sleeps until a block comes back.
const WANTS_BLOCK: usize = 3 * 128 + 16;
const LARGEST: u64 = 64 << 20;

/// One-way memory: its owner's map, and its reader's.
fn memory(bytes: usize) -> (Arc<MapMut>, Arc<Map>) {
    let memory = Memfd::create("blocks", bytes as u64).unwrap();
    let own = MapOptions::new().not_in_children().read_write(&memory, bytes).unwrap();
    memory.seal(ONE_WAY).unwrap();
    (Arc::new(own), Arc::new(MapOptions::new().not_in_children().read_only(&memory, bytes).unwrap()))
}

/// Gives back, and counts the bells that a link would ring.
#[derive(Debug)]
struct Giver {
    returns: MappedReturns,
    bells: AtomicU32,
}

impl GiveBack for Giver {
    fn give_back(&self, slot: Slot, loan: u64) {
        self.bells.fetch_add(u32::from(self.returns.give_back(slot, loan)), Ordering::Relaxed);
    }
}

struct Owner {
    pool: Pool<Arc<MapMut>, MappedControls>,
    /// What the reader would have been told of each segment, by number.
    segments: Vec<Arc<Map>>,
}

struct Reader {
    borrowed: Borrowed<MappedControls>,
    giver: Arc<Giver>,
}

/// Both ends, and the outbox of each, for lying in it.
fn ends(bytes_max: u64) -> (Owner, Reader, [Arc<MapMut>; 2]) {
    let ((own, own_seen), (theirs, theirs_seen)) = (memory(4096), memory(4096));
    let owner = MappedControls::new(own.clone(), theirs_seen).unwrap();
    let reader = MappedControls::new(theirs.clone(), own_seen).unwrap();
    let returns = MappedReturns::new(reader.clone()).unwrap();
    (
        Owner { pool: Pool::new(owner, bytes_max), segments: Vec::new() },
        Reader {
            borrowed: Borrowed::new(reader),
            giver: Arc::new(Giver { returns, bells: AtomicU32::new(0) }),
        },
        [own, theirs],
    )
}

impl Owner {
    fn try_take(&mut self, bytes: usize) -> Option<BlockMut> {
        match self.pool.take(bytes).unwrap() {
            Taken::Loan(loan) => Some(loan),
            Taken::NeedsSegment(new) => {
                let (own, seen) = memory(usize::try_from(new.bytes).unwrap());
                let number = u32::try_from(self.segments.len()).unwrap();
                self.segments.push(seen);
                Some(self.pool.install(number, own, new.bytes, bytes).unwrap())
            }
            Taken::Full => None,
        }
    }

    fn take(&mut self, bytes: usize) -> BlockMut {
        self.try_take(bytes).expect("the pool has room")
    }

    fn send(&mut self, block: BlockMut) -> Sent {
        let record = block.record();
        self.pool.sent(block).unwrap();
        record
    }

    fn map(&self, sent: Sent) -> &Arc<Map> {
        &self.segments[sent.segment as usize]
    }
}

impl Reader {
    fn admit(&mut self, owner: &Owner, sent: Sent) -> Result<Block<Arc<Giver>>, Violation> {
        self.borrowed.block(sent, owner.map(sent), self.giver.clone())
    }
}

cabotage_lane::plain! {
    /// A structure as users make them.
    #[derive(Debug, PartialEq)]
    struct Frame {
        number: u64,
        size: [u32; 2],
        exposure: f64,
    }
}

#[test]
fn what_is_written_into_a_block_is_read_from_it() {
    let (mut owner, mut reader, _) = ends(LARGEST);
    let mut block = owner.take(100_000);
    let frame = Frame { number: u64::MAX, size: [640, 480], exposure: 0.125 };
    block.write_at(0, &[7; 1000]).unwrap();
    block.write(1001, &frame).unwrap();
    block.write(99_999, &9_u8).unwrap();
    let sent = owner.send(block);
    let block = reader.admit(&owner, sent).unwrap();
    assert_eq!(block.bytes(), 100_000);
    assert_eq!(block.read::<Frame>(1001).unwrap(), frame);
    assert_eq!(block.read::<[u8; 1000]>(0).unwrap(), [7; 1000]);
    assert_eq!(block.read::<u8>(99_999).unwrap(), 9);
    let mut all = vec![0; 200_000];
    assert_eq!(block.copy_to(&mut all).unwrap(), 100_000);
    // SAFETY: the owner, this test, writes nothing more.
    assert_eq!(unsafe { block.assume_frozen() }, &all[..100_000]);
    // SAFETY: the span is of a live map, read by one volatile load.
    assert_eq!(unsafe { block.as_ptr().wrapping_add(99_999).read_volatile() }, 9);
}

#[test]
fn nothing_beyond_a_block_is_read_or_written() {
    let (mut owner, mut reader, _) = ends(LARGEST);
    let mut block = owner.take(1000);
    for (at, bytes) in [(1000, 1), (999, 2), (0, 1001), (usize::MAX, 1), (usize::MAX - 7, 8)] {
        let refused = MapError::OutOfRange { at, bytes, map_bytes: 1000 };
        assert_eq!(block.write_at(at, &vec![1; bytes]), Err(refused));
        assert!(block.fill_from(at, bytes, std::io::stdin()).is_err());
    }
    block.truncate(2000);
    assert_eq!(block.bytes(), 1000, "longer it does not become");
    block.truncate(900);
    let sent = owner.send(block);
    let block = reader.admit(&owner, sent).unwrap();
    for (at, bytes) in [(900, 1), (899, 2), (0, 901), (usize::MAX, 1), (usize::MAX - 7, 8)] {
        let refused = MapError::OutOfRange { at, bytes, map_bytes: 900 };
        assert_eq!(block.copy_at(at, &mut vec![0; bytes]), Err(refused));
    }
    assert!(block.read::<u64>(893).is_err() && block.read::<u64>(892).is_ok());
    assert!(block.copy_at(900, &mut []).is_ok(), "nothing lies even at the end");
}

#[test]
fn a_block_is_walked_in_pieces_of_the_readers_buffer() {
    let (mut owner, mut reader, _) = ends(LARGEST);
    let mut block = owner.take(10);
    block.write_at(0, b"0123456789").unwrap();
    let sent = owner.send(block);
    let block = reader.admit(&owner, sent).unwrap();
    let (mut buffer, mut pieces) = ([0; 4], Vec::new());
    let mut chunks = block.chunks(&mut buffer);
    while let Some(chunk) = chunks.next_chunk().unwrap() {
        pieces.push(chunk.to_vec());
    }
    assert_eq!(pieces, [&b"0123"[..], b"4567", b"89"]);
}

#[test]
fn a_block_is_filled_from_one_descriptor_and_written_to_another() {
    let (mut owner, mut reader, _) = ends(LARGEST);
    let (input, mut feed) = std::io::pipe().unwrap();
    feed.write_all(b"through the kernel").unwrap();
    let mut block = owner.take(18);
    assert_eq!(block.fill_from(0, 18, &input).unwrap(), 18);
    let sent = owner.send(block);
    let block = reader.admit(&owner, sent).unwrap();
    let (output, sink) = std::io::pipe().unwrap();
    assert_eq!(block.write_to(8, 10, &sink).unwrap(), 10);
    drop(sink);
    assert_eq!(std::io::read_to_string(output).unwrap(), "the kernel");
}

#[test]
fn memory_is_used_again_once_it_came_back_from_another_thread() {
    let (mut owner, mut reader, _) = ends(SEGMENT_BYTES_MIN);
    let (hand_over, blocks) = mpsc::channel::<(u64, Block<Arc<Giver>>)>();
    let dropping = std::thread::spawn(move || {
        for (number, block) in blocks {
            assert_eq!(block.read::<u64>(0).unwrap(), number);
        }
    });
    for number in 0..1000 {
        let mut block = loop {
            match owner.try_take(4096) {
                Some(block) => break block,
                None => std::thread::yield_now(),
            }
        };
        block.write(0, &number).unwrap();
        let sent = owner.send(block);
        hand_over.send((number, reader.admit(&owner, sent).unwrap())).unwrap();
    }
    drop(hand_over);
    dropping.join().unwrap();
    assert_eq!(owner.segments.len(), 1, "one segment carried all");
}

#[test]
fn an_owner_that_sleeps_is_rung_once_for_a_sleep() {
    let (mut owner, mut reader, _) = ends(2 * SEGMENT_BYTES_MIN);
    let sent = [(); 2].map(|()| {
        let block = owner.take(1);
        owner.send(block)
    });
    let [first, second] = sent.map(|sent| reader.admit(&owner, sent).unwrap());
    assert!(owner.try_take(1).is_none());
    assert_eq!(owner.pool.arm().unwrap(), Look::Armed);
    drop(first);
    drop(second);
    assert_eq!(reader.giver.bells.load(Ordering::Relaxed), 1);
    owner.pool.disarm();
    let block = owner.take(1);
    let sent = owner.send(block);
    drop(reader.admit(&owner, sent).unwrap());
    assert_eq!(owner.pool.arm().unwrap(), Look::Ready, "both are back");
    assert_eq!(reader.giver.bells.load(Ordering::Relaxed), 1, "an owner that is awake is not rung");
}

#[test]
fn every_lie_about_what_came_back_ends_the_pool_for_ever() {
    for lie in [4, 5, 1 << 32 | 3, 1 << 63, u64::MAX, 1, 0] {
        let (mut owner, mut reader, [_, inbox]) = ends(SEGMENT_BYTES_MIN);
        // Loan 2 came back, loan 3 is out: the word says 2 and may say 3.
        for loan in 1..=2 {
            let block = owner.take(8);
            assert_eq!(block.record().loan, loan);
            let sent = owner.send(block);
            drop(reader.admit(&owner, sent).unwrap());
        }
        let block = owner.take(8);
        let _sent = owner.send(block);
        assert_eq!(owner.pool.reclaim(), Ok(false));
        inbox.store_u64(RETURNED, lie).unwrap();
        let violation = Violation::Returned { returned: lie, loan: 3, before: 2 };
        assert_eq!(owner.pool.reclaim(), Err(violation));
        inbox.store_u64(RETURNED, 3).unwrap();
        assert_eq!(owner.pool.reclaim(), Err(violation), "{lie} was forgiven");
        assert_eq!(owner.pool.take(8).unwrap_err(), TakeError::Violation(violation));
        assert_eq!(owner.pool.arm(), Err(violation));
    }
}

#[test]
fn words_of_slots_that_are_not_out_mean_nothing() {
    let (mut owner, _, [_, inbox]) = ends(LARGEST);
    for slot in 1..BLOCK_SLOTS {
        inbox.store_u64(RETURNED + 8 * slot, u64::MAX).unwrap();
    }
    let block = owner.take(8);
    owner.send(block);
    assert_eq!(owner.pool.reclaim(), Ok(false));
}

#[test]
fn every_lie_in_the_record_of_a_block_is_refused() {
    let (mut owner, mut reader, _) = ends(LARGEST);
    let block = owner.take(8);
    let honest = Sent { loan: 7, ..owner.send(block) };
    let held = reader.admit(&owner, honest).unwrap();
    for slot in [64, 65, 255, 256, 1 << 31, u32::MAX] {
        let lie = Sent { slot, ..honest };
        assert_eq!(reader.admit(&owner, lie).unwrap_err(), Violation::Slot { number: slot });
    }
    for loan in [0, 7, 8, u64::MAX] {
        let lie = Sent { loan, ..honest };
        assert_eq!(reader.admit(&owner, lie).unwrap_err(), Violation::SlotOut { slot: 0, loan });
    }
    drop(held);
    for loan in [0, 1, 6, 7] {
        let lie = Sent { loan, ..honest };
        assert_eq!(reader.admit(&owner, lie).unwrap_err(), Violation::Loan { loan, last: 7 });
    }
    for bytes in [SEGMENT_BYTES_MIN + 1, 1 << 32, 1 << 63, u64::MAX] {
        let lie = Sent { loan: 8, bytes, ..honest };
        let violation = Violation::Claim { offset: 0, bytes, bytes_max: SEGMENT_BYTES_MIN };
        assert_eq!(reader.admit(&owner, lie).unwrap_err(), violation);
    }
    let largest = Sent { loan: u64::MAX, bytes: SEGMENT_BYTES_MIN, slot: 63, ..honest };
    assert_eq!(reader.admit(&owner, largest).unwrap().bytes() as u64, SEGMENT_BYTES_MIN);
}

#[test]
fn a_claim_is_admitted_only_if_all_of_it_lies_inside_the_map() {
    let (_, map) = memory(8192);
    for (offset, bytes) in [(0, 8192), (8192, 0), (8191, 1), (100, 3)] {
        assert_eq!(Claim { offset, bytes }.admit(&map).unwrap().bytes() as u64, bytes);
    }
    for (offset, bytes) in [(0, 8193), (8192, 1), (8193, 0), (u64::MAX, 1), (1, u64::MAX), (1 << 63, 1 << 63)]
    {
        let violation = Violation::Claim { offset, bytes, bytes_max: 8192 };
        assert_eq!(Claim { offset, bytes }.admit(&map).unwrap_err(), violation);
    }
}

#[test]
fn a_block_outlives_its_owner() {
    let (mut owner, mut reader, outboxes) = ends(LARGEST);
    let mut block = owner.take(8);
    block.write(0, &5_u64).unwrap();
    let sent = owner.send(block);
    let block = reader.admit(&owner, sent).unwrap();
    drop((owner, reader, outboxes));
    assert_eq!(block.read::<u64>(0).unwrap(), 5);
}

#[test]
fn what_wants_a_block_is_told_in_a_word_of_the_owner() {
    let (mut owner, _, [outbox, _]) = ends(SEGMENT_BYTES_MIN);
    let _loan = owner.take(1);
    assert_eq!(owner.pool.arm().unwrap(), Look::Armed);
    assert_eq!(outbox.load_u64(WANTS_BLOCK).unwrap(), 1);
    owner.pool.disarm();
    assert_eq!(outbox.load_u64(WANTS_BLOCK).unwrap(), 0);
    assert_eq!(RETURNED + 8 * BLOCK_SLOTS, size_of::<Control>());
}
