// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hidden file beside a name, and the two locks on it that decide who may do what with the name.
//!
//! - The *work* lock (its second byte) is held by whoever is changing something: publishing, or removing what is
//!   stale. It is held for a few system calls, and waited for.
//! - The *life* lock (its first byte) is held by the owner from before its socket has the name until it has not. It
//!   is taken under the work lock only, and never waited for: held, it means a living owner.
//!
//! Both die with their process. The file goes when the name does, so a lock counts only while its file still has
//! the file's name: whoever gets the life lock looks again, and begins anew if the file has been removed meanwhile.
//! Only two may remove it: the holder of the life lock, and the holder of the work lock while nobody holds the
//! life lock; so what was seen under both locks stays true.
//!
//! The file says who wrote it, and under which hidden name it was making its socket: if it is killed at that, the
//! next one removes it.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cabotage_os::directory::{self, Directory, Inode};
use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{self, Lock, LockError, Range, Sharing};
use cabotage_os::object::{self, Facts, Kind};
use cabotage_os::{Deadline, Errno, SystemError};

use super::Name;
use super::occupant;

const LIFE: Range = Range { start: 0, bytes: 1 };
const WORK: Range = Range { start: 1, bytes: 1 };

/// The right to change a name, held until it is dropped.
#[derive(Debug)]
pub(super) struct Claim<'directory> {
    directory: &'directory Directory,
    file_name: directory::Name,
    facts: Facts,
    work: Lock<Arc<SoleFd>>,
}

/// The right to have a name. A forked child has no part in it.
#[derive(Debug)]
pub(super) struct Life {
    file_name: directory::Name,
    inode: Inode,
    _lock: Lock<Arc<SoleFd>>,
}

/// Why there is no such right.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// The owner lives.
    Living {
        pid: Option<i32>,
        uid: u32,
    },
    /// The hidden file is another user's, or was not made by us.
    Stranger {
        uid: u32,
    },
    /// Others were changing the name until the deadline.
    Contended,
    System(SystemError),
}

impl From<SystemError> for Obstacle {
    fn from(refusal: SystemError) -> Self {
        Self::System(refusal)
    }
}

impl<'directory> Claim<'directory> {
    /// The right to change `name`, if it [is current](Self::is_current).
    pub(super) fn take(
        directory: &'directory Directory,
        name: &Name,
        deadline: Deadline,
    ) -> Result<Self, Obstacle> {
        Self::repeat(deadline, || Self::try_take(directory, name, is_ours_to_remove, deadline))
    }

    /// The right to change `name` and the right to have it.
    pub(super) fn take_with_life(
        directory: &'directory Directory,
        name: &Name,
        deadline: Deadline,
    ) -> Result<(Self, Life), Obstacle> {
        Self::repeat(deadline, || {
            let Some(claim) = Self::try_take(directory, name, is_ours, deadline)? else { return Ok(None) };
            let lock = match Lock::range(Arc::clone(claim.file()), Sharing::Exclusive, LIFE, Deadline::Now) {
                Ok(lock) => lock,
                Err(LockError::System { source, .. }) => return Err(source.into()),
                Err(_) => return Err(claim.living()),
            };
            let inode = occupant::inode(&claim.facts);
            let life = Life { file_name: claim.file_name.clone(), inode, _lock: lock };
            Ok(claim.is_current()?.then_some((claim, life)))
        })
    }

    /// Until something comes of it, or the deadline passes.
    fn repeat<T>(
        deadline: Deadline,
        mut act: impl FnMut() -> Result<Option<T>, Obstacle>,
    ) -> Result<T, Obstacle> {
        loop {
            match act()? {
                Some(done) => return Ok(done),
                None if deadline.has_passed() => return Err(Obstacle::Contended),
                None => {}
            }
        }
    }

