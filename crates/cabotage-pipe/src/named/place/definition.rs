// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is fixed for all instances of a pipe, what each has of its own, and who may do what.

use crate::named::rules::{Creation, Direction, InstancesMax, PipeMode};

/// What the first instance fixes for all that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name as its first creator wrote it, without prefix.
    pub name: String,
    /// Which way data flows.
    pub direction: Direction,
    /// The most instances at a time, all servers together.
    pub instances_max: InstancesMax,
    /// How long who waits for an instance waits, unless it says otherwise, in milliseconds.
    pub default_timeout_ms: u32,
    /// Who may connect, and who may create instances.
    pub rights: Rights,
}

/// What each instance has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How writes are kept apart.
    pub pipe_mode: PipeMode,
    /// The quota from client to server, in bytes.
    pub in_quota_bytes: u32,
    /// The quota from server to client, in bytes.
    pub out_quota_bytes: u32,
}

/// Who may connect, and who may create instances: one answer for all instances of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Who may connect: permission bits, up to `0o777`, exactly, whatever the umask. Write permission is what a client
    /// needs.
    pub mode: u32,
    /// The group that the middle digit of the mode is about; without one it is the group of this process. Only root may
    /// name a group that this process is not in.
    pub group: Option<u32>,
    /// Who may create instances.
    pub creators: Creators,
}

/// Who may create further instances of a name: a right of its own, which no client has by being let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Creators {
    /// The user of the first instance.
    #[default]
    SameUser,
    /// The group of the pipe, too.
    Group,
    /// Every user who finds the name.
    Everyone,
}

impl Default for Rights {
    /// Our own user connects and creates.
    fn default() -> Self {
        Self { mode: 0o600, group: None, creators: Creators::SameUser }
    }
}

impl Definition {
    /// What a server asks for, under this name.
    pub(super) fn of(name: &str, creation: &Creation, rights: Rights) -> Self {
        Self {
            name: name.to_owned(),
            direction: creation.direction,
            instances_max: creation.instances_max,
            default_timeout_ms: creation.default_timeout_ms,
            rights: Rights { mode: rights.mode & 0o777, ..rights },
        }
    }
}

impl Shape {
    /// What a server asks for.
    pub(super) fn of(creation: &Creation) -> Self {
        Self {
            pipe_mode: creation.pipe_mode,
            in_quota_bytes: creation.in_quota_bytes,
            out_quota_bytes: creation.out_quota_bytes,
        }
    }
}

/// The permission bits of what lies in a pipe's folder.
impl Rights {
    /// The folder and the directories in it: who may connect looks, who may create puts something there, and nobody
    /// touches what is another's.
    pub(super) fn folder_mode(self) -> u32 {
        let sticky = if self.creators == Creators::SameUser { 0 } else { 0o1000 };
        sticky | 0o700 | self.seen_by(0o050, 0o005) | self.created_by(0o020, 0o002)
    }

    /// The record: who may connect reads it.
    pub(super) fn record_mode(self) -> u32 {
        0o600 | self.seen_by(0o040, 0o004)
    }

    /// The lock: who may create takes it, and nobody else can so much as open it.
    pub(super) fn lock_mode(self) -> u32 {
        0o600 | self.created_by(0o060, 0o006)
    }

    /// The sign of an instance: who may connect sees whether its server lives, and can't pose as that server.
    pub(super) fn sign_mode(self) -> u32 {
        0o600 | self.seen_by(0o020, 0o002)
    }

    fn seen_by(self, group: u32, others: u32) -> u32 {
        let created = self.created_by(0o020, 0o002);
        [(0o020, group), (0o002, others)]
            .into_iter()
            .filter(|(write, _)| (self.mode | created) & write != 0)
            .fold(0, |bits, (_, who)| bits | who)
    }

    fn created_by(self, group: u32, others: u32) -> u32 {
        match self.creators {
            Creators::SameUser => 0,
            Creators::Group => group,
            Creators::Everyone => group | others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(mode: u32, creators: Creators) -> [u32; 4] {
        let rights = Rights { mode, group: None, creators };
        [rights.folder_mode(), rights.record_mode(), rights.lock_mode(), rights.sign_mode()]
    }

    #[test]
    fn who_may_connect_sees_and_changes_nothing() {
        assert_eq!(modes(0o600, Creators::SameUser), [0o700, 0o600, 0o600, 0o600]);
        assert_eq!(modes(0o660, Creators::SameUser), [0o750, 0o640, 0o600, 0o620]);
        assert_eq!(modes(0o666, Creators::SameUser), [0o755, 0o644, 0o600, 0o622]);
    }

    #[test]
    fn who_may_create_has_a_right_of_its_own() {
        assert_eq!(modes(0o660, Creators::Group), [0o1770, 0o640, 0o660, 0o620]);
        assert_eq!(modes(0o666, Creators::Group), [0o1775, 0o644, 0o660, 0o622]);
        assert_eq!(modes(0o600, Creators::Everyone), [0o1777, 0o644, 0o666, 0o622]);
    }
}
