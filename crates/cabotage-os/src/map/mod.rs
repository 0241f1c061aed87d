// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of files and memory objects: bytes that other processes may change or take away at any time.
//!
//! So no slice and no reference to the bytes ever leaves this module: they are copied in and out by
//! [`crate::copy`], moved straight between a map and a descriptor by the kernel, or used as atomic words.
//! [`Map`] reads; [`MapMut`] writes too and is a `Map`.
//!
//! Who can hurt a map: whoever may shrink the object under it. Touching bytes that are gone raises SIGBUS, which
//! kills the process unless the map is [guarded](MapOptions::guarded). Sealed memory ([`crate::memfd`]) can't
//! shrink. What goes through the kernel ([`Map::write_to`], [`MapMut::fill_from`]) never raises SIGBUS.

mod options;
mod words;

use std::ops::Deref;
use std::os::fd::AsFd;
use std::ptr::NonNull;

pub use options::MapOptions;
use rustix::mm::MsyncFlags;

use crate::copy::{copy_in, copy_out};
use crate::error::{SystemError, attempt};
use crate::fork::Origin;
use crate::seam::{self, Errno};
use crate::sigbus::Guarded;

/// Why a map could not be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// A map of no bytes was asked for.
    #[error("a map of 0 bytes is not possible: ask for at least one")]
    Empty,
    /// The object has no bytes that could be mapped (a pipe, a socket, a directory…).
    #[error("only regular files and memory objects can be mapped, not {0}")]
    NotMappable(&'static str),
    /// The object ends before the part asked for.
    #[error("bytes {from} to {to} were asked for, but the object has only {object_bytes}")]
    BeyondEnd {
        /// Where the part begins.
        from: u64,
        /// Where the part ends (first byte after it).
        to: u64,
        /// The size of the object.
        object_bytes: u64,
    },
    /// The access does not lie inside the map.
    #[error("{bytes} bytes at {at} do not lie inside a map of {map_bytes} bytes")]
    OutOfRange {
        /// Where the access begins.
        at: usize,
        /// How many bytes it wants.
        bytes: usize,
        /// The size of the map.
        map_bytes: usize,
    },
    /// A word's offset does not divide by its size.
    #[error("a word of {bytes} bytes can't lie at {at}: choose a multiple of {bytes}")]
    Misaligned {
        /// Where the word was wanted.
        at: usize,
        /// The word's size.
        bytes: usize,
    },
    /// The object was shrunk under a guarded map; the map stays dead, nothing read since then counts.
    #[error("the object was shrunk by another process while it was mapped; open it again")]
    Truncated,
    /// The map belongs to the parent process.
    #[error("this map stayed with the parent process when it forked; map the object again in the child")]
    Forked,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// A readable map.
///
/// It may be shared between threads. Other processes may write the bytes meanwhile: each access sees bytes that
/// were there at some time during the call.
#[derive(Debug)]
pub struct Map {
    /// Dropped before the pages: once unmapped, their addresses may be somebody else's.
    guarded: Option<Guarded>,
    pages: Pages,
    /// Where the mapped part begins inside its first page.
    lead: usize,
    bytes: usize,
}

// SAFETY: the pages are reached through system calls, single-load copies and atomics only, all of which threads
// may do at once; nothing in a map belongs to one thread.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

/// A map that can be written too: shared with others, or private (copy-on-write).
#[derive(Debug)]
pub struct MapMut(Map);

impl Deref for MapMut {
    type Target = Map;

    fn deref(&self) -> &Map {
        &self.0
    }
}

/// Whole pages of address space, unmapped on drop in the process that mapped them.
#[derive(Debug)]
struct Pages {
    start: NonNull<u8>,
    bytes: usize,
    /// Set for maps that forked children do not inherit.
    origin: Option<Origin>,
}

impl Drop for Pages {
    fn drop(&mut self) {
        if self.origin.is_some_and(|origin| !origin.is_here()) {
            return; // Never mapped in this child: by now the addresses may be somebody else's.
        }
        // SAFETY: exactly the range that mmap gave (`options.rs`), and no borrow of the map is left.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

impl Map {
    /// How many bytes are mapped.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where the bytes lie. Reading through this pointer is the caller's own risk: see the head of
    /// [this module](self) for who can hurt it.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        // SAFETY: `lead` is less than a page, and the pages hold `lead + bytes` bytes.
        unsafe { self.pages.start.as_ptr().add(self.lead) }
    }

    /// Whether the map is of this process: a forked child may not have got it.
    pub(crate) fn is_here(&self) -> bool {
        self.pages.origin.is_none_or(Origin::is_here)
    }

    /// Whether a guarded map has lost its object.
    pub fn is_truncated(&self) -> bool {
        self.guarded.as_ref().is_some_and(Guarded::is_truncated)
    }

    /// Copies `target.len()` bytes at `at` out of the map, each loaded once.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`]; on a guarded map [`MapError::Truncated`], and then `target` holds nothing of
    /// meaning.
    #[inline]
    pub fn copy_to(&self, at: usize, target: &mut [u8]) -> Result<(), MapError> {
        let source = self.place(at, target.len())?;
        // SAFETY: `place` proved the range inside the map, which lives as long as `self`; `target` is private.
        unsafe { copy_in(source, target) };
        self.still_whole()
    }

    /// Writes up to `bytes` bytes at `at` of the map to a descriptor, without a copy in between; answers how many.
    ///
    /// # Errors
    /// As [`Map::copy_to`], and the system's refusal; an object shrunk meanwhile is [`MapError::Truncated`] even
    /// without a guard.
    pub fn write_to(&self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        let source = self.place(at, bytes)?;
        let fd = std::os::fd::AsRawFd::as_raw_fd(&fd.as_fd());
        // SAFETY: `place` proved the range inside the map; the kernel only reads it.
        let moved = self.through_kernel("write", || unsafe { libc::write(fd, source.cast(), bytes) })?;
        self.still_whole()?;
        Ok(moved)
    }

    /// Where `bytes` bytes at `at` lie, if they lie inside the map and the map is of this process.
    #[inline]
    fn place(&self, at: usize, bytes: usize) -> Result<*mut u8, MapError> {
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes) {
            return Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes });
        }
        if !self.is_here() {
            return Err(MapError::Forked);
        }
        // SAFETY: `at <= self.bytes`, checked above, so the result stays inside the map or one past its end.
        Ok(unsafe { self.as_ptr().cast_mut().add(at) })
    }

    #[inline]
    fn still_whole(&self) -> Result<(), MapError> {
        match self.is_truncated() {
            true => Err(MapError::Truncated),
            false => Ok(()),
        }
    }

    /// Runs a transfer of the C library, retried after signals.
    fn through_kernel(
        &self,
        call: &'static str,
        mut transfer: impl FnMut() -> isize,
    ) -> Result<usize, MapError> {
        let answer =
            seam::call_until_done(call, || usize::try_from(transfer()).map_err(|_| seam::last_errno()));
        answer.map_err(|errno| match errno {
            Errno::FAULT => MapError::Truncated,
            errno => SystemError::new(call, format_args!("a map of {} bytes", self.bytes), errno).into(),
        })
    }
}

