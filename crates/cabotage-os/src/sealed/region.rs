// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of our own that can become immutable memory for others without a copy.
//!
//! A region is **ours** at first: a shared map of a memory object that nobody else has; its bytes lie in the object
//! itself. When they are given away it becomes private: a copy-on-write map of the object, which is sealed now; what is
//! written afterwards lies in pages of this process.
//!
//! Why a `&mut [u8]` may be had of it:
//!
//! - *Nobody else writes or reads what is ours.* No descriptor of the object has left this process (it is closed on
//!   exec), and no forked child gets the map. To seal the object the map has to go first.
//! - *Nobody else sees what is private*, and nobody writes what lies below it: the object is sealed, or was never given
//!   away.
//! - *Nothing shrinks.* Nobody else could do it to what is ours, and the seals forbid it afterwards.

use std::ops::{Deref, DerefMut};

use super::{Draft, DraftError, SealedPart};
use crate::error::SystemError;
use crate::map::{MapError, MapMut, MapOptions};
use crate::memfd::{IMMUTABLE, Memfd};

/// Memory of this process alone, all zero at first, that begins at a page's start and can be given away as
/// [immutable memory](SealedPart).
///
/// In a forked child a region of which nothing was given away is empty: its memory stayed with the parent.
#[derive(Debug)]
pub struct Region {
    /// `None` of no bytes.
    map: Option<MapMut>,
    bytes: usize,
    memory: Memfd,
    /// Where it begins in the object.
    start: u64,
    state: State,
}

/// Where the bytes of a region are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the object, which is ours alone and mapped shared.
    Ours,
    /// In the object, which is sealed and mapped privately.
    Given,
    /// Some of them perhaps in pages of our own.
    Written,
}

/// Memory that could not be given away, and the region, where that could be kept.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotSealed {
    /// The refusal.
    #[source]
    pub error: MapError,
    /// The memory, with its bytes.
    pub region: Option<Region>,
}

impl Region {
    /// Memory of `bytes` bytes. `label` shows in /proc and nowhere else.
    ///
    /// # Errors
    /// The system's refusal, [`MapError::System`]: no memory, no descriptor.
    ///
    /// # Source
    /// memfd_create(2), fallocate(2), mmap(2).
    pub fn create(label: &str, bytes: usize) -> Result<Self, MapError> {
        let memory = Memfd::create(label, object_bytes(bytes))?;
        let how = MapOptions::new().not_in_children().of_known_size();
        let map = if bytes == 0 { None } else { Some(how.read_write(&memory, bytes)?) };
        Ok(Self { map, bytes, memory, start: 0, state: State::Ours })
    }

    /// Memory with the bytes of a sealed part of an object, copied where they are written.
    pub(super) fn over(memory: Memfd, start: u64, bytes: usize) -> Result<Self, MapError> {
        let map = private_map(&memory, start, bytes)?;
        Ok(Self { map, bytes, memory, start, state: State::Given })
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where it lies, for those who read and write by pointers until it is given away; it counts as written from now on.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.note_written();
        self.map.as_ref().map_or(std::ptr::dangling_mut(), MapMut::as_mut_ptr)
    }

    /// Gives the bytes away as they are. Nothing is copied, but of memory that was given away or came from another
    /// process, if it was written since.
    ///
    /// # Errors
    /// [`NotSealed`]: the system's refusal, or that it stayed with the parent.
    pub fn seal(mut self) -> Result<SealedPart, Box<NotSealed>> {
        let sealed = match self.state {
            State::Ours => self.part_with(false),
            State::Given => Ok(()),
            State::Written => match self.copy() {
                Ok(copy) => return Ok(copy),
                Err(error) => Err(error),
            },
        };
        match sealed {
            Ok(()) => Ok(SealedPart::of(self.memory, self.start, self.bytes)),
            Err(error) => {
                let is_whole = self.map.is_some() || self.bytes == 0;
                Err(Box::new(NotSealed { error, region: is_whole.then_some(self) }))
            }
        }
    }

    /// Gives the bytes away as they are now and keeps the memory, which may lie elsewhere afterwards: what is written
    /// from now on nobody else sees, and costs a copy of its page. Another time it costs a copy of all bytes, if any was
    /// written since.
    ///
    /// # Errors
    /// The system's refusal, and the region is as it was; [`MapError::Forked`] in a child.
    pub fn snapshot(&mut self) -> Result<SealedPart, MapError> {
        match self.state {
            State::Ours => self.part_with(true)?,
            State::Given => {}
            State::Written => return self.copy(),
        }
        Ok(SealedPart::of(self.memory.try_clone()?, self.start, self.bytes))
    }

    /// Seals the object; the map goes, or becomes private.
    fn part_with(&mut self, keep: bool) -> Result<(), MapError> {
        self.check_is_here()?;
        if keep {
            self.map = private_map(&self.memory, 0, self.bytes)?;
        } else {
            self.map = None;
        }
        if let Err(refusal) = freeze(&self.memory) {
            // Somebody told the kernel to write there, such as by io_uring, and it has not done so yet.
            if !keep {
                self.map = private_map(&self.memory, 0, self.bytes)?;
            }
            self.state = State::Written;
            return Err(refusal.into());
        }
        self.state = State::Given;
        Ok(())
    }

    /// A copy of the bytes as they are now.
    fn copy(&self) -> Result<SealedPart, MapError> {
        self.check_is_here()?;
        let mut draft = Draft::create("cabotage-copy", object_bytes(self.bytes))?;
        match draft.write_at(0, self) {
            Ok(()) => Ok(draft.freeze(self.bytes)?),
            Err(DraftError::System(refusal)) => Err(refusal.into()),
            Err(DraftError::OutOfRange { bytes, .. }) => {
                Err(MapError::OutOfRange { at: 0, bytes, map_bytes: self.bytes })
            }
        }
    }

    fn note_written(&mut self) {
        if self.state == State::Given {
            self.state = State::Written;
        }
    }

    fn is_here(&self) -> bool {
        self.map.as_ref().is_none_or(|map| map.is_here())
    }

    fn check_is_here(&self) -> Result<(), MapError> {
        if self.is_here() { Ok(()) } else { Err(MapError::Forked) }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.map {
            // SAFETY:
            // - range: the map has exactly `bytes` bytes in this process, and `self`, which the slice borrows, keeps it.
            // - race: nobody else can write them (see the head of this file), and `self` is borrowed, so we do not.
            Some(map) if map.is_here() => unsafe { std::slice::from_raw_parts(map.as_ptr(), self.bytes) },
            _ => &[],
        }
    }
}

impl DerefMut for Region {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.note_written();
        match &self.map {
            // SAFETY:
            // - range: as above; the map was made for writing.
            // - race: nobody else sees them (see the head of this file), and `self` is borrowed for writing.
            Some(map) if map.is_here() => unsafe {
                std::slice::from_raw_parts_mut(map.as_mut_ptr(), self.bytes)
            },
            _ => &mut [],
        }
    }
}

/// No object has no bytes.
fn object_bytes(bytes: usize) -> u64 {
    bytes.max(1) as u64
}

fn private_map(memory: &Memfd, start: u64, bytes: usize) -> Result<Option<MapMut>, MapError> {
    match bytes {
        0 => Ok(None),
        _ => MapOptions::new().starting_at(start).private(memory, bytes).map(Some),
    }
}

/// Ends all writing to an object.
pub(super) fn freeze(memory: &Memfd) -> Result<(), SystemError> {
    memory.restrict_mode()?;
    memory.seal(IMMUTABLE)
}
