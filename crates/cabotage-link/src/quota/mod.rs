// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much of this process its peers may use, so that none of them can take it all.

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Links to this process.
    Links,
    /// Bytes of memory that peers make this process map or keep.
    Bytes,
    /// Descriptors of peers that this process holds.
    Descriptors,
}

impl Resource {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Links, Self::Bytes, Self::Descriptors];
}
