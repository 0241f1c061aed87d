// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much of this process its peers may use, so that none of them can take it all.
//!
//! Links, bytes and descriptors are counted, by the user and within it by the process, both as the kernel stamped
//! them. What a user may have is a share of what the others leave, what it has already included: half of it, and
//! one part in `n·(1 + log₂ n)` where `n` users have something. Within the user each process has a share of that
//! by the same rule. Our own user and root have a pool of their own, of which each process has a share.
//!
//! So whoever is at its limit is refused alone: what it holds can't grow beyond its share, and every other user,
//! and every other process of its own user, still finds a share of the rest, however greedy it was. Of `n` users
//! each is sure of 1/(4·n·log₂² n) of a pool, and from 1,000 users on of 1/(n·log₂² n).

mod charge;
mod ledger;
mod limits;
mod share;
#[cfg(test)]
mod tests;

use std::fmt;

use cabotage_os::Fault;

pub use charge::Quota;
pub use limits::{Amounts, Limits};

pub(crate) use charge::Charge;
pub(crate) use ledger::{Ledger, Owner, ProcessKey};

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

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Links => "links",
            Self::Bytes => "bytes",
            Self::Descriptors => "descriptors",
        })
    }
}

/// Whose share is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The user's: its other processes may have had most of it.
    Uid,
    /// The process's own.
    Process,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uid => "user",
            Self::Process => "process",
        })
    }
}

/// A peer wanted more than its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the peer's {level} may have {limit} {what} here now, and has {in_use}: close some, or raise the limits of \
     this process"
)]
pub struct QuotaExceeded {
    /// What it wanted.
    pub what: Resource,
    /// Whose share is used up.
    pub level: Level,
    /// The share now; it shrinks and grows with what others hold.
    pub limit: u64,
    /// How much of it is in use.
    pub in_use: u64,
}

impl QuotaExceeded {
    /// Whose fault it is: the peer's.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
