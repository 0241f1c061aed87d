// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message carries that is no right, made ready to go: memory and open files.
//!
//! Memory goes in one of four ways. What was **lent** is where it has to be. What is **sealed** goes as a descriptor. Other
//! memory is copied once: into the record if it is short, into a **block** of the link if it is long, into fresh sealed
//! memory if it is longer than any block, or if all blocks are out. So whatever the receiver keeps, or passes on, does not
//! depend on where the sender had it from.

use std::os::fd::OwnedFd;

use cabotage_link::{BLOCKS_MAX, BlockMut, Deadline, Key};
use cabotage_os::map::MapError;
use cabotage_os::sealed::{Region, SealedPart};
use cabotage_os::{Errno, SystemError, descriptor};

use super::desk::Desk;
use super::passing::NotPassed;
use super::rules::{Amount, Left, Role};
use super::wire::{Draft, ENTRIES_MAX, PORTS_MAX, SEALED_MAX};
use crate::kernel::message::{Capability, Cargo, Memory, Message};

/// Memory of so many bytes goes as a block.
pub(super) const BLOCK_BYTES_MIN: usize = 16 << 10;
/// Memory of so many goes in the record, if there is no block for it.
const INLINE_BYTES_MAX: usize = 1 << 20;
/// All memory in one record: with the longest body and all entries it is shorter than the longest message of a link.
const ALL_INLINE_BYTES_MAX: usize = 128 << 20;
/// How much is copied at once between two pieces of memory of which neither may be seen as a slice.
const PIECE_BYTES: usize = 64 << 10;

/// One thing that is ready to go.
#[derive(Debug)]
pub(super) enum Luggage {
    /// Memory that lies in a block of the link already, which its loan still has.
    Lent,
    Block(BlockMut),
    /// Memory that is copied into the record.
    Inline,
    Sealed(SealedPart),
    File(OwnedFd),
}

/// How much of each kind a message may still carry.
struct Room {
    blocks: usize,
    sealed: usize,
    /// Of messages by a send right: how much sealed memory may wait at the port.
    waiting: Option<Left>,
    inline: usize,
}

impl Desk {
    /// Makes the memory and the files of a message ready, in their order.
    ///
    /// # Errors
    /// There is too much of it, or the kernel refuses memory or descriptors. Nothing has changed.
    pub(super) fn pack(&mut self, key: Key, message: &Message) -> Result<Vec<Luggage>, NotPassed> {
        if message.cargo.is_empty() {
            return Ok(Vec::new());
        }
        // Each right may be an entry of its own, beside that of its array; and so may that of the reply.
        if message.cargo.len() > ENTRIES_MAX - PORTS_MAX - 1 {
            return Err(NotPassed::TooMuch);
        }
        let waiting = self.left_to_wait(key, message);
        let mut room = Room { blocks: BLOCKS_MAX, sealed: SEALED_MAX, waiting, inline: ALL_INLINE_BYTES_MAX };
        let mut packed = Vec::new();
        for cargo in &message.cargo {
            match cargo {
                Cargo::Memory(memory) => packed.push(self.pack_memory(key, &mut room, memory)?),
                Cargo::File(file) => packed.push(Luggage::File(descriptor::duplicate(file)?)),
                Cargo::Port(..) | Cargo::Ports(..) => {}
            }
        }
        Ok(packed)
    }

    /// How much sealed memory may wait that this message brings; `None` if nobody counts it. What waits at a port by a
    /// send-once right its owner has asked for.
    fn left_to_wait(&mut self, key: Key, message: &Message) -> Option<Left> {
        let end = self.ends.get_mut(key).filter(|end| matches!(end.role, Role::Holder { .. }))?;
        if matches!(message.destination, Capability::SendOnce(_)) {
            return None;
        }
        let (_, taken) = end.role.counts();
        end.sealed.taken(taken);
        Some(end.sealed.left())
    }

