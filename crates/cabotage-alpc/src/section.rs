// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections and their views: memory in which a large body lies while it is passed on, without a copy.
//!
//! A section is made with its one view, in multiples of 64 KiB. A **plain** view is a block of the channel: written in
//! place, read in place, given back by the receiver and used again, so that its cost does not grow with its size. Its
//! sender could rewrite it while it is read, which is why it is read by copies of what is looked at. A **secure**
//! view is made anew for each message and sealed when it is sent: from then on nobody can write it, and the receiver
//! has it as a slice.

use std::os::fd::{AsFd, OwnedFd};

use cabotage_lane::Plain;
use cabotage_link::{Block, BlockMut};
use cabotage_os::map::MapError;
use cabotage_os::sealed::{Draft, DraftError, Sealed};

use crate::rules::{Ticket, view_bytes};

/// A view to fill and to send. Dropped unsent, its memory is used again.
#[derive(Debug)]
pub struct ViewMut {
    block: BlockMut,
    bytes: usize,
}

impl ViewMut {
    pub(crate) fn new(block: BlockMut, bytes: usize) -> Self {
        Self { block, bytes }
    }

    /// How many bytes the receiver gets.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes the view has: the next multiple of 64 KiB.
    pub fn view_bytes(&self) -> usize {
        view_bytes(self.bytes).unwrap_or(usize::MAX)
    }

    /// Copies `source` into the view at `at`.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`] if the view ends before; [`MapError::Forked`] in a forked child.
    #[inline]
    pub fn write_at(&mut self, at: usize, source: &[u8]) -> Result<(), MapError> {
        self.check(at, source.len())?;
        self.block.write_at(at, source)
    }

    /// Copies a plain value into the view at `at`, at any alignment.
    ///
    /// # Errors
    /// As [`ViewMut::write_at`].
    #[inline]
    pub fn write<T: Plain>(&mut self, at: usize, value: &T) -> Result<(), MapError> {
        self.check(at, size_of::<T>())?;
        self.block.write(at, value)
    }

    /// Reads up to `bytes` bytes from a descriptor straight into the view at `at`; answers how many, 0 at the end.
    ///
    /// # Errors
    /// As [`ViewMut::write_at`], and the system's refusal.
    pub fn fill_from(&mut self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        self.check(at, bytes)?;
        self.block.fill_from(at, bytes, fd)
    }

    /// Sends less than was asked for; more it does not become.
    pub fn truncate(&mut self, bytes: usize) {
        self.bytes = self.bytes.min(bytes);
    }

    pub(crate) fn into_block(self) -> BlockMut {
        self.block
    }

    fn check(&self, at: usize, bytes: usize) -> Result<(), MapError> {
        match at.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            true => Ok(()),
            false => Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes }),
        }
    }
}

/// A view to fill, which nobody can change any more once it is sent. It can be sent over any channel.
#[derive(Debug)]
pub struct SecureViewMut {
    draft: Draft,
    bytes: usize,
}

impl SecureViewMut {
    /// A view for `bytes` bytes, all zero.
    ///
    /// # Errors
    /// [`DraftError`]: the system's refusal.
    pub fn create(bytes: usize) -> Result<Self, DraftError> {
        let too_large = DraftError::OutOfRange { at: 0, bytes, draft_bytes: u64::MAX };
        let section_bytes = view_bytes(bytes).ok_or(too_large)?;
        Ok(Self { draft: Draft::create("cabotage-view", section_bytes as u64)?, bytes })
    }

    /// How many bytes the receiver gets.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes the view has: the next multiple of 64 KiB.
    pub fn view_bytes(&self) -> usize {
        view_bytes(self.bytes).unwrap_or(usize::MAX)
    }

    /// Copies `source` into the view at `at`.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn write_at(&mut self, at: usize, source: &[u8]) -> Result<(), DraftError> {
        if at.checked_add(source.len()).is_none_or(|end| end > self.bytes) {
            let draft_bytes = self.bytes as u64;
            return Err(DraftError::OutOfRange { at: at as u64, bytes: source.len(), draft_bytes });
        }
        self.draft.write_at(at as u64, source)
    }

    pub(crate) fn seal(self) -> Result<OwnedFd, cabotage_os::SystemError> {
        self.draft.seal()
    }
}

/// A view that is to be sent, of either kind.
#[derive(Debug)]
pub struct Attachment(pub(crate) Carrier);

/// See [`Attachment`].
#[derive(Debug)]
pub(crate) enum Carrier {
    Plain(ViewMut),
    Secure(SecureViewMut),
    /// A secure one that was sealed and did not go, and how many bytes the receiver gets.
    Sealed(OwnedFd, usize),
}

