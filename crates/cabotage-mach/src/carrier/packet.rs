// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that goes as soon as there is room for it, with its descriptors.

use std::os::fd::OwnedFd;

use cabotage_link::{DESCRIPTORS_MAX, Deadline, Link, LinkError, Parcel, SendError, Unsent};

use super::wire::{self, Draft};

/// A record with more bytes goes without descriptors, which go ahead of it: so it finds a larger ring, or a block.
const BYTES_WITH_DESCRIPTORS_MAX: usize = 8 << 10;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
}

impl Packet {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, descriptors: Vec::new() }
    }

    /// The records of a message: itself, behind those that carry descriptors for which it has no room.
    pub(super) fn of_message(mut draft: Draft, body: &[u8], taken: u32) -> Vec<Self> {
        let mut bytes = Vec::new();
        draft.write(body, taken, &mut bytes);
        let mut descriptors = std::mem::take(&mut draft.descriptors);
        let mut packets = Vec::with_capacity(1);
        let fits = bytes.len() <= BYTES_WITH_DESCRIPTORS_MAX && descriptors.len() <= DESCRIPTORS_MAX;
        while !fits && !descriptors.is_empty() {
            let rest = descriptors.split_off(descriptors.len().min(DESCRIPTORS_MAX));
            packets.push(Self { bytes: wire::ahead(descriptors.len(), taken), descriptors });
            descriptors = rest;
        }
        packets.push(Self { bytes, descriptors });
        packets
    }

    /// Sends it if there is room now; otherwise it comes back.
    ///
    /// # Errors
    /// The link is over, or will never take it.
    pub(super) fn send(self, link: &mut Link) -> Result<Option<Self>, LinkError> {
        let error = if self.descriptors.is_empty() {
            match link.try_send(&self.bytes) {
                Ok(()) => return Ok(None),
                Err(SendError::Full) => return Ok(Some(self)),
                Err(error) => error,
            }
        } else {
            let Self { bytes, descriptors } = self;
            let parcel = Parcel { bytes: &bytes, descriptors, ..Parcel::default() };
            match link.send_parcel(parcel, Deadline::Now) {
                Ok(()) => return Ok(None),
                Err(Unsent { error: SendError::Full, parcel: Parcel { descriptors, .. } }) => {
                    return Ok(Some(Self { bytes, descriptors }));
                }
                Err(unsent) => unsent.error,
            }
        };
        Err(match error {
            SendError::Link(error) => error,
            // Its peer takes less than any message may have.
            _ => link.condemn("takes shorter messages than it must"),
        })
    }
}
