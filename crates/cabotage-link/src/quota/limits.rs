// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much there is to share out.

use crate::quota::Resource;

/// An amount of each resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Links to this process; each costs a descriptor.
    pub links: u64,
    /// Bytes of memory that peers make this process map or keep.
    pub bytes: u64,
    /// Descriptors of peers that this process holds for them.
    pub descriptors: u64,
}

/// What all peers of this process together may use, in two pools: what those of other users do never touches what
/// is there for our own, nor the other way round.
///
/// Of the first, each user gets a share, and of that each of its processes; of the second, each process. A share
/// is half of what is left, and less where there are several ([the rule](crate::quota)). Shares round down, so
/// a pool should not be smaller than some tens of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For all peers that run as other users.
    pub foreign: Amounts,
    /// For all peers that run as our own user or as root.
    pub ours: Amounts,
}

impl Limits {
    /// How many descriptors are left to this process itself: receiving needs room for those that one message can
    /// bring, or they are lost.
    pub const DESCRIPTORS_KEPT_FREE: u64 = 256;

    /// The default limits, cut to what fits into a table of `descriptors` (the soft limit of this process): without
    /// those kept free, each pool gets a third of them as links and a sixth to hold for peers.
    #[must_use]
    pub fn within(descriptors: u64) -> Self {
        let most = Self::default();
        let shared = descriptors.saturating_sub(Self::DESCRIPTORS_KEPT_FREE);
        let cut = |amounts: Amounts| Amounts {
            links: amounts.links.min(shared / 3),
            descriptors: amounts.descriptors.min(shared / 6),
            ..amounts
        };
        Self { foreign: cut(most.foreign), ours: cut(most.ours) }
    }
}

impl Default for Limits {
    /// 16,384 links, 1 GiB and 4,096 descriptors in each pool: for a table of 41,216 descriptors or more.
    /// [`Limits::within`] cuts them to a smaller one.
    fn default() -> Self {
        let pool = Amounts { links: 16_384, bytes: 1 << 30, descriptors: 4096 };
        Self { foreign: pool, ours: pool }
    }
}

impl Amounts {
    /// How much of `what`.
    #[must_use]
    pub fn of(&self, what: Resource) -> u64 {
        match what {
            Resource::Links => self.links,
            Resource::Bytes => self.bytes,
            Resource::Descriptors => self.descriptors,
        }
    }

    pub(super) fn of_mut(&mut self, what: Resource) -> &mut u64 {
        match what {
            Resource::Links => &mut self.links,
            Resource::Bytes => &mut self.bytes,
            Resource::Descriptors => &mut self.descriptors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_together_fits_into_the_table_with_256_left() {
        for table in [0, 32, 256, 257, 1024, 4096, 20_000, 41_216, 1 << 20, u64::MAX] {
            let Limits { foreign, ours } = Limits::within(table);
            let used = foreign.links + foreign.descriptors + ours.links + ours.descriptors;
            assert!(used == 0 || used + Limits::DESCRIPTORS_KEPT_FREE <= table, "a table of {table}");
        }
    }

    #[test]
    fn a_large_table_gives_the_defaults() {
        assert_ne!(Limits::within(41_215), Limits::default());
        for table in [49_408, u64::MAX] {
            assert_eq!(Limits::within(table), Limits::default());
        }
    }

    #[test]
    fn in_a_usual_table_a_process_of_ours_may_hand_over_a_whole_message_of_descriptors() {
        let ours = Limits::within(1024).ours;
        assert!(ours.descriptors / 2 >= 64 && ours.links / 2 >= 128, "{ours:?}");
    }
}
