// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which version of the protocol two ends speak: the newest that both know.

use crate::wire::Refusal;

/// The versions that an end speaks, all from the oldest to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) oldest: u16,
    pub(crate) newest: u16,
}

/// What this library speaks: its own version and the one before. Version 1 is the first, so there is no one before
/// yet; with version 2 `oldest` stays 1, and with version 3 it becomes 2.
pub(crate) const VERSIONS: Versions = Versions { oldest: 1, newest: 1 };

impl Versions {
    /// Whether this range means something: versions count from 1, and the oldest is not newer than the newest.
    pub(crate) fn is_possible(self) -> bool {
        1 <= self.oldest && self.oldest <= self.newest
    }

    /// The newest version that we and the peer, which speaks `theirs`, have in common.
    ///
    /// # Errors
    /// [`Refusal::Version`] with our range, to be sent to the peer, when there is none.
    pub(crate) fn agree(self, theirs: Self) -> Result<u16, Refusal> {
        let newest = self.newest.min(theirs.newest);
        if newest >= self.oldest.max(theirs.oldest) { Ok(newest) } else { Err(Refusal::Version(self)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(oldest: u16, newest: u16) -> Versions {
        Versions { oldest, newest }
    }

    #[test]
    fn two_ends_speak_the_newest_version_that_both_know() {
        assert_eq!(range(1, 1).agree(range(1, 1)), Ok(1));
        assert_eq!(range(2, 3).agree(range(1, 2)), Ok(2));
        assert_eq!(range(1, 2).agree(range(2, 3)), Ok(2));
        assert_eq!(range(1, u16::MAX).agree(range(5, 9)), Ok(9));
    }

    #[test]
    fn ends_without_a_common_version_are_refused_with_our_range() {
        for theirs in [range(1, 3), range(6, u16::MAX)] {
            assert_eq!(range(4, 5).agree(theirs), Err(Refusal::Version(range(4, 5))));
        }
    }

    #[test]
    fn we_speak_our_own_version_and_at_most_the_one_before() {
        assert!(VERSIONS.is_possible() && VERSIONS.newest <= VERSIONS.oldest + 1);
        assert!(!range(0, 1).is_possible() && !range(2, 1).is_possible());
    }

    proptest! {
        #[test]
        fn both_ends_come_to_the_same_answer(a in 1_u16..20, b in 0_u16..4, c in 1_u16..20, d in 0_u16..4) {
            let (ours, theirs) = (range(a, a + b), range(c, c + d));
            prop_assert_eq!(ours.agree(theirs).ok(), theirs.agree(ours).ok());
            let common = (1..=30).rev().find(|version| {
                (a..=a + b).contains(version) && (c..=c + d).contains(version)
            });
            prop_assert_eq!(ours.agree(theirs).ok(), common);
        }
    }
}
