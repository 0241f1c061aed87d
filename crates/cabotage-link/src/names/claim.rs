// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hidden file beside a name, and the two locks on it that decide who may do what with the name.
//!
//! - The *work* lock (its second byte) is held by whoever is changing something: publishing, or removing what is
//!   stale. It is held for a few system calls, and waited for.
//! - The *life* lock (its first byte) is held by the owner from before its socket has the name until it has not. It
//!   is taken under the work lock only: held, it means a living owner, and is waited for only where that owner is
//!   ending just now.
//!
//! Both die with their process. A new file is locked before it has its name, where the file system has files
//! without names: so one that is there with neither lock held belongs to nobody, and never to somebody who is
//! about to begin. The file goes when the name does, so a lock counts only while its file still has the file's
//! name: whoever gets the life lock looks again, and begins anew if the file has been removed meanwhile. Only two
//! may remove it: the holder of the life lock, and the holder of the work lock while nobody holds the life lock; so
//! what was seen under both locks stays true.
//!
//! The file says who wrote it, and under which hidden name it was making its socket: if it is killed at that, the
//! next one removes it.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use cabotage_os::directory::{self, Directory, Inode};
use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{self, Lock, LockError, Range, Sharing};
use cabotage_os::object::{self, Facts, Kind};
use cabotage_os::process::{self, Pid};
use cabotage_os::{Deadline, Errno, SystemError};

use super::Name;
use super::lock_file::{Standing, is_ours, is_ours_to_remove, is_strange, make, open};
use super::occupant::{self, Occupant};
use super::record::Record;

const LIFE: Range = Range { start: 0, bytes: 1 };
const WORK: Range = Range { start: 1, bytes: 1 };
const EITHER: Range = Range { start: 0, bytes: 2 };

/// How often a file may go under our hands before a deadline that has passed counts: a cleaner that takes away what
/// a dead owner left makes nobody wait, and turns nobody away.
const TRIES: u32 = 8;

/// How long an owner that is ending is waited for, whatever the deadline: it only has to be given a processor.
const ENDING_MAX: Duration = Duration::from_secs(1);