impl Carrier {
    /// How many bytes the receiver gets.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Plain(view) => view.bytes(),
            Self::Secure(view) => view.bytes(),
            Self::Sealed(_, bytes) => *bytes,
        }
    }
}

impl From<ViewMut> for Attachment {
    fn from(view: ViewMut) -> Self {
        Self(Carrier::Plain(view))
    }
}

impl From<SecureViewMut> for Attachment {
    fn from(view: SecureViewMut) -> Self {
        Self(Carrier::Secure(view))
    }
}

/// A view that has come. Dropping it gives it back, and lets its sender send another.
#[derive(Debug)]
pub struct View {
    /// Dropped first: when the memory is given back, its sender may send another view at once.
    _ticket: Ticket,
    memory: Memory,
    bytes: usize,
}

#[derive(Debug)]
pub(crate) enum Memory {
    Plain(Block),
    Secure(Sealed),
}

impl View {
    pub(crate) fn new(ticket: Ticket, memory: Memory, bytes: usize) -> Self {
        Self { _ticket: ticket, memory, bytes }
    }

    /// How many bytes were sent.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes the view has: the next multiple of 64 KiB.
    pub fn view_bytes(&self) -> usize {
        view_bytes(self.bytes).unwrap_or(usize::MAX)
    }

    /// The bytes of a secure view, which nobody can change any more; `None` of a plain one.
    pub fn as_secure(&self) -> Option<&[u8]> {
        match &self.memory {
            Memory::Plain(_) => None,
            Memory::Secure(sealed) => sealed.get(..self.bytes),
        }
    }

    /// Fills `target` from byte `at` of the view on, each byte loaded once.
    ///
    /// # Errors
    /// [`MapError::OutOfRange`] if the view ends before; [`MapError::Forked`] in a forked child.
    #[inline]
    pub fn copy_at(&self, at: usize, target: &mut [u8]) -> Result<(), MapError> {
        self.check(at, target.len())?;
        match &self.memory {
            Memory::Plain(block) => block.copy_at(at, target),
            Memory::Secure(sealed) => {
                target.copy_from_slice(&sealed[at..at + target.len()]);
                Ok(())
            }
        }
    }

    /// A copy of the plain value at byte `at`, at any alignment.
    ///
    /// # Errors
    /// As [`View::copy_at`].
    #[inline]
    pub fn read<T: Plain>(&self, at: usize) -> Result<T, MapError> {
        self.check(at, size_of::<T>())?;
        match &self.memory {
            Memory::Plain(block) => block.read(at),
            Memory::Secure(sealed) => cabotage_lane::value_of(&sealed[at..at + size_of::<T>()])
                .ok_or(MapError::OutOfRange { at, bytes: size_of::<T>(), map_bytes: self.bytes }),
        }
    }

    /// A copy of all bytes.
    ///
    /// # Errors
    /// [`MapError::Forked`] in a forked child.
    pub fn to_vec(&self) -> Result<Vec<u8>, MapError> {
        let mut copy = vec![0; self.bytes];
        self.copy_at(0, &mut copy)?;
        Ok(copy)
    }

    /// The bytes from start to end in pieces, each copied into `buffer` and given to `each`.
    ///
    /// # Errors
    /// As [`View::copy_at`].
    ///
    /// # Panics
    /// If `buffer` is empty and the view is not.
    pub fn for_each_chunk(&self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) -> Result<(), MapError> {
        for at in (0..self.bytes).step_by(buffer.len()) {
            let bytes = buffer.len().min(self.bytes - at);
            self.copy_at(at, &mut buffer[..bytes])?;
            each(&buffer[..bytes]);
        }
        Ok(())
    }

    /// Writes up to `bytes` bytes from byte `at` on to a descriptor, without a copy in this process; answers how many.
    /// Of a plain view the sender may rewrite them before the kernel gets there.
    ///
    /// # Errors
    /// As [`View::copy_at`], and the system's refusal.
    pub fn write_to(&self, at: usize, bytes: usize, fd: impl AsFd) -> Result<usize, MapError> {
        self.check(at, bytes)?;
        match &self.memory {
            Memory::Plain(block) => block.write_to(at, bytes, fd),
            Memory::Secure(sealed) => sealed.write_to(at, bytes, fd),
        }
    }

    fn check(&self, at: usize, bytes: usize) -> Result<(), MapError> {
        match at.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            true => Ok(()),
            false => Err(MapError::OutOfRange { at, bytes, map_bytes: self.bytes }),
        }
    }
}
