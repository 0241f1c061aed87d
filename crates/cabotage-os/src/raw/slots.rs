// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bare ring of 64-byte slots, one way: the fastest stream of small messages that shared memory allows.
//!
//! A slot is one cache line: seven words of message and the number of the lap, stored last. The reader says how
//! far it is once in a quarter of the ring. There is no arming, no death, no mistrust: streams of lanes are
//! judged by this.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::words::{Words, spin_until};
use crate::seam::Errno;

/// What a slot carries.
pub type Message = [u64; WORDS_IN_SLOT - 1];

/// One end of the ring; which one shows in what is called on it.
#[derive(Debug)]
pub struct Slots {
    words: Words,
    position: u64,
    consumed: u64,
}

impl Slots {
    /// A new ring: this end, and the descriptor for [`Slots::join`] in the other process.
    ///
    /// # Errors
    /// What memfd_create(2), ftruncate(2), fcntl(2) or mmap(2) answer.
    pub fn create() -> Result<(Self, OwnedFd), Errno> {
        let (words, memory) = Words::create(WORDS)?;
        Ok((Self { words, position: 0, consumed: 0 }, memory))
    }

    /// The other end.
    ///
    /// # Errors
    /// As [`Slots::create`]; `EINVAL` for memory that was not made by it.
    pub fn join(memory: impl AsFd) -> Result<Self, Errno> {
        Ok(Self { words: Words::join(memory, WORDS)?, position: 0, consumed: 0 })
    }

    /// Puts one message in, spinning while the ring is full.
    #[inline]
    pub fn send(&mut self, message: &Message) {
        let words = self.words.as_slice();
        if self.position - self.consumed == SLOTS {
            spin_until(|| {
                self.consumed = words[CONSUMED].load(Acquire);
                self.position - self.consumed < SLOTS
            });
        }
        let (mark, body) = slot(words, self.position);
        for (word, value) in body.iter().zip(message) {
            word.store(*value, Relaxed);
        }
        self.position += 1;
        mark.store(self.position, Release);
    }

    /// Takes one message out, spinning while the ring is empty.
    #[inline]
    pub fn receive(&mut self) -> Message {
        let words = self.words.as_slice();
        let (mark, body) = slot(words, self.position);
        self.position += 1;
        spin_until(|| mark.load(Acquire) == self.position);
        let message = std::array::from_fn(|at| body[at].load(Relaxed));
        if self.position.is_multiple_of(SLOTS / 4) {
            words[CONSUMED].store(self.position, Release);
        }
        message
    }
}

/// The mark and the body of the slot for the message of this number.
#[inline]
fn slot(words: &[AtomicU64], position: u64) -> (&AtomicU64, &[AtomicU64; WORDS_IN_SLOT - 1]) {
    let at = RING + (position % SLOTS) as usize * WORDS_IN_SLOT;
    let (mark, body) = words[at..at + WORDS_IN_SLOT].split_first().expect("a slot has eight words");
    (mark, body.try_into().expect("seven follow the mark"))
}

const WORDS_IN_SLOT: usize = 8;
const SLOTS_IN_RING: usize = 1024;
const SLOTS: u64 = SLOTS_IN_RING as u64;
const CONSUMED: usize = 0;
const RING: usize = 16;
const WORDS: usize = RING + SLOTS_IN_RING * WORDS_IN_SLOT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_and_in_order_over_many_laps() {
        const MESSAGES: u64 = 4 * SLOTS + 3;
        let (mut sender, memory) = Slots::create().unwrap();
        let reader = std::thread::spawn(move || {
            let mut receiver = Slots::join(&memory).unwrap();
            (0..MESSAGES).all(|number| receiver.receive() == [number; WORDS_IN_SLOT - 1])
        });
        (0..MESSAGES).for_each(|number| sender.send(&[number; WORDS_IN_SLOT - 1]));
        assert!(reader.join().unwrap());
    }
}