    /// `None` if the file was made or removed in the middle of it.
    fn try_take(
        directory: &'directory Directory,
        name: &Name,
        is_fit: fn(&Facts) -> bool,
        deadline: Deadline,
    ) -> Result<Option<Self>, Obstacle> {
        let file_name = name.lock_file();
        let Some(file) = open(directory, &file_name)? else { return Ok(None) };
        let facts = object::facts(&file, &file_name)?;
        if facts.links == 0 {
            return Ok(None);
        }
        if !is_fit(&facts) {
            return Err(Obstacle::Stranger { uid: facts.uid });
        }
        let work = match Lock::range(Arc::new(file), Sharing::Exclusive, WORK, deadline) {
            Ok(work) => work,
            Err(LockError::System { source, .. }) => return Err(source.into()),
            Err(_) => return Err(Obstacle::Contended),
        };
        Ok(Some(Self { directory, file_name, facts, work }))
    }

    /// Whether the locked file is still the one that counts.
    pub(super) fn is_current(&self) -> Result<bool, SystemError> {
        Ok(self.directory.inode(&self.file_name)? == Some(occupant::inode(&self.facts)))
    }

    /// Whether the owner of the name lives.
    pub(super) fn is_alive(&self) -> Result<bool, SystemError> {
        is_alive(self.file())
    }

    /// Who holds the life lock, as far as it can be told.
    pub(super) fn living(&self) -> Obstacle {
        Obstacle::Living { pid: self.record().pid, uid: self.facts.uid }
    }

    /// The user whose file it is.
    pub(super) fn uid(&self) -> u32 {
        self.facts.uid
    }

