// SPDX-License-Identifier: MIT OR Apache-2.0
//! Immutable memory as a descriptor: what is handed out, taken, and handed on, whether anybody here looks at it or not.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Region, Sealed};
use crate::error::{SystemError, attempt_until_done};
use crate::map::MapError;
use crate::memfd::{AdmitError, IMMUTABLE, Memfd};
use crate::seam::Errno;

/// A part of a memory object that nobody can write any more; the whole of it as a rule. It is not mapped: it can be
/// read through the kernel, mapped as a slice or as memory of one's own, and handed on.
#[derive(Debug)]
pub struct SealedPart {
    memory: Memfd,
    start: u64,
    bytes: usize,
}

impl SealedPart {
    /// Of an object that was sealed here.
    pub(super) fn of(memory: Memfd, start: u64, bytes: usize) -> Self {
        Self { memory, start, bytes }
    }

    /// Takes a descriptor that a peer says is immutable memory of `object_bytes` bytes, of which `bytes` from `start` on
    /// are meant.
    ///
    /// # Errors
    /// What is wrong with it; the descriptor is closed. A part that does not lie inside is [`AdmitError::Size`].
    ///
    /// # Source
    /// fcntl(2), F_SEAL_WRITE.
    pub fn admit(fd: OwnedFd, object_bytes: u64, start: u64, bytes: usize) -> Result<Self, AdmitError> {
        let end = start.saturating_add(bytes as u64);
        if end > object_bytes {
            return Err(AdmitError::Size { found: object_bytes, announced: end });
        }
        Ok(Self { memory: Memfd::admit(fd, IMMUTABLE, object_bytes)?, start, bytes })
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where it begins in its object: what is mapped of it lies as far behind the start of a page.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes the object has of which it is a part.
    pub fn object_bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// A part of this part; `None` if it does not lie inside.
    ///
    /// # Errors
    /// The system's refusal: no descriptor is left.
    pub fn part(&self, at: usize, bytes: usize) -> Result<Option<Self>, SystemError> {
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes) {
            return Ok(None);
        }
        let start = self.start + at as u64;
        Ok(Some(Self { start, bytes, ..self.try_clone()? }))
    }

    /// The same memory by another descriptor.
    ///
    /// # Errors
    /// The system's refusal: no descriptor is left.
    pub fn try_clone(&self) -> Result<Self, SystemError> {
        Ok(Self { memory: self.memory.try_clone()?, start: self.start, bytes: self.bytes })
    }

    /// Copies bytes from `at` on, through the kernel.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`] if they do not lie inside; the system's refusal.
    ///
    /// # Source
    /// pread(2).
    pub fn copy_at(&self, at: usize, target: &mut [u8]) -> Result<(), MapError> {
        let bytes = target.len();
        if at.checked_add(bytes).is_none_or(|end| end > self.bytes) {
            return Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes });
        }
        let mut done = 0;
        while done < bytes {
            let object = format_args!("{bytes} bytes of sealed memory");
            let from = self.start + (at + done) as u64;
            let read = attempt_until_done("pread", object, || {
                rustix::io::pread(&self.memory, &mut target[done..], from)
            })?;
            if read == 0 {
                // Its size was looked at after the seals that keep it.
                return Err(SystemError::new("pread", "sealed memory", Errno::IO).into());
            }
            done += read;
        }
        Ok(())
    }

    /// Its bytes as a slice. No bytes need no map.
    ///
    /// # Errors
    /// The system's refusal: too many maps, no address space.
    pub fn map(&self) -> Result<Sealed, MapError> {
        Sealed::of(&self.memory, self.start, self.bytes)
    }

    /// Memory of our own with these bytes, which may be written: what is written here nobody else sees, and costs a copy
    /// of its page.
    ///
    /// # Errors
    /// As [`SealedPart::map`].
    pub fn map_private(&self) -> Result<Region, MapError> {
        Region::over(self.memory.try_clone()?, self.start, self.bytes)
    }
}

impl AsFd for SealedPart {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

impl From<SealedPart> for OwnedFd {
    fn from(part: SealedPart) -> Self {
        part.memory.into()
    }
}
