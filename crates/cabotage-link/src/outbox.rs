// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of an end: its outbox, made by one recipe, and the peer's, taken by one check.
//!
//! Made: allocated whole, mapped once, sealed so that nobody gets another writable map, its mode restricted, handed
//! out and closed. Taken: kind, seals, file system, size and blocks are looked at before a byte is mapped, and the
//! descriptor is closed. Neither map is inherited by a forked child.

use std::sync::Arc;

use cabotage_os::SystemError;
use cabotage_os::map::{Map, MapError, MapMut, MapOptions};
use cabotage_os::memfd::{AdmitError, Memfd, ONE_WAY};

use crate::error::{LinkError, PeerFault};

/// Where the first ring begins in the first segment: after the control words, on a page of its own.
pub(crate) const RING_OFFSET: usize = 4096;
/// The words of the first ring.
pub(crate) const FIRST_RING_WORDS: u64 = 512;
/// The bytes of the first segment, which every outbox begins with.
pub(crate) const FIRST_SEGMENT_BYTES: u32 = 8192;
/// The words of the ring that a busy link grows to.
pub(crate) const BUSY_RING_WORDS: u64 = 8192;
/// The longest ring that an end takes from its peer.
pub(crate) const RING_BYTES_MAX: u64 = 16 << 20;

/// New memory of ours: its only writable map, and the descriptor to hand over.
pub(crate) fn make(label: &str, bytes: u64) -> Result<(Arc<MapMut>, Memfd), SystemError> {
    let memory = Memfd::create(label, bytes)?;
    let map_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let options = MapOptions::new().not_in_children().of_known_size();
    let map = options.read_write(&memory, map_bytes).map_err(refusal)?;
    memory.seal(ONE_WAY)?;
    memory.restrict_mode()?;
    Ok((Arc::new(map), memory))
}

/// Maps memory that a peer handed over, once it is known to be what it should be.
pub(crate) fn take(fd: std::os::fd::OwnedFd, bytes: u64) -> Result<Arc<Map>, LinkError> {
    let memory = Memfd::admit(fd, ONE_WAY, bytes).map_err(|error| match error {
        AdmitError::System(refusal) => LinkError::System(refusal),
        error => PeerFault::Memory(error).into(),
    })?;
    let map_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let options = MapOptions::new().not_in_children().of_known_size();
    match options.read_only(&memory, map_bytes).map_err(refusal) {
        Ok(map) => Ok(Arc::new(map)),
        Err(refused) if refused.errno() == cabotage_os::Errno::ACCESS => {
            Err(PeerFault::Order("handed over memory that cannot be read").into())
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Sizes are known here, so only the kernel can object.
fn refusal(error: MapError) -> SystemError {
    match error {
        MapError::System(refusal) => refusal,
        other => SystemError::new("mmap", other, cabotage_os::Errno::INVAL),
    }
}
