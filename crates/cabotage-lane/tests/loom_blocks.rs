// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every interleaving of an owner of blocks and a reader that gives them back.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p cabotage-lane --test loom_blocks`. A block is one word
//! with a shadow cell, so that a word read while it is written is a race even where its value happens to be right; a
//! record is one word stored with release, as a ring publishes. What is in a block is the number of its loan.
#![cfg(loom)]

#[path = "loom_ends/mod.rs"]
mod ends;

use cabotage_lane::Control;
use cabotage_lane::block::{Borrowed, GiveBack, Held, Loan, Pool, Returns, Sent, Slot, Taken};
use cabotage_lane::ring::Look;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;

use ends::{Bell, View};

/// The smallest segment: a pool of so many bytes has one, and its loans are numbered from 1.
const ONE_SEGMENT: u64 = 64 << 10;

#[derive(Clone, Default)]
struct Memory(Arc<(AtomicU64, UnsafeCell<()>)>);

impl Memory {
    fn write(&self, value: u64) {
        self.0.1.with_mut(|_| self.0.0.store(value, Ordering::Relaxed));
    }

    fn read(&self) -> u64 {
        self.0.1.with(|_| self.0.0.load(Ordering::Relaxed))
    }
}

/// What a link would do when a block is dropped.
#[derive(Clone)]
struct Giver {
    returns: Arc<Returns<View>>,
    to_owner: Bell,
}

impl GiveBack for Giver {
    fn give_back(&self, slot: Slot, loan: u64) {
        if self.returns.give_back(slot, loan) {
            self.to_owner.ring();
        }
    }
}

/// The owner of the blocks, with one piece of memory for them.
struct Owner {
    pool: Pool<Memory, View>,
    memory: Memory,
    record: Arc<AtomicU64>,
}

struct Reader {
    borrowed: Borrowed<View>,
    giver: Giver,
    memory: Memory,
    record: Arc<AtomicU64>,
    /// The last loan that was seen.
    seen: u64,
}

fn ends() -> (Owner, Reader, Bell) {
    let controls = [Arc::new(Control::default()), Arc::new(Control::default())];
    let view = |own: usize| View { own: controls[own].clone(), peer: controls[1 - own].clone() };
    let (memory, record, to_owner) = (Memory::default(), Arc::new(AtomicU64::new(0)), Bell::default());
    let owner =
        Owner { pool: Pool::new(view(0), ONE_SEGMENT), memory: memory.clone(), record: record.clone() };
    let giver = Giver { returns: Arc::new(Returns::new(view(1))), to_owner: to_owner.clone() };
    let reader = Reader { borrowed: Borrowed::new(view(1)), giver, memory, record, seen: 0 };
    (owner, reader, to_owner)
}

impl Owner {
    fn take(&mut self) -> Option<Loan<Memory>> {
        match self.pool.take(8).unwrap() {
            Taken::Loan(loan) => Some(loan),
            Taken::NeedsSegment(new) => self.pool.install(1, self.memory.clone(), new.bytes, 8).ok(),
            Taken::Full => None,
        }
    }

    /// Takes a block, sleeping until one comes back, as a link does.
    fn wait(&mut self, own: &Bell) -> Loan<Memory> {
        loop {
            if let Some(loan) = self.take() {
                return loan;
            }
            if self.pool.arm().unwrap() == Look::Armed {
                own.hear();
            }
            self.pool.disarm();
        }
    }

    fn send(&mut self, loan: Loan<Memory>) {
        let number = loan.record().loan;
        loan.memory().write(number);
        self.pool.sent(loan).map_err(|_| ()).unwrap();
        self.record.store(number, Ordering::Release);
    }
}

impl Reader {
    /// Looks at the record once; a new block is admitted.
    fn look(&mut self) -> Option<Held<Giver>> {
        let loan = self.record.load(Ordering::Relaxed);
        if loan == self.seen {
            return None;
        }
        fence(Ordering::Acquire);
        self.seen = loan;
        let sent = Sent { segment: 1, slot: 0, loan, bytes: 8 };
        Some(self.borrowed.admit(sent, self.giver.clone()).unwrap())
    }

    fn wait(&mut self) -> Held<Giver> {
        loop {
            match self.look() {
                Some(block) => return block,
                None => thread::yield_now(),
            }
        }
    }
}