/// The right to change a name, held until it is dropped.
#[derive(Debug)]
pub(super) struct Claim<'directory> {
    directory: &'directory Directory,
    file_name: directory::Name,
    facts: Facts,
    work: Lock<Arc<SoleFd>>,
    file: Standing,
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
        Self::repeat(deadline, || {
            let Some(mut claim) = Self::try_take(directory, name, is_ours_to_remove, deadline)? else {
                return Ok(None);
            };
            Ok(claim.shows_file()?.then_some(claim))
        })
    }

    /// The same, if there is a hidden file already; none is made.
    pub(super) fn find(
        directory: &'directory Directory,
        name: &Name,
        deadline: Deadline,
    ) -> Result<Option<Self>, Obstacle> {
        let file_name = name.lock_file();
        match open(directory, &file_name)? {
            Some(file) => {
                Self::lock(directory, file_name, file, Standing::Found, is_ours_to_remove, deadline)
            }
            None => Ok(None),
        }
    }

    /// The right to change `name` and the right to have it.
    pub(super) fn take_with_life(
        directory: &'directory Directory,
        name: &Name,
        deadline: Deadline,
    ) -> Result<(Self, Life), Obstacle> {
        Self::repeat(deadline, || {
            let Some(mut claim) = Self::try_take(directory, name, is_ours, deadline)? else {
                return Ok(None);
            };
            let lock = claim.lock_life()?;
            let inode = occupant::inode(&claim.facts);
            let life = Life { file_name: claim.file_name.clone(), inode, _lock: lock };
            let counts = match claim.file {
                Standing::Unnamed => claim.shows_file()?,
                Standing::Found | Standing::Shown => claim.is_current()?,
            };
            Ok(counts.then_some((claim, life)))
        })
    }

    /// The life lock. An owner whose end others have seen may hold it for a moment yet.
    fn lock_life(&self) -> Result<Lock<Arc<SoleFd>>, Obstacle> {
        let mut has_waited = false;
        loop {
            match Lock::range(Arc::clone(self.file()), Sharing::Exclusive, LIFE, Deadline::Now) {
                Ok(lock) => return Ok(lock),
                Err(LockError::System { source, .. }) => return Err(source.into()),
                Err(_) if !has_waited && self.sees_owner_off() => has_waited = true,
                Err(_) => return Err(self.living()),
            }
        }
    }

    /// What has the name now, once an owner that is ending has let go of it.
    pub(super) fn occupant(&self, name: &Name) -> Result<Occupant, SystemError> {
        let look = || Occupant::of(self.directory, name.as_file(), self.facts.uid);
        match look()? {
            Occupant::Bound if self.sees_owner_off() => look(),
            settled => Ok(settled),
        }
    }

    /// Waits for an owner that is ending; `false` if it is not, as far as can be told.
    fn sees_owner_off(&self) -> bool {
        let pid = self.record().pid.and_then(Pid::from_raw);
        pid.is_some_and(|pid| process::see_off(pid, Deadline::within(ENDING_MAX)).unwrap_or(false))
    }

    /// Until something comes of it, or the deadline passes.
    fn repeat<T>(
        deadline: Deadline,
        mut act: impl FnMut() -> Result<Option<T>, Obstacle>,
    ) -> Result<T, Obstacle> {
        let mut tries = 0;
        loop {
            tries += 1;
            match act()? {
                Some(done) => return Ok(done),
                None if deadline.has_passed() && tries >= TRIES => return Err(Obstacle::Contended),
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
        let (file, standing) = match open(directory, &file_name)? {
            Some(file) => (file, Standing::Found),
            None => match make(directory, &file_name)? {
                Some(made) => made,
                None => return Ok(None),
            },
        };
        Self::lock(directory, file_name, file, standing, is_fit, deadline)
    }

    /// `None` if the file was removed in the middle of it.
    fn lock(
        directory: &'directory Directory,
        file_name: directory::Name,
        file: SoleFd,
        standing: Standing,
        is_fit: fn(&Facts) -> bool,
        deadline: Deadline,
    ) -> Result<Option<Self>, Obstacle> {
        let facts = object::facts(&file, &file_name)?;
        if standing != Standing::Unnamed {
            if facts.links == 0 {
                return Ok(None);
            }
            if !is_fit(&facts) {
                return Err(Obstacle::Stranger { uid: facts.uid });
            }
        }
        let work = match Lock::range(Arc::new(file), Sharing::Exclusive, WORK, deadline) {
            Ok(work) => work,
            Err(LockError::System { source, .. }) => return Err(source.into()),
            Err(_) => return Err(Obstacle::Contended),
        };
        Ok(Some(Self { directory, file_name, facts, work, file: standing }))
    }

    /// Gives the file its name, if it is new; `false` if another has come first.
    fn shows_file(&mut self) -> Result<bool, SystemError> {
        if self.file == Standing::Unnamed {
            if !self.directory.give_name(self.file(), &self.file_name)? {
                return Ok(false);
            }
            self.file = Standing::Shown;
        }
        Ok(true)
    }

    /// Whether there was no hidden file before, so that no lock tells whether an owner lives.
    pub(super) fn is_first(&self) -> bool {
        self.file != Standing::Found
    }

    /// Which hidden file it is.
    pub(super) fn inode(&self) -> Inode {
        occupant::inode(&self.facts)
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

    /// Which owner in a row the next one is.
    pub(super) fn next_generation(&self) -> u64 {
        self.record().generation.saturating_add(1)
    }

    /// Writes down who works here, under which hidden name, and as which owner in a row.
    pub(super) fn write_down(&self, detour: &directory::Name, generation: u64) -> Result<(), SystemError> {
        let bytes = Record::of_own(detour, generation).to_bytes();
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

/// A hidden file, seen by those who only look.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) inode: Inode,
    pub(super) uid: u32,
    /// Whether the owner lives.
    pub(super) is_alive: bool,
    /// Whether nobody lives and nobody is at work, at one moment, and the file counted then.
    pub(super) is_idle: bool,
    pub(super) record: Record,
}

/// The hidden file of `name`; `None` when there is none that we may read.
pub(super) fn look(directory: &Directory, name: &Name) -> Result<Option<Seen>, SystemError> {
    let file_name = name.lock_file();
    let file = match directory.open_to_read(&file_name) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(refusal) if is_strange(refusal.errno()) => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    let facts = object::facts(&file, &file_name)?;
    if facts.kind != Kind::Regular {
        return Ok(None);
    }
    let inode = occupant::inode(&facts);
    let (is_alive, is_idle) = match lock::conflict(&file, Sharing::Exclusive, EITHER)? {
        Some(found) => (found.range.start == LIFE.start || is_alive(&file)?, false),
        // A file never gets its name back: what has it now had it then.
        None => (false, directory.inode(&file_name)? == Some(inode)),
    };
    let record = Record::read(&file, &file_name);
    Ok(Some(Seen { inode, uid: facts.uid, is_alive, is_idle, record }))
}

fn is_alive(file: impl AsFd) -> Result<bool, SystemError> {
    Ok(lock::conflict(file, Sharing::Exclusive, LIFE)?.is_some())
}