    /// Removes what the last owner was making when it was killed. Only what belongs to the user who wrote it down:
    /// a stranger's word makes root remove nothing of others.
    pub(super) fn remove_unfinished(&self) -> Result<(), SystemError> {
        let Some(detour) = self.record().detour else { return Ok(()) };
        match self.directory.facts(&detour)? {
            Some(facts) if facts.kind == Kind::Socket && facts.uid == self.facts.uid => {
                self.directory.remove_if_same(&detour, occupant::inode(&facts)).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Writes down who works here, and under which hidden name.
    pub(super) fn write_down(&self, detour: &directory::Name) -> Result<(), SystemError> {
        let record = Record { pid: i32::try_from(std::process::id()).ok(), detour: Some(detour.clone()) };
        let bytes = record.to_bytes();
        match object::write_at(self.file(), 0, &bytes, &self.file_name)? {
            all if all == bytes.len() => Ok(()),
            _ => Err(SystemError::new("pwrite", &self.file_name, Errno::NOSPC)),
        }
    }

    /// Removes the hidden file. After that others may work on the name too, with a new one.
    pub(super) fn remove_file(&self) -> Result<bool, SystemError> {
        self.directory.remove_if_same(&self.file_name, occupant::inode(&self.facts))
    }

    fn file(&self) -> &Arc<SoleFd> {
        self.work.file()
    }

    fn record(&self) -> Record {
        Record::read(self.file(), &self.file_name)
    }
}

impl Life {
    /// Removes the hidden file, as the owner of the name.
    pub(super) fn remove_file(&self, directory: &Directory) -> Result<bool, SystemError> {
        directory.remove_if_same(&self.file_name, self.inode)
    }
}

/// What is known of an owner by those who only look.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) is_alive: bool,
    /// Who wrote the hidden file.
    pub(super) pid: Option<i32>,
}

/// The owner of `name`; `None` when it has no hidden file that we may read.
pub(super) fn owner(directory: &Directory, name: &Name) -> Result<Option<Owner>, SystemError> {
    let file_name = name.lock_file();
    match directory.open_to_read(&file_name) {
        Ok(Some(file)) => {
            let is_alive = is_alive(&file)?;
            Ok(Some(Owner { is_alive, pid: Record::read(&file, &file_name).pid }))
        }
        Ok(None) => Ok(None),
        Err(refusal) if is_strange(refusal.errno()) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn is_alive(file: impl AsFd) -> Result<bool, SystemError> {
    Ok(lock::conflict(file, Sharing::Exclusive, LIFE)?.is_some())
}

/// Opens the hidden file, or makes it; `None` if it came or went meanwhile.
fn open(directory: &Directory, file_name: &directory::Name) -> Result<Option<SoleFd>, Obstacle> {
    enum Answer {
        Vanished,
        Refused(SystemError),
    }
    impl From<SystemError> for Answer {
        fn from(refusal: SystemError) -> Self {
            Self::Refused(refusal)
        }
    }
    let opened = SoleFd::made_by(|| match directory.open_to_write(file_name)? {
        Some(file) => Ok(file),
        None => directory.create_private(file_name)?.ok_or(Answer::Vanished),
    });
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(Answer::Vanished) => Ok(None),
        Err(Answer::Refused(refusal)) if is_strange(refusal.errno()) => match directory.facts(file_name)? {
            Some(facts) => Err(Obstacle::Stranger { uid: facts.uid }),
            // Nothing is there, so it is the directory that keeps us out.
            None => Err(refusal.into()),
        },
        Err(Answer::Refused(refusal)) => Err(refusal.into()),
    }
}

/// Whether the hidden file is one that this user has made. A file of ours with a second name was put there by a
/// stranger, to have us write into it.
fn is_ours(facts: &Facts) -> bool {
    facts.kind == Kind::Regular && facts.uid == cabotage_os::fifo::own_user() && facts.links == 1
}

/// Root cleans up for everybody.
fn is_ours_to_remove(facts: &Facts) -> bool {
    is_ours(facts) || (facts.kind == Kind::Regular && cabotage_os::fifo::own_user() == 0)
}

/// What opening answers for a stranger's file, a link, a directory or a socket.
fn is_strange(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::ISDIR | Errno::NXIO)
}

/// What the hidden file says, on one line of fixed length, so that one write changes it.
#[derive(Debug, Default)]
struct Record {
    pid: Option<i32>,
    detour: Option<directory::Name>,
}

const RECORD_BYTES: usize = 64;

impl Record {
    /// What the file says; nothing, where it makes no sense.
    fn read(file: impl AsFd, file_name: &directory::Name) -> Self {
        let mut bytes = [0; RECORD_BYTES];
        match object::read_at(file, 0, &mut bytes, file_name) {
            Ok(count) => Self::of_bytes(&bytes[..count]),
            Err(_) => Self::default(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let mut words = text.split_whitespace();
        let pid = words.next().and_then(|word| word.parse().ok()).filter(|pid| *pid > 0);
        let detour = words.next().filter(|word| word.starts_with(".new-"));
        Self { pid, detour: detour.and_then(|word| directory::Name::parse(word).ok()) }
    }

    fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [b' '; RECORD_BYTES];
        let detour = self.detour.as_ref().map_or(&b"-"[..], |name| name.as_path().as_os_str().as_bytes());
        let pid = self.pid.unwrap_or(0).to_string();
        let words = [pid.as_bytes(), b" ", detour].concat();
        for (place, byte) in bytes.iter_mut().zip(words) {
            *place = byte;
        }
        bytes[RECORD_BYTES - 1] = b'\n';
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back_and_nonsense_says_nothing() {
        let detour = directory::hidden_name().unwrap();
        let record = Record { pid: Some(i32::MAX), detour: Some(detour.clone()) };
        let read = Record::of_bytes(&record.to_bytes());
        assert_eq!((read.pid, read.detour), (Some(i32::MAX), Some(detour)));
        for nonsense in [&b""[..], b"\xff", b"-1 x", b"0 ../up", b"x .lock"] {
            let read = Record::of_bytes(nonsense);
            assert_eq!((read.pid, read.detour), (None, None), "{nonsense:?}");
        }
    }
}