#[test]
fn a_block_is_written_again_only_after_it_was_read() {
    loom::model(|| {
        // Nothing but the word of the block that came back orders the two ends here: nobody sleeps.
        let (mut owner, mut reader, _) = ends();
        let owning = thread::spawn(move || {
            for _attempt in 0..3 {
                if let Some(loan) = owner.take() {
                    owner.send(loan);
                }
            }
        });
        for _look in 0..3 {
            if let Some(block) = reader.look() {
                assert_eq!(reader.memory.read(), block.loan());
            }
        }
        owning.join().unwrap();
    });
}

#[test]
fn an_owner_that_sleeps_until_a_block_comes_back_is_woken_every_time() {
    loom::model(|| {
        let (mut owner, mut reader, to_owner) = ends();
        let owning = thread::spawn(move || {
            for _block in 0..3 {
                let loan = owner.wait(&to_owner);
                owner.send(loan);
            }
        });
        for number in 1..=3 {
            let block = reader.wait();
            assert_eq!((block.loan(), reader.memory.read()), (number, number));
        }
        owning.join().unwrap();
    });
}

#[test]
fn a_block_may_be_dropped_on_another_thread_than_it_came_to() {
    loom::model(|| {
        let (mut owner, mut reader, to_owner) = ends();
        let owning = thread::spawn(move || {
            for _block in 0..2 {
                let loan = owner.wait(&to_owner);
                owner.send(loan);
            }
        });
        let first = reader.wait();
        let memory = reader.memory.clone();
        let dropping = thread::spawn(move || {
            assert_eq!(memory.read(), 1);
            drop(first);
        });
        // The slot is not out when its next record comes, though another thread gave it back.
        let second = reader.wait();
        assert_eq!((second.loan(), reader.memory.read()), (2, 2));
        dropping.join().unwrap();
        owning.join().unwrap();
    });
}

#[test]
fn a_loan_dropped_unsent_is_written_by_the_next_only_afterwards() {
    loom::model(|| {
        let (mut owner, _reader, _) = ends();
        let loan = owner.take().unwrap();
        let writing = thread::spawn(move || {
            loan.memory().write(9);
            drop(loan);
        });
        for _attempt in 0..2 {
            if let Some(loan) = owner.take() {
                loan.memory().write(loan.record().loan);
            }
        }
        writing.join().unwrap();
    });
}

#[test]
fn an_owner_that_dies_between_any_two_steps_leaves_a_whole_block_or_none() {
    for steps in 0..=4 {
        loom::model(move || {
            let (mut owner, mut reader, _) = ends();
            // A dead owner drops nothing: what it had is kept until all is over.
            let owning = thread::spawn(move || {
                let loan = owner.take().unwrap();
                if steps >= 2 {
                    loan.memory().write(1);
                }
                let kept = match steps >= 3 {
                    true => owner.pool.sent(loan).err(),
                    false => Some(loan),
                };
                if steps == 4 {
                    owner.record.store(1, Ordering::Release);
                }
                (owner, kept)
            });
            if let Some(block) = reader.look() {
                assert!(steps == 4 && reader.memory.read() == 1, "a record from nowhere");
                drop(block);
            }
            owning.join().unwrap();
        });
    }
}

#[test]
fn a_reader_that_dies_between_any_two_steps_keeps_its_block_and_breaks_nothing() {
    for steps in 0..=3 {
        loom::model(move || {
            let (mut owner, mut reader, _) = ends();
            let loan = owner.take().unwrap();
            owner.send(loan);
            // A dead reader drops nothing: what it had is kept until all is over.
            let reading = thread::spawn(move || {
                let mut block = None;
                if steps >= 1 {
                    block = reader.look();
                }
                if steps >= 2 && block.is_some() {
                    assert_eq!(reader.memory.read(), 1);
                }
                if steps == 3 {
                    block = None;
                }
                (reader, block)
            });
            // The owner may ask as often as it likes: it gets the memory only from a reader that gave it back.
            for _attempt in 0..2 {
                if let Some(loan) = owner.take() {
                    assert_eq!(steps, 3, "nobody gave it back");
                    owner.send(loan);
                }
            }
            reading.join().unwrap();
        });
    }
}
