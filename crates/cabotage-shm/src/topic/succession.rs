// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a new publisher says with its first record: which publisher of the topic it is, and how the one before it ended.
//!
//! It goes in the record's port, so that it stands exactly between the records of the two and takes no room.

use cabotage_lane::Port;

/// So many bits are for the number of the publisher; a subscriber knows the rest from the publisher before.
const NUMBER_BITS: u32 = 23;
const NUMBERS: u64 = 1 << NUMBER_BITS;

/// See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Succession {
    /// The number of the publisher.
    pub(super) generation: u64,
    /// Whether the one before it had closed.
    pub(super) has_closed: bool,
}

impl Succession {
    pub(super) fn port(self) -> Port {
        let number = Port::try_from(self.generation % NUMBERS).unwrap_or(0); // 23 bits
        number | Port::from(self.has_closed) << NUMBER_BITS
    }

    /// What this port says to whoever knows publisher `present`; `None` if it is not of a later one.
    pub(super) fn after(present: u64, port: Port) -> Option<Self> {
        let ahead = (u64::from(port) % NUMBERS).wrapping_sub(present) % NUMBERS;
        let is_later = (1..NUMBERS / 2).contains(&ahead);
        is_later.then(|| Self { generation: present + ahead, has_closed: port >> NUMBER_BITS != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knows_the_publisher_before_knows_the_one_after() {
        for present in [0, 1, NUMBERS - 1, NUMBERS, 5 * NUMBERS - 2] {
            for (ahead, has_closed) in [(1, true), (2, false), (1_000, true)] {
                let next = Succession { generation: present + ahead, has_closed };
                assert_eq!(Succession::after(present, next.port()), Some(next));
            }
            let same = Succession { generation: present, has_closed: true };
            assert_eq!(Succession::after(present, same.port()), None);
        }
    }

    #[test]
    fn an_earlier_publisher_is_no_successor() {
        let earlier = Succession { generation: 3, has_closed: false };
        assert_eq!(Succession::after(4, earlier.port()), None);
    }
}
