// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that nobody can change any more: written once, sealed, and then a true `&[u8]` for whoever gets it.
//!
//! [`Draft`] and [`Region`] are the maker's side. A draft is written through the kernel and never mapped for writing, so
//! the seal against writing can't find a writer; a region is written in place, and its map goes before the seal comes.
//! [`SealedPart`] and [`Sealed`] are the taker's side: the memory as a descriptor, and mapped. A sealed map is the one
//! place where a slice of memory that came from another process is handed out, and this is why it may be:
//!
//! - *Nobody writes.* `F_SEAL_WRITE` was found on the object itself, and `F_SEAL_SEAL` with it. The kernel gives that
//!   seal only when no writable map of the object exists and no call is under way that may still write, and from
//!   then on it refuses every write, every hole and every writable map, to the maker and to root alike.
//! - *Nothing shrinks.* `F_SEAL_SHRINK` was found too, and the size and the blocks were looked at after the seals.
//! - *The first writes come before.* They ended before the seal, which was found by a system call here.
//! - *It stays mapped.* The map lives as long as the value, and a forked child inherits it.
//!
//! The price: a seal can't be lifted, so each piece of such memory is made, faulted in and thrown away.

mod part;
mod region;

use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};

pub use part::SealedPart;
pub use region::{NotSealed, Region};

use crate::error::SystemError;
use crate::map::{Map, MapError, MapOptions};
use crate::memfd::{AdmitError, IMMUTABLE, Memfd};
use crate::probe::{self, Feature};
use crate::seam::Errno;

/// Memory that is still ours to write. Nobody else has it.
#[derive(Debug)]
pub struct Draft {
    memory: Memfd,
    /// Up to here every byte was written, and so has memory.
    filled: u64,
}

/// Why something is no sealed memory that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// It is not what it should be: the fault of whoever handed it over.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// It could not be mapped here.
    #[error(transparent)]
    Map(#[from] MapError),
}

/// A write that reaches beyond the end of a [`Draft`], or the system's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// It reaches beyond the end.
    #[error("{bytes} bytes at {at} reach beyond the end of memory of {draft_bytes} bytes")]
    OutOfRange {
        /// Where the write begins.
        at: u64,
        /// How many bytes it has.
        bytes: usize,
        /// The size of the draft.
        draft_bytes: u64,
    },
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Draft {
    /// Memory of `bytes` bytes, all zero. `label` shows in /proc and nowhere else.
    ///
    /// # Errors
    /// As [`Memfd::create_sparse`].
    pub fn create(label: &str, bytes: u64) -> Result<Self, SystemError> {
        Ok(Self { memory: Memfd::create_sparse(label, bytes)?, filled: 0 })
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Writes all of `source` at `at`.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn write_at(&mut self, at: u64, source: &[u8]) -> Result<(), DraftError> {
        let draft_bytes = self.bytes();
        let Some(end) = at.checked_add(source.len() as u64).filter(|end| *end <= draft_bytes) else {
            return Err(DraftError::OutOfRange { at, bytes: source.len(), draft_bytes });
        };
        self.memory.write_at(at, source)?;
        if at <= self.filled {
            self.filled = self.filled.max(end);
        }
        Ok(())
    }

    /// Ends the writing, for everybody and for good, and gives the descriptor to hand out.
    ///
    /// # Errors
    /// The system's refusal: no memory for the pages that were never written.
    pub fn seal(self) -> Result<OwnedFd, SystemError> {
        Ok(self.freeze(0)?.into())
    }

    /// Ends the writing likewise, and gives the first `bytes` bytes of the memory, at most all of it.
    ///
    /// # Errors
    /// As [`Draft::seal`].
    pub fn freeze(self, bytes: usize) -> Result<SealedPart, SystemError> {
        self.memory.fill_holes(self.filled)?;
        region::freeze(&self.memory)?;
        let bytes = usize::try_from(self.bytes()).map_or(bytes, |all| bytes.min(all));
        Ok(SealedPart::of(self.memory, 0, bytes))
    }
}

/// Memory that nobody can change any more, ourselves included.
#[derive(Debug)]
pub struct Sealed {
    /// `None` of no bytes.
    map: Option<Map>,
}

impl Sealed {
    /// Takes a descriptor that a peer says is immutable memory of `bytes` bytes; maps it and closes it.
    ///
    /// # Errors
    /// [`SealedError`].
    ///
    /// # Source
    /// fcntl(2), F_SEAL_WRITE; mmap(2).
    pub fn admit(fd: OwnedFd, bytes: u64) -> Result<Self, SealedError> {
        let memory = Memfd::admit(fd, IMMUTABLE, bytes)?;
        let too_large = MapError::OutOfRange { at: 0, bytes: usize::MAX, map_bytes: 0 };
        let bytes = usize::try_from(bytes).map_err(|_| too_large)?;
        Ok(Self::of(&memory, 0, bytes)?)
    }

    /// A part of an object that has the seals.
    fn of(memory: &Memfd, start: u64, bytes: usize) -> Result<Self, MapError> {
        // Its size was looked at after the seals that keep it.
        let options = MapOptions::new().starting_at(start).of_known_size();
        Ok(Self { map: if bytes == 0 { None } else { Some(map(memory, options, bytes)?) } })
    }

    /// Writes up to `bytes` bytes from byte `at` on to a descriptor, without a copy in this process; answers how many.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`], or the system's refusal.
    pub fn write_to(&self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        match &self.map {
            Some(map) => map.write_to(at, bytes, fd),
            None if at == 0 && bytes == 0 => Ok(0),
            None => Err(MapError::OutOfRange { at, bytes, map_bytes: 0 }),
        }
    }
}

/// Kernels before 6.7 give no shared map of sealed memory, not even for reading. A private one shows the same bytes,
/// since nobody can change them.
fn map(memory: &Memfd, options: MapOptions, bytes: usize) -> Result<Map, MapError> {
    if probe::allows(Feature::SharedMapOfSealed) {
        match options.read_only(memory, bytes) {
            Err(MapError::System(refusal)) if refusal.errno() == Errno::PERM => {
                probe::learn(Feature::SharedMapOfSealed, false);
            }
            answer => return answer,
        }
    }
    options.read_only_private(memory, bytes)
}

impl Deref for Sealed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Some(map) = &self.map else { return &[] };
        // SAFETY:
        // - range: the map has exactly these bytes, and `self`, which the slice borrows, keeps it; a child has it too.
        // - race: nobody can write them: whoever made a `Sealed` found the seals of `IMMUTABLE` on its object, or has
        //   given them (see the head of this file).
        unsafe { std::slice::from_raw_parts(map.as_ptr(), map.bytes()) }
    }
}
