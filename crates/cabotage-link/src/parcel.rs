// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message is made of, and how its record says so.
//!
//! A record of tag [`PLAIN`] is bytes and nothing else. One of tag [`BLOCK`] names a block that holds the bytes of
//! the message. One of tag [`ATTACHED`] begins with a [`Head`], then names as many blocks as it says, then come
//! the bytes.

use std::os::fd::OwnedFd;

use cabotage_lane::Tag;
use cabotage_lane::block::{BlockMut, Sent};
use cabotage_lane::word_of;

/// Bytes.
pub(crate) const PLAIN: Tag = 16;
/// Bytes in a block.
pub(crate) const BLOCK: Tag = 17;
/// Descriptors, blocks and bytes.
pub(crate) const ATTACHED: Tag = 18;

/// The most descriptors that one message carries.
pub const DESCRIPTORS_MAX: usize = crate::wire::DESCRIPTORS_MAX as usize;
/// The most blocks that one message carries.
pub const BLOCKS_MAX: usize = 16;

cabotage_lane::plain! {
    /// How a record with attachments begins.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Head {
        /// The number of the message on the socket that holds the descriptors; 0 for none.
        pub sequence: u64,
        /// How many blocks are named.
        pub blocks: u32,
        /// Nothing yet.
        pub reserved: u32,
    }
}

impl Head {
    /// As it stands in a record.
    #[inline]
    pub(crate) fn words(&self) -> [u64; 2] {
        [self.sequence, word_of([self.blocks, self.reserved])]
    }
}

pub(crate) const HEAD_BYTES: usize = size_of::<Head>();
pub(crate) const SENT_BYTES: usize = size_of::<Sent>();

/// A message to be sent: bytes, and what goes with them.
///
/// ```
/// # use cabotage_link::Parcel;
/// let parcel = Parcel::new(b"see attachment").descriptor(std::fs::File::open("/dev/null")?);
/// assert_eq!(parcel.descriptors.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Parcel<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Blocks of the link that sends it, at most [`BLOCKS_MAX`].
    pub blocks: Vec<BlockMut>,
    /// Descriptors, at most [`DESCRIPTORS_MAX`]; the peer gets copies, and these are closed once they are sent.
    pub descriptors: Vec<OwnedFd>,
}

impl<'a> Parcel<'a> {
    /// A message of bytes.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// With a block.
    #[must_use]
    #[inline]
    pub fn block(mut self, block: BlockMut) -> Self {
        self.blocks.push(block);
        self
    }

    /// With a descriptor.
    #[must_use]
    pub fn descriptor(mut self, descriptor: impl Into<OwnedFd>) -> Self {
        self.descriptors.push(descriptor.into());
        self
    }
}

/// A message that was not sent, and why: send it again.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unsent<'a> {
    /// Why.
    #[source]
    pub error: crate::SendError,
    /// The message.
    pub parcel: Parcel<'a>,
}

#[cfg(test)]
mod tests {
    use cabotage_lane::bytes_of;

    use super::*;

    #[test]
    fn the_words_of_a_head_have_its_bytes() {
        let head = Head { sequence: u64::MAX - 1, blocks: 3, reserved: 0 };
        assert_eq!(head.words().map(u64::to_ne_bytes).concat(), bytes_of(&head));
    }
}
