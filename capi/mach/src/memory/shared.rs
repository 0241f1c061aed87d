// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that is at two addresses, or in two processes: behind it stands a memory object, of which the process keeps a
//! descriptor as long as any of its pages are mapped.
//!
//! Pages that were private until now are copied into an object, which is mapped over them. What another thread writes
//! there at that very moment may be lost; Mach's own kernel would not lose it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use cabotage_os::memfd::Memfd;
use cabotage_os::object::facts;
use cabotage_os::pages::{self, Content, Known, Word};
use cabotage_os::sealed::{Draft, SealedPart};

use super::copies::load;
use crate::code::{Code, INVALID_ADDRESS, RESOURCE_SHORTAGE, of_pages};
use crate::here::here;

/// The memory objects of which pages are mapped here, by inode.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    known: Mutex<Vec<(u64, Arc<OwnedFd>)>>,
}

/// Memory of an object, from some byte on.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) object: Arc<OwnedFd>,
    pub(crate) start: u64,
}

impl Part {
    /// What these pages hold.
    pub(crate) fn content(&self) -> Content<'_> {
        Content::Object(self.object.as_fd(), self.start)
    }
}

/// The object of which these whole pages are; they become so if they were not.
pub(crate) fn object_of(word: Word, start: usize, bytes: usize) -> Result<Part, Code> {
    let found = pages::known(start).map_err(|error| of_pages(&error))?.ok_or(INVALID_ADDRESS)?;
    if found.is_shared
        && found.end - start >= bytes
        && let Some(part) = here()?.objects.part(&found, start)
    {
        return Ok(part);
    }
    into_object(word, &found, start, bytes)
}

/// Remembers the object of pages that were mapped.
pub(crate) fn remember(object: Arc<OwnedFd>) -> Result<(), Code> {
    let inode = facts(&*object, "shared memory").map_err(|error| of_pages(&error))?.identity.inode;
    here()?.objects.remember(inode, object);
    Ok(())
}

/// Pages have gone: objects of which none are left are closed.
pub(super) fn forget_unmapped() {
    if let Ok(here) = here() {
        here.objects.forget_unmapped();
    }
}

/// A copy of memory as it is now, as an object.
pub(crate) fn snapshot(start: usize, bytes: usize) -> Result<Memfd, Code> {
    let object = Memfd::create_sparse("mach-memory", bytes as u64).map_err(|_| RESOURCE_SHORTAGE)?;
    in_pieces(start, bytes, |at, piece| object.write_at(at, piece).map_err(|_| RESOURCE_SHORTAGE))?;
    Ok(object)
}

/// A copy of memory as it is now, which nobody can change any more.
pub(crate) fn sealed(start: usize, bytes: usize) -> Result<SealedPart, Code> {
    let mut draft = Draft::create("mach-memory", bytes as u64).map_err(|_| RESOURCE_SHORTAGE)?;
    in_pieces(start, bytes, |at, piece| draft.write_at(at, piece).map_err(|_| RESOURCE_SHORTAGE))?;
    draft.freeze(bytes).map_err(|_| RESOURCE_SHORTAGE)
}

/// Pieces that stay in the processor's cache between their reading and their writing.
const PIECE_BYTES: usize = 256 << 10;

fn in_pieces(
    start: usize,
    bytes: usize,
    mut store: impl FnMut(u64, &[u8]) -> Result<(), Code>,
) -> Result<(), Code> {
    let mut piece = vec![0; bytes.min(PIECE_BYTES)];
    let mut done = 0;
    while done < bytes {
        let part_bytes = piece.len().min(bytes - done);
        let part = &mut piece[..part_bytes];
        load(start.checked_add(done).ok_or(INVALID_ADDRESS)?, part)?;
        store(done as u64, part)?;
        done += part_bytes;
    }
    Ok(())
}

fn into_object(word: Word, found: &Known, start: usize, bytes: usize) -> Result<Part, Code> {
    let object = snapshot(start, bytes)?;
    let content = Content::Object(object.as_fd(), 0);
    word.map_over(start, bytes, content, found.protection).map_err(|error| of_pages(&error))?;
    let object: Arc<OwnedFd> = Arc::new(object.into());
    remember(Arc::clone(&object))?;
    Ok(Part { object, start: 0 })
}

impl Objects {
    fn part(&self, found: &Known, start: usize) -> Option<Part> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, object) = known.iter().find(|(inode, _)| *inode == found.inode)?;
        Some(Part { object: Arc::clone(object), start: found.offset + (start - found.start) as u64 })
    }

    fn remember(&self, inode: u64, object: Arc<OwnedFd>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().all(|(other, _)| *other != inode) {
            known.push((inode, object));
        }
    }

    fn forget_unmapped(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return;
        }
        if let Ok(all) = pages::all() {
            known.retain(|(inode, _)| all.iter().any(|pages| pages.is_shared && pages.inode == *inode));
        }
    }
}
