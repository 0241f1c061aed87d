// SPDX-License-Identifier: MIT OR Apache-2.0
//! A cache line to and fro between two processors: the shortest round trip that shared memory allows.
//!
//! Each side owns one line and stores a rising number in it; the other spins until it sees that number. No
//! message can be answered sooner, so round trips of lanes are judged by this one.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering::{Acquire, Release};

use super::words::{Words, spin_until};
use crate::seam::Errno;

/// One end of a bare cache-line ping-pong.
#[derive(Debug)]
pub struct Line {
    words: Words,
    turn: u64,
}

impl Line {
    /// A new pair of lines: this end, and the descriptor for [`Line::join`] in the other process.
    ///
    /// # Errors
    /// What memfd_create(2), ftruncate(2), fcntl(2) or mmap(2) answer.
    pub fn create() -> Result<(Self, OwnedFd), Errno> {
        let (words, memory) = Words::create(WORDS)?;
        Ok((Self { words, turn: 0 }, memory))
    }

    /// The other end.
    ///
    /// # Errors
    /// As [`Line::create`]; `EINVAL` for memory that was not made by it.
    pub fn join(memory: impl AsFd) -> Result<Self, Errno> {
        Ok(Self { words: Words::join(memory, WORDS)?, turn: 0 })
    }

    /// Calls and spins until the other end has answered.
    #[inline]
    pub fn ping(&mut self) {
        let words = self.words.as_slice();
        self.turn += 1;
        words[CALL].store(self.turn, Release);
        spin_until(|| words[ANSWER].load(Acquire) == self.turn);
    }

    /// Spins until the other end calls, and answers.
    #[inline]
    pub fn pong(&mut self) {
        self.pong_after(|| ());
    }

    /// Spins until the other end calls, does this, and answers.
    #[inline]
    pub fn pong_after<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let words = self.words.as_slice();
        self.turn += 1;
        spin_until(|| words[CALL].load(Acquire) == self.turn);
        let done = act();
        words[ANSWER].store(self.turn, Release);
        done
    }
}

const CALL: usize = 0;
const ANSWER: usize = 16; // 128 bytes on: x86 fetches 64-byte lines in pairs
const WORDS: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_gets_its_answer() {
        let (mut near, memory) = Line::create().unwrap();
        let far = std::thread::spawn(move || {
            let mut far = Line::join(&memory).unwrap();
            (0..1000).for_each(|_| far.pong());
            far.turn
        });
        (0..1000).for_each(|_| near.ping());
        assert_eq!((near.turn, far.join().unwrap()), (1000, 1000));
    }
}