    fn pack_memory(&mut self, key: Key, room: &mut Room, memory: &Memory) -> Result<Luggage, NotPassed> {
        let bytes = memory.bytes();
        if let Memory::Sealed(part) = memory
            && bytes > 0
            && room.take_sealed(part.object_bytes())
        {
            return Ok(Luggage::Sealed(part.try_clone()?));
        }
        if bytes >= BLOCK_BYTES_MIN || matches!(memory, Memory::Loan(_)) {
            let number = self.ends.get(key).map_or(0, |end| end.number);
            if let Some(block) = (room.blocks > 0).then(|| self.in_block(key, number, memory)).flatten() {
                room.blocks -= 1;
                return Ok(block);
            }
        }
        if bytes <= INLINE_BYTES_MAX && room.take_inline(bytes) {
            return Ok(Luggage::Inline);
        }
        if room.take_sealed(bytes as u64) {
            return Ok(Luggage::Sealed(sealed_copy(memory)?));
        }
        if room.take_inline(bytes) { Ok(Luggage::Inline) } else { Err(NotPassed::TooMuch) }
    }

    /// Memory in a block of this link; `None` if there is none for it.
    fn in_block(&mut self, key: Key, number: u64, memory: &Memory) -> Option<Luggage> {
        if matches!(memory, Memory::Loan(loan) if loan.is_of(number)) {
            return Some(Luggage::Lent);
        }
        if memory.bytes() < BLOCK_BYTES_MIN {
            return None;
        }
        let mut block = self.set.get_mut(key)?.block(memory.bytes(), Deadline::Now).ok()?;
        let is_whole = for_each_piece(memory, |at, piece| block.write_at(at, piece));
        is_whole.ok()?;
        Some(Luggage::Block(block))
    }
}

impl Room {
    fn take_sealed(&mut self, bytes: u64) -> bool {
        let has_room = self.sealed > 0 && self.waiting.as_mut().is_none_or(|waiting| waiting.take(bytes));
        self.sealed -= usize::from(has_room);
        has_room
    }

    fn take_inline(&mut self, bytes: usize) -> bool {
        let left = self.inline.checked_sub(bytes);
        self.inline = left.unwrap_or(self.inline);
        left.is_some()
    }
}

impl Luggage {
    /// Takes what was lent out of its loan; it can be read in the message all the same.
    pub(super) fn take_lent(&mut self, link: u64, cargo: &mut Cargo) {
        if let (Self::Lent, Cargo::Memory(Memory::Loan(loan))) = (&*self, cargo) {
            *self = loan.take_block(link).map_or(Self::Inline, Self::Block);
        }
    }

    /// Writes it into the record.
    pub(super) fn write(self, draft: &mut Draft, cargo: &Cargo) {
        match (self, cargo) {
            (Self::Block(block), _) => draft.block(block),
            (Self::Sealed(part), _) => draft.sealed(part),
            (Self::File(file), _) => draft.file(file),
            (Self::Inline | Self::Lent, Cargo::Memory(Memory::Bytes(bytes))) => draft.memory(bytes),
            (Self::Inline | Self::Lent, Cargo::Memory(memory)) => draft.memory(&memory.to_vec()),
            (Self::Inline | Self::Lent, _) => {}
        }
    }
}

/// How much sealed memory there is.
pub(super) fn sealed_of(packed: &[Luggage]) -> Amount {
    packed.iter().fold(Amount::NONE, |amount, ready| match ready {
        Luggage::Sealed(part) => amount.and(part.object_bytes()),
        _ => amount,
    })
}

/// A copy that nobody can change.
fn sealed_copy(memory: &Memory) -> Result<SealedPart, SystemError> {
    let refused = |error| match error {
        MapError::System(refusal) => refusal,
        other => SystemError::new("mmap", other, Errno::FAULT),
    };
    let mut region = Region::create("cabotage-memory", memory.bytes()).map_err(refused)?;
    let copied = for_each_piece(memory, |at, piece| {
        region[at..at + piece.len()].copy_from_slice(piece);
        Ok(())
    });
    copied.map_err(refused)?;
    region.seal().map_err(|refusal| refused(refusal.error))
}

/// Hands all bytes of some memory over, as slices: at once where they are one.
fn for_each_piece(
    memory: &Memory,
    mut take: impl FnMut(usize, &[u8]) -> Result<(), MapError>,
) -> Result<(), MapError> {
    match memory {
        Memory::Bytes(bytes) => take(0, bytes),
        Memory::Sealed(part) => take(0, &part.map()?),
        Memory::Block(_) | Memory::Loan(_) => {
            let mut buffer = vec![0; PIECE_BYTES.min(memory.bytes())];
            for at in (0..memory.bytes()).step_by(PIECE_BYTES) {
                let bytes = memory.copy_at(at, &mut buffer);
                if bytes == 0 {
                    return Err(MapError::Forked);
                }
                take(at, &buffer[..bytes])?;
            }
            Ok(())
        }
    }
}
