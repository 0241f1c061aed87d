// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a map is made: which part, with which protection, whether children inherit it.

use std::os::fd::AsFd;
use std::ptr::NonNull;

use rustix::fs::FileType;
use rustix::mm::{Advice, MapFlags, ProtFlags};

use super::{Map, MapError, MapMut, Pages};
use crate::error::attempt;
use crate::fork::Origin;
use crate::sigbus::{Guarded, SigbusGuard};

/// Choices for a new map; the default maps from the start, lazily, inherited by children, unguarded.
#[derive(Debug, Clone, Copy, Default)]
pub struct MapOptions {
    offset: u64,
    populate: bool,
    parent_only: bool,
    size_known: bool,
    guard: Option<SigbusGuard>,
}

impl MapOptions {
    /// The default choices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins at this byte of the object (any number: it need not divide by the page size).
    #[must_use]
    pub fn starting_at(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Fills the page table at once, so that the first touch of each page costs nothing.
    #[must_use]
    pub fn populated(self) -> Self {
        Self { populate: true, ..self }
    }

    /// Forked children do not get the map; using it there answers [`MapError::Forked`].
    #[must_use]
    pub fn not_in_children(self) -> Self {
        Self { parent_only: true, ..self }
    }

    /// Does not ask for the object's size and kind first, which saves a call: for a regular file that this process
    /// has just made so long, and that nobody else can open yet, or of which it has looked at the size after seals that
    /// keep it. Where that is not so, a touch beyond the end is SIGBUS.
    #[must_use]
    pub fn of_known_size(self) -> Self {
        Self { size_known: true, ..self }
    }

    /// A shrink of the object becomes [`MapError::Truncated`] instead of a SIGBUS.
    #[must_use]
    pub fn guarded(self, guard: SigbusGuard) -> Self {
        Self { guard: Some(guard), ..self }
    }

    /// Maps `bytes` bytes for reading, shared: what others write is seen.
    ///
    /// # Errors
    /// [`MapError::Empty`], [`MapError::NotMappable`], [`MapError::BeyondEnd`], or the system's refusal (`EACCES`
    /// when the descriptor can't be read).
    ///
    /// # Source
    /// mmap(2).
    pub fn read_only(&self, fd: impl AsFd, bytes: usize) -> Result<Map, MapError> {
        self.map(fd, bytes, ProtFlags::READ, MapFlags::SHARED)
    }

    /// Maps `bytes` bytes for reading and writing, shared: others see what is written.
    ///
    /// # Errors
    /// As [`MapOptions::read_only`]; `EACCES` when the descriptor can't be written, `EPERM` when a seal forbids it.
    pub fn read_write(&self, fd: impl AsFd, bytes: usize) -> Result<MapMut, MapError> {
        self.map(fd, bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED).map(MapMut)
    }

    /// Maps `bytes` bytes for reading and writing, private: what is written here nobody else sees
    /// (copy-on-write). Whether pages not yet written show what others write is unspecified.
    ///
    /// # Errors
    /// As [`MapOptions::read_only`].
    pub fn private(&self, fd: impl AsFd, bytes: usize) -> Result<MapMut, MapError> {
        self.map(fd, bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE).map(MapMut)
    }

    /// Maps `bytes` bytes for reading, privately: as [`MapOptions::read_only`], but for objects of which the kernel
    /// gives no shared map. What others write may be seen or not.
    ///
    /// # Errors
    /// As [`MapOptions::read_only`].
    pub fn read_only_private(&self, fd: impl AsFd, bytes: usize) -> Result<Map, MapError> {
        self.map(fd, bytes, ProtFlags::READ, MapFlags::PRIVATE)
    }

    fn map(
        &self,
        fd: impl AsFd,
        bytes: usize,
        protection: ProtFlags,
        mut flags: MapFlags,
    ) -> Result<Map, MapError> {
        let fd = fd.as_fd();
        self.check_size(fd, bytes)?;
        let page_bytes = rustix::param::page_size() as u64;
        let lead = usize::try_from(self.offset % page_bytes).unwrap_or(0); // below the page size
        let whole = bytes.checked_add(lead).ok_or(MapError::OutOfRange { at: lead, bytes, map_bytes: 0 })?;
        flags.set(MapFlags::POPULATE, self.populate);
        // Before the map exists, so that a failure here leaves nothing to undo.
        let origin = if self.parent_only { Some(Origin::here()?) } else { None };
        let start = attempt("mmap", format_args!("{bytes} bytes"), || {
            // SAFETY: a new mapping at a place the kernel chooses disturbs no existing one.
            unsafe {
                rustix::mm::mmap(
                    std::ptr::null_mut(),
                    whole,
                    protection,
                    flags,
                    fd,
                    self.offset - lead as u64,
                )
            }
        })?;
        let start = NonNull::new(start.cast::<u8>()).ok_or(MapError::Empty)?; // mmap never answers address 0
        let pages = Pages { start, bytes: whole, origin };
        if self.parent_only {
            attempt("madvise", format_args!("{bytes} mapped bytes"), || {
                // SAFETY: advice about the pages just mapped.
                unsafe { rustix::mm::madvise(start.as_ptr().cast(), whole, Advice::LinuxDontFork) }
            })?;
        }
        let writable = protection.contains(ProtFlags::WRITE);
        let guarded = self.guard.map(|proof| {
            let whole_pages = whole.next_multiple_of(rustix::param::page_size());
            Guarded::new(proof, start.as_ptr().expose_provenance(), whole_pages, writable)
        });
        Ok(Map { pages, lead, bytes, guarded })
    }

    fn check_size(&self, fd: std::os::fd::BorrowedFd<'_>, bytes: usize) -> Result<(), MapError> {
        if bytes == 0 {
            return Err(MapError::Empty);
        }
        if self.size_known {
            return Ok(());
        }
        let stat = attempt("fstat", "the object to map", || rustix::fs::fstat(fd))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::RegularFile {
            return Err(MapError::NotMappable(describe(kind)));
        }
        let object_bytes = u64::try_from(stat.st_size).unwrap_or(0);
        let to = self.offset.saturating_add(bytes as u64);
        if to > object_bytes {
            return Err(MapError::BeyondEnd { from: self.offset, to, object_bytes });
        }
        Ok(())
    }
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "a directory",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "this kind of file",
    }
}
