// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with a record: always its sender's fault.

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// It is shorter than a header.
    #[error("sent a record without a whole header")]
    Short,
    /// It says something that has no meaning.
    #[error("sent a record of the unknown kind {0}")]
    Word(u8),
    /// Its lengths do not add up.
    #[error("sent a record of {found} bytes whose lengths add up to {told}")]
    Length {
        /// What it says, in bytes.
        told: usize,
        /// What came, in bytes.
        found: usize,
    },
    /// Something is set that has no meaning.
    #[error("set what is reserved in a record")]
    Reserved,
    /// An entry says something that has no meaning.
    #[error("carries something of the unknown kind {0}")]
    Entry(u16),
    /// An array of rights is longer than what follows, or its rights are not of its kind.
    #[error("carries an array of rights that is not what it says")]
    Array,
    /// It carries more than a message may.
    #[error("carries more rights, entries or bytes than a message may have")]
    TooMany,
    /// It needs another number of descriptors than it says.
    #[error("says another number of descriptors than its entries need")]
    Descriptors,
    /// Memory is said to be elsewhere, but no block has that length.
    #[error("carries memory that is not what came with it")]
    Memory,
}

impl WireError {
    /// The rule that was broken, in words, for whoever ends the link.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Short => "sent a record without a whole header",
            Self::Word(_) => "sent a record of an unknown kind",
            Self::Length { .. } => "sent a record whose lengths do not add up",
            Self::Reserved => "set what is reserved in a record",
            Self::Entry(_) => "carries something of an unknown kind",
            Self::Array => "carries an array of rights that is not what it says",
            Self::TooMany => "carries more than a message may have",
            Self::Descriptors => "says another number of descriptors than its entries need",
            Self::Memory => "carries memory that is not what came with it",
        }
    }
}
