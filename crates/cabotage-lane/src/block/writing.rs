// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing a block in place, before it is sent.
//!
//! No slice of the block is lent out: the peer has the memory mapped and sees every store as it is made.

use std::os::fd::AsFd;
use std::sync::Arc;

use cabotage_os::copy::{prefetch_to_read, prefetch_to_write};
use cabotage_os::map::{MapError, MapMut};

use super::pool::Pool;
use super::{Loan, ends};
use crate::control::Controls;
use crate::plain::{self, Plain};

/// A block to write, in mapped memory. A fresh or recycled one holds whatever this link wrote there before.
pub type BlockMut = Loan<Arc<MapMut>>;

impl<C: Controls> Pool<Arc<MapMut>, C> {
    /// Says that a block like the last ones will be taken and filled soon: the words by which the peer gives back, and the
    /// lines at the ends of blocks, are asked for meanwhile.
    #[inline]
    pub fn expect(&self) {
        const BLOCKS: usize = 2;
        for (slot, memory, bytes) in self.used().take(BLOCKS) {
            prefetch_to_read(&raw const self.controls().peer().returned[slot.index()]);
            ends(memory.as_ptr(), bytes).into_iter().for_each(prefetch_to_write);
        }
    }
}

impl BlockMut {
    /// Copies `source` into the block at `at`.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`] if the block ends before; [`MapError::Forked`] in a forked child.
    #[inline]
    pub fn write_at(&mut self, at: usize, source: &[u8]) -> Result<(), MapError> {
        self.check(at, source.len())?;
        self.memory.copy_from(at, source)
    }

    /// Copies a plain value into the block at `at`, at any alignment.
    ///
    /// # Errors
    /// As [`BlockMut::write_at`].
    #[inline]
    pub fn write<T: Plain>(&mut self, at: usize, value: &T) -> Result<(), MapError> {
        self.write_at(at, plain::bytes_of(value))
    }

    /// Reads up to `bytes` bytes from a descriptor straight into the block at `at`; answers how many, 0 at the end.
    ///
    /// # Errors
    /// As [`BlockMut::write_at`], and the system's refusal.
    pub fn fill_from(&mut self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        self.check(at, bytes)?;
        self.memory.fill_from(at, bytes, fd)
    }

    /// Where the block lies, for code that fills memory by itself. Good for [`Loan::bytes`] bytes until the block is
    /// sent or dropped, and not in a forked child. Afterwards a store through it rewrites what the peer reads, which
    /// harms a peer that trusts us ([`Span::assume_frozen`](crate::Span::assume_frozen)), or the next block.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }

    #[inline]
    fn check(&self, at: usize, bytes: usize) -> Result<(), MapError> {
        match at.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            true => Ok(()),
            false => Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes }),
        }
    }
}
