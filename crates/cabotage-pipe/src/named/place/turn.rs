// SPDX-License-Identifier: MIT OR Apache-2.0
//! The turn to change a folder: a lock that dies with its holder, held for a few calls, and the numbers that are drawn
//! under it.
//!
//! The lock counts only while its folder still has the pipe's name: who gets it looks again, and begins anew if the
//! folder has been removed meanwhile.

use cabotage_os::directory::{self, Directory};
use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{Lock, LockError, Range, Sharing};
use cabotage_os::object::{self, Kind};
use cabotage_os::{Deadline, Errno, SystemError};

use super::folder::{FILES, Folder};
use super::refusal::damaged;
use crate::named::error::{Denial, PipeError};

const LOCKED: Range = Range { start: 0, bytes: 1 };

/// How many digits a number is written with, so that names sort as numbers do.
pub(super) const DIGITS: usize = 20;

/// The right to change a folder, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    lock: Lock<SoleFd>,
}

impl Turn {
    /// Waits for the turn at most until `deadline`. `None` when the folder does not have the name any more.
    pub(super) fn take(
        names: &Directory,
        name: &directory::Name,
        folder: &Folder,
        deadline: Deadline,
    ) -> Result<Option<Self>, PipeError> {
        let Some(turn) = Self::of(folder, deadline)? else { return Ok(None) };
        Ok(folder.has_name(names, name)?.then_some(turn))
    }

    /// The turn to change a folder whatever its name is; `None` when its lock file is gone.
    pub(super) fn of(folder: &Folder, deadline: Deadline) -> Result<Option<Self>, PipeError> {
        let Some(file) = open(folder)? else { return Ok(None) };
        let facts = object::facts(&file, &FILES.lock)?;
        if facts.links == 0 {
            return Ok(None);
        }
        if facts.kind != Kind::Regular || facts.uid != folder.uid() || facts.links != 1 {
            return Err(damaged(folder.directory()));
        }
        match Lock::range(file, Sharing::Exclusive, LOCKED, deadline) {
            Ok(lock) if folder.directory().inode(&FILES.lock)?.is_some() => Ok(Some(Self { lock })),
            Ok(_) => Ok(None),
            Err(LockError::System { source, .. }) => Err(source.into()),
            Err(_) => Err(PipeError::TimedOut),
        }
    }

    /// A number that is greater than all that were drawn before in this folder.
    pub(super) fn next_number(&self) -> Result<u64, SystemError> {
        let mut bytes = [0; DIGITS];
        let count = object::read_at(self.lock.file(), 0, &mut bytes, &FILES.lock)?;
        let last = std::str::from_utf8(&bytes[..count]).ok().and_then(|text| text.parse::<u64>().ok());
        let next = last.unwrap_or(0).saturating_add(1);
        let text = format!("{next:0DIGITS$}");
        match object::write_at(self.lock.file(), 0, text.as_bytes(), &FILES.lock)? {
            DIGITS => Ok(next),
            _ => Err(SystemError::new("pwrite", &FILES.lock, Errno::NOSPC)),
        }
    }
}

/// The lock file, which only those can open who may create instances.
fn open(folder: &Folder) -> Result<Option<SoleFd>, PipeError> {
    enum Answer {
        Nothing,
        Refused(SystemError),
    }
    impl From<SystemError> for Answer {
        fn from(refusal: SystemError) -> Self {
            Self::Refused(refusal)
        }
    }
    match SoleFd::made_by(|| folder.directory().open_to_write(&FILES.lock)?.ok_or(Answer::Nothing)) {
        Ok(file) => Ok(Some(file)),
        Err(Answer::Nothing) => Ok(None),
        Err(Answer::Refused(refusal)) if matches!(refusal.errno(), Errno::ACCESS | Errno::PERM) => {
            Err(PipeError::AccessDenied(Denial::CreateInstance))
        }
        Err(Answer::Refused(refusal)) => Err(refusal.into()),
    }
}
