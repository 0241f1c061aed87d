// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why an end wants no link with its peer.

use std::fmt;

use crate::quota::Resource;
use crate::wire;

/// The reason of a refusal, as one end tells the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The ends share no version of the protocol; these are the refusing end's.
    Version {
        /// The oldest that it speaks.
        oldest: u16,
        /// The newest that it speaks.
        newest: u16,
    },
    /// The refused end's process, or its user, has as much of this as it may have.
    Quota(Resource),
    /// The kernel could not say who the refused end is.
    Unidentified,
    /// There is no room for another link now.
    Busy,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { oldest, newest } => {
                write!(f, "no common version; it speaks {oldest} to {newest}: update the older program")
            }
            Self::Quota(what) => write!(f, "the quota of {what} for one process or user is used up"),
            Self::Unidentified => {
                f.write_str("the kernel cannot name the other process (another pid or user namespace?)")
            }
            Self::Busy => f.write_str("no room for another link now; try again later"),
        }
    }
}

impl From<wire::Refusal> for Refusal {
    fn from(refusal: wire::Refusal) -> Self {
        match refusal {
            wire::Refusal::Version(versions) => {
                Self::Version { oldest: versions.oldest, newest: versions.newest }
            }
            wire::Refusal::Quota(what) => Self::Quota(what),
            wire::Refusal::Unidentified => Self::Unidentified,
            wire::Refusal::Busy => Self::Busy,
        }
    }
}