impl MapMut {
    /// Where the bytes lie, for writing: as [`Map::as_ptr`], at the caller's own risk.
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.as_ptr().cast_mut()
    }

    /// Copies `source` into the map at `at`, each byte stored once.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`]; on a guarded map [`MapError::Truncated`], and then nobody sees the bytes.
    #[inline]
    pub fn copy_from(&self, at: usize, source: &[u8]) -> Result<(), MapError> {
        let target = self.place(at, source.len())?;
        // SAFETY: `place` proved the range inside the map, which was mapped writable; `source` is private.
        unsafe { copy_out(source, target) };
        self.still_whole()
    }

    /// Reads up to `bytes` bytes from a descriptor straight into the map at `at`; answers how many, 0 at the end.
    ///
    /// # Errors
    /// As [`MapMut::copy_from`], and the system's refusal; an object shrunk meanwhile is [`MapError::Truncated`]
    /// even without a guard.
    pub fn fill_from(&self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        let target = self.place(at, bytes)?;
        let fd = std::os::fd::AsRawFd::as_raw_fd(&fd.as_fd());
        // SAFETY: `place` proved the range inside the map, which was mapped writable and has no Rust references.
        let moved = self.through_kernel("read", || unsafe { libc::read(fd, target.cast(), bytes) })?;
        self.still_whole()?;
        Ok(moved)
    }

    /// Waits until what was written to a mapped file is on its disk.
    ///
    /// # Errors
    /// The system's refusal, such as `EIO` or a full disk.
    ///
    /// # Source
    /// msync(2), MS_SYNC.
    pub fn sync(&self) -> Result<(), MapError> {
        self.place(0, 0)?;
        let start = self.pages.start.as_ptr().cast();
        attempt("msync", format_args!("a map of {} bytes", self.bytes()), || {
            // SAFETY: exactly the pages that this map owns.
            unsafe { rustix::mm::msync(start, self.pages.bytes, MsyncFlags::SYNC) }
        })?;
        Ok(())
    }
}
