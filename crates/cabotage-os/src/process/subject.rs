// SPDX-License-Identifier: MIT OR Apache-2.0
//! As whom something is done: a user, a group and the groups beside it, and what the mode bits of a file let them do.
//! No system call: the numbers come from the kernel, by whoever asks it.

/// A user with its groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its supplementary groups.
    pub groups: Vec<u32>,
}

/// What somebody wants to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wish {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Read it and write it.
    ReadWrite,
    /// Run it, or look for names in it if it is a directory.
    Search,
}

/// What of a file decides who may do what with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ownership {
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its mode bits.
    pub mode: u32,
}

impl Subject {
    /// Whether one of the groups is this one.
    pub fn is_member_of(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Whether the mode bits let this user do that. Exactly one of the three classes counts: an owner whom the owner's
    /// bits refuse is refused, whatever the others' say. No capability counts, root's included.
    ///
    /// # Source
    /// path_resolution(7), "Permissions".
    pub fn may(&self, wish: Wish, file: Ownership) -> bool {
        let shift = match () {
            () if file.uid == self.uid => 6,
            () if self.is_member_of(file.gid) => 3,
            () => 0,
        };
        file.mode >> shift & wish.bits() == wish.bits()
    }
}

impl Wish {
    fn bits(self) -> u32 {
        match self {
            Self::Read => 4,
            Self::Write => 2,
            Self::ReadWrite => 6,
            Self::Search => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody() -> Subject {
        Subject { uid: 1000, gid: 100, groups: vec![20, 30] }
    }

    fn file(uid: u32, gid: u32, mode: u32) -> Ownership {
        Ownership { uid, gid, mode }
    }

    #[test]
    fn the_owner_is_judged_by_the_owners_bits_alone() {
        assert!(somebody().may(Wish::ReadWrite, file(1000, 1, 0o600)));
        assert!(!somebody().may(Wish::Read, file(1000, 100, 0o077)));
    }

    #[test]
    fn a_member_of_the_group_is_judged_by_the_groups_bits_alone() {
        for gid in [100, 20, 30] {
            assert!(somebody().may(Wish::Read, file(1, gid, 0o040)));
            assert!(!somebody().may(Wish::Read, file(1, gid, 0o707)));
        }
    }

    #[test]
    fn everybody_else_is_judged_by_the_others_bits() {
        assert!(somebody().may(Wish::Search, file(1, 1, 0o001)));
        assert!(!somebody().may(Wish::ReadWrite, file(1, 1, 0o774)));
    }

    #[test]
    fn root_gets_nothing_beyond_the_mode_bits() {
        let root = Subject { uid: 0, gid: 0, groups: Vec::new() };
        assert!(!root.may(Wish::Read, file(1000, 100, 0o700)));
    }
}
