// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain shared buffer that two processes use in turns: as fast as many bytes cross when nobody is mistrusted.
//!
//! Whose turn it is shows in two lines, as in a [`Line`](super::Line): one side writes the buffer and calls, the
//! other reads it and answers. Blocks of links are judged by this.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use super::words::{Words, spin_until};
use crate::seam::Errno;

/// One end of a buffer; which one shows in what is called on it.
#[derive(Debug)]
pub struct Buffer {
    words: Words,
    bytes: usize,
    turn: u64,
}

impl Buffer {
    /// A new buffer of `bytes` bytes, a multiple of 8: the end that writes, and the descriptor for [`Buffer::join`]
    /// in the other process.
    ///
    /// # Errors
    /// What memfd_create(2), ftruncate(2), fcntl(2) or mmap(2) answer.
    pub fn create(bytes: usize) -> Result<(Self, OwnedFd), Errno> {
        let (words, memory) = Words::create(words_for(bytes))?;
        Ok((Self { words, bytes, turn: 0 }, memory))
    }

    /// The end that reads.
    ///
    /// # Errors
    /// As [`Buffer::create`]; `EINVAL` for memory that was not made by it with as many bytes.
    pub fn join(memory: impl AsFd, bytes: usize) -> Result<Self, Errno> {
        Ok(Self { words: Words::join(memory, words_for(bytes))?, bytes, turn: 0 })
    }

    /// Writes every byte, hands the buffer over and spins until it is handed back. `piece` is written again and
    /// again until the buffer is full.
    #[inline]
    pub fn fill_and_call(&mut self, piece: &[u8]) {
        for at in (0..self.bytes).step_by(piece.len()) {
            let bytes = piece.len().min(self.bytes - at);
            // SAFETY: `at + bytes <= self.bytes`, and so many bytes follow the head in the mapping (`words_for`).
            // `piece` is private memory, so nothing overlaps. The other end does not touch the buffer: it waits for
            // the call below, and it is this very module; no slice of the words is in use.
            unsafe { ptr::copy_nonoverlapping(piece.as_ptr(), self.place(at), bytes) };
        }
        self.turn += 1;
        self.lines()[CALL].store(self.turn, Release);
        spin_until(|| self.lines()[ANSWER].load(Acquire) == self.turn);
    }

    /// Spins until the buffer is handed over, reads every byte and hands it back. The bytes go through `piece`,
    /// each filling of which `see` gets to see.
    #[inline]
    pub fn drain_and_answer(&mut self, piece: &mut [u8], mut see: impl FnMut(&[u8])) {
        self.turn += 1;
        spin_until(|| self.lines()[CALL].load(Acquire) == self.turn);
        for at in (0..self.bytes).step_by(piece.len()) {
            let bytes = piece.len().min(self.bytes - at);
            // SAFETY: as in `fill_and_call`, with the roles of source and target exchanged: the other end wrote all
            // of this before its call, which was seen above, and waits for the answer below.
            unsafe { ptr::copy_nonoverlapping(self.place(at), piece.as_mut_ptr(), bytes) };
            see(&piece[..bytes]);
        }
        self.lines()[ANSWER].store(self.turn, Release);
    }

    /// The words that say whose turn it is.
    #[inline]
    fn lines(&self) -> &[AtomicU64] {
        &self.words.as_slice()[..HEAD_WORDS]
    }

    /// Where the byte `at` of the buffer lies.
    #[inline]
    fn place(&self, at: usize) -> *mut u8 {
        self.words.as_ptr().wrapping_add(HEAD_WORDS).cast::<u8>().wrapping_add(at)
    }
}

fn words_for(bytes: usize) -> usize {
    HEAD_WORDS + bytes.div_ceil(size_of::<AtomicU64>())
}

const CALL: usize = 0;
const ANSWER: usize = 16; // 128 bytes on: x86 fetches 64-byte lines in pairs
const HEAD_WORDS: usize = 512; // a page, so that the buffer begins where a block does

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_arrives_whatever_the_pieces() {
        const BYTES: usize = 10_000;
        let (mut near, memory) = Buffer::create(BYTES).unwrap();
        let far = std::thread::spawn(move || {
            let mut far = Buffer::join(&memory, BYTES).unwrap();
            let mut seen = Vec::new();
            for _ in 0..3 {
                far.drain_and_answer(&mut [0; 900], |piece| seen.extend_from_slice(piece));
            }
            seen
        });
        let pieces = [7, 8, 9].map(|number| vec![number; 4096]);
        pieces.iter().for_each(|piece| near.fill_and_call(piece));
        assert_eq!(far.join().unwrap(), [vec![7; BYTES], vec![8; BYTES], vec![9; BYTES]].concat());
    }
}
