// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes in a peer's memory: first a claim, which proves nothing, then a span, which is proved to lie inside a map.
//!
//! The peer may rewrite a span's bytes at any time, so nothing here lends them out: they are copied, each loaded
//! once, and what was copied no longer changes. The one exception says in its name what must be assumed.
//! Which to take when: docs/zero-copy.md.

use std::os::fd::AsFd;
use std::sync::Arc;

use cabotage_os::map::{Map, MapError};

use crate::plain::{self, Plain};
use crate::violation::Violation;

/// Where a peer *says* that it put something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The first byte, counted from the start of the memory.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Bytes proved to lie inside a map of a peer's memory, which stays mapped as long as the span lives.
///
/// In a forked child every call answers [`MapError::Forked`] if the map was made `not_in_children`, as maps of a
/// link are.
#[derive(Debug)]
pub struct Span {
    map: Arc<Map>,
    offset: usize,
    bytes: usize,
}

impl Claim {
    /// Turns the claim into a span of this map: the only way to get one.
    ///
    /// # Errors
    /// [`Violation::Claim`] unless all of it lies inside the map, whose size is our own knowledge.
    pub fn admit(self, map: &Arc<Map>) -> Result<Span, Violation> {
        let inside = || {
            let (offset, bytes) = (usize::try_from(self.offset).ok()?, usize::try_from(self.bytes).ok()?);
            (offset.checked_add(bytes)? <= map.bytes()).then_some((offset, bytes))
        };
        match inside() {
            Some((offset, bytes)) => Ok(Span { map: Arc::clone(map), offset, bytes }),
            None => Err(Violation::Claim {
                offset: self.offset,
                bytes: self.bytes,
                bytes_max: map.bytes() as u64,
            }),
        }
    }
}

impl Span {
    /// How many bytes.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies the start of the span, each byte loaded once; answers how many bytes.
    ///
    /// # Errors
    /// [`MapError::Forked`]; [`MapError::Truncated`] where the map is of memory that can shrink.
    #[inline]
    pub fn copy_to(&self, target: &mut [u8]) -> Result<usize, MapError> {
        let bytes = self.bytes.min(target.len());
        self.map.copy_to(self.offset, &mut target[..bytes])?;
        Ok(bytes)
    }

    /// Fills `target` from byte `at` of the span on, each byte loaded once.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`] if the span ends before; then as [`Span::copy_to`].
    #[inline]
    pub fn copy_at(&self, at: usize, target: &mut [u8]) -> Result<(), MapError> {
        self.map.copy_to(self.place(at, target.len())?, target)
    }

    /// A copy of the plain value at byte `at`, at any alignment, each byte loaded once. What its numbers mean is
    /// the caller's to check.
    ///
    /// # Errors
    /// As [`Span::copy_at`].
    #[inline]
    pub fn read<T: Plain>(&self, at: usize) -> Result<T, MapError> {
        plain::fill(|target| self.copy_at(at, target))
    }

    /// The span from start to end in pieces, each copied into `buffer` and lent from there.
    ///
    /// # Panics
    /// If `buffer` is empty and the span is not.
    pub fn chunks<'a>(&'a self, buffer: &'a mut [u8]) -> Chunks<'a> {
        assert!(!buffer.is_empty() || self.bytes == 0, "chunks need a buffer of at least one byte");
        Chunks { span: self, buffer, at: 0 }
    }

    /// Writes up to `bytes` bytes from byte `at` on to a descriptor, without a copy in this process; answers how
    /// many. The peer may rewrite them before the kernel gets there.
    ///
    /// # Errors
    /// As [`Span::copy_at`], and the system's refusal.
    pub fn write_to(&self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        self.map.write_to(self.place(at, bytes)?, bytes, fd)
    }

    /// Where the bytes lie, for code that knows how to read memory under a writer: volatile, in assembly, or by a
    /// device. No reference and no ordinary copy of the language does (docs/threats.md#racing-copy). Good for
    /// [`Span::bytes`] bytes as long as the span lives, and not in a forked child.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.map.as_ptr().wrapping_add(self.offset)
    }

    /// The bytes where they lie, for those who trust the peer not to touch them.
    ///
    /// Nothing can enforce what this needs, and no check afterwards repairs it: if the peer writes, the behaviour of
    /// this process is undefined (a checked `str` is none, a checked index runs out of bounds). A peer of another
    /// user is not to be trusted so.
    ///
    /// # Panics
    /// In a forked child, where the map is gone.
    ///
    /// # Safety
    /// As long as the slice, or anything made from it, is used:
    /// - The peer must not write any byte of the span, not even with the value that it has: no thread of it through
    ///   its map or a pointer from `as_mut_ptr`, no child that inherited the map, and no call or device that it told
    ///   to fill the memory (`fill_from`, `read`, io_uring).
    /// - What it wrote before must be ordered before: published by a record that this process has received.
    /// - The memory under the map must not shrink: it is sealed, as segments of a link are.
    pub unsafe fn assume_frozen(&self) -> &[u8] {
        if let Err(gone) = self.map.copy_to(self.offset, &mut []) {
            panic!("{gone}");
        }
        // SAFETY: `admit` proved the range inside the map, the map was found to be of this process and lives as long
        // as `self`; that nobody writes meanwhile is the caller's promise.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.bytes) }
    }

    /// Where `bytes` bytes at `at` of the span lie in the map.
    #[inline]
    fn place(&self, at: usize, bytes: usize) -> Result<usize, MapError> {
        match at.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            true => Ok(self.offset + at),
            false => Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes }),
        }
    }
}

/// See [`Span::chunks`].
#[derive(Debug)]
pub struct Chunks<'a> {
    span: &'a Span,
    buffer: &'a mut [u8],
    at: usize,
}

impl Chunks<'_> {
    /// The next piece, as long as the buffer but for the last; `None` at the end.
    ///
    /// # Errors
    /// As [`Span::copy_to`].
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, MapError> {
        let bytes = self.buffer.len().min(self.span.bytes - self.at);
        if bytes == 0 {
            return Ok(None);
        }
        let chunk = &mut self.buffer[..bytes];
        self.span.copy_at(self.at, chunk)?;
        self.at += bytes;
        Ok(Some(chunk))
    }
}
