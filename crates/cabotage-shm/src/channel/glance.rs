// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a look at a channel tells those who take no part in it.

use cabotage_os::object::Identity;

use crate::meeting::Presence;
use crate::name::Name;

/// A channel over named objects, as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelGlance {
    /// Its name.
    pub name: Name,
    /// Which object has the name.
    pub identity: Identity,
    /// The permission bits of that object.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// How many bytes the ring has.
    pub capacity_bytes: usize,
    /// How many producers it has had, the present one included.
    pub generation: u64,
    /// Who produces.
    pub producer: Presence,
    /// Who consumes.
    pub consumer: Presence,
    /// How many records wait to be consumed, and how many bytes they have together; `None` when that cannot be told,
    /// since they come faster than one can look, or somebody else wrote there.
    pub waiting: Option<(u64, u64)>,
}

impl ChannelGlance {
    /// Whether no process holds an end of it. What waits in it then waits for a consumer that comes later.
    pub fn is_left_alone(&self) -> bool {
        !self.producer.is_here() && !self.consumer.is_here()
    }
}
