// SPDX-License-Identifier: MIT OR Apache-2.0
//! What has come over the socket and was not asked for yet: segments and descriptors wait here for the records that
//! name them.
//!
//! Pure bookkeeping, with the order that the protocol demands and the caps that keep a peer from filling us.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use cabotage_os::map::Map;

use crate::error::PeerFault;
use crate::wire::Purpose;

/// How many messages with descriptors may wait for their records.
pub(crate) const PARCELS_MAX: u64 = PARCEL_DESCRIPTORS_MAX as u64;
/// How many descriptors may wait in them together.
pub(crate) const PARCEL_DESCRIPTORS_MAX: usize = 64;
/// How many segments a peer may have with us: one for each block slot, and rings on both sides of a change.
const SEGMENTS_MAX: usize = cabotage_lane::BLOCK_SLOTS + 4;

/// Segments and descriptors of the peer.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    segments: Vec<Segment>,
    last_segment: u32,
    parcels: VecDeque<Parcel>,
    filed: u64,
}

/// A piece of the peer's memory beyond its first segment.
#[derive(Debug)]
struct Segment {
    number: u32,
    purpose: Purpose,
    map: Arc<Map>,
}

/// Descriptors that wait for their record.
#[derive(Debug)]
struct Parcel {
    sequence: u64,
    descriptors: Vec<OwnedFd>,
}

impl Inbox {
    /// Whether another segment of this number may come: numbers rise, and there are not too many.
    pub(crate) fn expects_segment(&self, number: u32) -> Result<(), PeerFault> {
        if number <= self.last_segment {
            return Err(PeerFault::Order("announced a segment by a number that it used before"));
        }
        if self.segments.len() >= SEGMENTS_MAX {
            return Err(PeerFault::Order("announced more segments than it may have"));
        }
        Ok(())
    }

    /// Keeps a segment; ask [`Inbox::expects_segment`] before it is mapped.
    pub(crate) fn keep_segment(&mut self, number: u32, purpose: Purpose, map: Arc<Map>) {
        self.last_segment = number;
        self.segments.push(Segment { number, purpose, map });
    }

    /// The segment of this number, if it is for this purpose.
    pub(crate) fn segment(&self, number: u32, purpose: Purpose) -> Option<&Arc<Map>> {
        let is_it = |segment: &&Segment| segment.number == number && segment.purpose == purpose;
        self.segments.iter().find(is_it).map(|segment| &segment.map)
    }

    /// Forgets a segment; answers how many bytes it had.
    pub(crate) fn forget_segment(&mut self, number: u32) -> Option<u64> {
        let at = self.segments.iter().position(|segment| segment.number == number)?;
        Some(self.segments.swap_remove(at).map.bytes() as u64)
    }

    /// Keeps descriptors until their record comes.
    pub(crate) fn file(&mut self, sequence: u64, descriptors: Vec<OwnedFd>) -> Result<(), PeerFault> {
        if sequence != self.filed + 1 {
            return Err(PeerFault::Order("counts its messages with descriptors wrongly"));
        }
        let held: usize = self.parcels.iter().map(|parcel| parcel.descriptors.len()).sum();
        if self.parcels.len() as u64 >= PARCELS_MAX || held + descriptors.len() > PARCEL_DESCRIPTORS_MAX {
            return Err(PeerFault::Order("sent more descriptors than may wait for their records"));
        }
        self.filed = sequence;
        self.parcels.push_back(Parcel { sequence, descriptors });
        Ok(())
    }

    /// Whether the descriptors of this number, which nobody has claimed, have come.
    pub(crate) fn has(&self, sequence: u64) -> bool {
        self.filed >= sequence
    }

    /// The descriptors that a record names. Records come in the order of their descriptors, so it is the first.
    pub(crate) fn claim(&mut self, sequence: u64) -> Option<Vec<OwnedFd>> {
        match self.parcels.front() {
            Some(parcel) if parcel.sequence == sequence => self.parcels.pop_front(),
            _ => None,
        }
        .map(|parcel| parcel.descriptors)
    }
}
