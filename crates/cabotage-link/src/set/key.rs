// SPDX-License-Identifier: MIT OR Apache-2.0
//! The name of a member: its place, and how many others have had that place before it.

/// Names a member of one [`LinkSet`](super::LinkSet). A key whose member is gone names nothing for ever, also when
/// its place is taken again; the keys of another set mean nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(super) place: u32,
    pub(super) generation: u32,
}

impl Key {
    /// The member's place: a small number that no other present member has, for tables of one's own. Places are taken
    /// again: compare the whole key.
    #[inline]
    pub fn place(self) -> usize {
        self.place as usize
    }

    /// As the number that goes to the kernel and comes back.
    pub(super) fn token(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.place)
    }

    pub(super) fn of_token(token: u64) -> Self {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self { place: half(token), generation: half(token >> 32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_the_kernel_as_it_went() {
        for (place, generation) in [(0, 0), (7, u32::MAX), (u32::MAX, 3)] {
            let key = Key { place, generation };
            assert_eq!(Key::of_token(key.token()), key);
        }
    }
}
