// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each end takes, as it tells the other when they meet: in front of the data of a request to connect and of an
//! acceptance.
//!
//! They spare the other end a message that would not be taken. What counts is what the receiver checks.

use cabotage_lane::{bytes_of, value_of};

cabotage_lane::plain! {
    /// See the [module](self).
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Terms {
        /// The largest section of the other's that it maps for one message, in bytes; 0 for none.
        pub(crate) section_bytes_max: u64,
        /// The longest body of a message that is copied through the queue, in bytes.
        pub(crate) message_bytes_max: u32,
        /// Up to how many bytes a body goes through the queue by itself.
        pub(crate) inline_bytes_max: u32,
        /// How many views of the other's it holds at once.
        pub(crate) views_max: u32,
        /// How many handles it takes with one message.
        pub(crate) handles_max: u32,
        /// The largest body that it reads directly where the other has it, in bytes; 0 for none.
        pub(crate) direct_bytes_max: u64,
        /// [`READS_MEMORY`] and its like.
        pub(crate) flags: u64,
    }
}

/// It may read the memory of the other's process where ranges are declared, and wants to know where they lie.
pub(crate) const READS_MEMORY: u64 = 1;
/// A client lets the server act as it on all its requests.
pub(crate) const CONSENTS: u64 = 2;

/// How many bytes [`Terms`] have.
pub(crate) const TERMS_BYTES: usize = size_of::<Terms>();

impl Terms {
    /// The bytes as they go.
    pub(crate) fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// The terms at the start of `body`, and what follows them.
    pub(crate) fn split(body: &[u8]) -> Option<(Self, &[u8])> {
        let (terms, data) = body.split_at_checked(TERMS_BYTES)?;
        Some((value_of(terms)?, data))
    }
}
