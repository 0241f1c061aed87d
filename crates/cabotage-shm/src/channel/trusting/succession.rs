// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record by which a new producer says where its records begin, and how the one before it ended.

use cabotage_lane::{Tag, bytes_of, value_of};

/// What a record of the caller's is tagged with.
pub(super) const PLAIN: Tag = 16;
/// What a record of this kind is tagged with.
pub(super) const SUCCESSION: Tag = 17;

cabotage_lane::plain! {
    /// See the [module](self).
    #[derive(Debug, PartialEq)]
    pub(super) struct Succession {
        /// Which producer it is.
        pub(super) generation: u64,
        /// Not zero if the one before it had closed its end.
        pub(super) has_closed: u64,
    }
}

impl Succession {
    pub(super) const BYTES: usize = size_of::<Self>();

    pub(super) fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }

    /// `None` for bytes of another number.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        value_of(bytes)
    }
}
