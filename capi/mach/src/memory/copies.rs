// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies between addresses: `vm_read`, `vm_write`, `vm_copy`. The kernel does each step, so an address where nothing
//! is gives an error and no signal.

use cabotage_os::pages::{self, Word};

use super::pages::store;
use crate::code::{Code, INVALID_ADDRESS, RESOURCE_SHORTAGE, of_pages};

/// So much is on its way at once.
const PIECE_BYTES: usize = 1 << 20;

/// A copy in new memory; where that is.
pub(crate) fn read(word: Word, address: usize, bytes: usize) -> Result<usize, Code> {
    let mut is_there = Ok(());
    let copy = super::place(bytes, |target| is_there = load(address, target))?;
    // Where nothing was the new memory may have come to be.
    let was_there = !overlap(copy, address, bytes);
    match is_there {
        Ok(()) if was_there => Ok(copy),
        _ => {
            super::pages::deallocate(word, copy, bytes)?;
            Err(INVALID_ADDRESS)
        }
    }
}

fn overlap(first: usize, second: usize, bytes: usize) -> bool {
    first < second.saturating_add(bytes) && second < first.saturating_add(bytes)
}

/// Copies from one address to another. Where both overlap, all is read before anything is written.
pub(crate) fn copy(word: Word, source: usize, target: usize, bytes: usize) -> Result<(), Code> {
    let piece_bytes = if overlap(source, target, bytes) { bytes } else { bytes.min(PIECE_BYTES) };
    let mut piece = Vec::new();
    piece.try_reserve_exact(piece_bytes).map_err(|_| RESOURCE_SHORTAGE)?;
    piece.resize(piece_bytes, 0);
    let mut done = 0;
    while done < bytes {
        let part = &mut piece[..piece_bytes.min(bytes - done)];
        load(source.checked_add(done).ok_or(INVALID_ADDRESS)?, part)?;
        store(word, target.checked_add(done).ok_or(INVALID_ADDRESS)?, part)?;
        done += part.len();
    }
    Ok(())
}

/// Fills `target` from an address.
pub(super) fn load(address: usize, target: &mut [u8]) -> Result<(), Code> {
    match pages::read(address, target) {
        Ok(true) => Ok(()),
        Ok(false) => Err(INVALID_ADDRESS),
        Err(error) => Err(of_pages(&error)),
    }
}
