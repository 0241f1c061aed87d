// SPDX-License-Identifier: MIT OR Apache-2.0
//! Putting a message together and sending it as one record.

mod larger;

use cabotage_link::{Deadline, Link, SendError};

pub(crate) use larger::Takes;

use crate::wire::{AttributeWriter, Header, Short};

/// The longest message of a link, in bytes, on which sections of so many bytes are to be had.
pub(crate) fn longest(section_bytes_max: u64) -> u32 {
    const LEAST: u32 = 1 << 20;
    u32::try_from(section_bytes_max.next_multiple_of(LEAST.into())).unwrap_or(u32::MAX).max(LEAST)
}

/// The room in which messages are put together, used again for each.
#[derive(Debug, Default)]
pub(crate) struct Post {
    room: Vec<u8>,
    /// How many messages with handles there were.
    groups: u64,
    /// Room for attributes, used again for each.
    attributes: AttributeWriter,
}

impl Post {
    /// Sends a message with this body.
    #[inline]
    pub(crate) fn send(
        &mut self,
        link: &mut Link,
        header: &Header,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        match Short::of(header) {
            Some(short) => link.send_joined([short.0], body, deadline),
            None => Self::send_long(link, header, body, deadline),
        }
    }

    #[cold]
    fn send_long(link: &mut Link, header: &Header, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        link.send_joined(header.words(), body, deadline)
    }
}
