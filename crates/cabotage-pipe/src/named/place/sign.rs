// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sign of an instance: a FIFO that its server has open for reading for as long as the instance exists.
//!
//! Whoever may connect can open it for writing, which the kernel allows only while somebody reads: so it tells the
//! living from the dead, without a pid and in every pid namespace. And a writing end that is kept becomes readable as
//! broken when the reader goes, so who waits for an instance is told of the death of its server too. Nothing is ever
//! written.

use std::os::fd::{AsFd, OwnedFd};

use cabotage_os::directory::{self, Directory};
use cabotage_os::fork::SoleFd;
use cabotage_os::object::{self, Kind};
use cabotage_os::{Errno, SystemError};

use super::definition::Rights;
use super::folder::{file, shown};
use super::refusal::of_system;
use super::turn::{DIGITS, Turn};
use crate::named::error::PipeError;

/// The sign of an instance of this process. A forked child does not show it.
#[derive(Debug)]
pub(super) struct Sign {
    name: directory::Name,
    fd: SoleFd,
}

impl Sign {
    /// Shows the sign of instance `id`, as the one whose turn it is: until it is open it looks like a dead one's.
    pub(super) fn show(
        instances: &Directory,
        _turn: &Turn,
        id: u64,
        rights: Rights,
    ) -> Result<Self, SystemError> {
        let name = file(&format!("{id:0DIGITS$}-{}", std::process::id()));
        if !instances.create_fifo(&name)? {
            return Err(SystemError::new("mknodat", &name, Errno::EXIST));
        }
        let shown = SoleFd::made_by(|| {
            let reader = instances.open_to_write(&name)?;
            reader.ok_or_else(|| SystemError::new("openat", &name, Errno::NOENT))
        });
        let shown = shown.and_then(|fd| {
            instances.set_rights(&name, rights.sign_mode(), rights.group)?;
            Ok(fd)
        });
        match shown {
            Ok(fd) => Ok(Self { name, fd }),
            Err(refusal) => {
                // Best effort: without a reader it is a dead one's, and the first error is the one to tell.
                let _ = instances.remove_file(&name);
                Err(refusal)
            }
        }
    }

    /// Whether this process shows it: false in a forked child.
    pub(super) fn is_here(&self) -> bool {
        self.fd.is_here()
    }

    /// Takes it away: first the name, then the reader.
    pub(super) fn take_down(self, instances: &Directory) -> Result<bool, SystemError> {
        instances.remove_file(&self.name)
    }
}

/// The writing end of the sign `name`, if its instance lives.
///
/// # Errors
/// [`PipeError::AccessDenied`] for who may not connect.
pub(super) fn living(instances: &Directory, name: &directory::Name) -> Result<Option<OwnedFd>, PipeError> {
    let fd = match instances.open_fifo_with_reader(name) {
        Ok(Some(fd)) => fd,
        Ok(None) => return Ok(None),
        // No FIFO, so it is no sign.
        Err(refusal) if matches!(refusal.errno(), Errno::ISDIR | Errno::LOOP) => return Ok(None),
        Err(refusal) => return Err(of_system(refusal)),
    };
    Ok((object::facts(fd.as_fd(), name)?.kind == Kind::Fifo).then_some(fd))
}

/// The writing end of the sign of any instance that lives; `None` when all are dead, and the pipe does not exist.
pub(super) fn any_living(instances: &Directory) -> Result<Option<OwnedFd>, PipeError> {
    for name in shown(instances)?.iter().rev() {
        if let Some(fd) = living(instances, name)? {
            return Ok(Some(fd));
        }
    }
    Ok(None)
}

/// How many instances live.
pub(super) fn count_living(instances: &Directory) -> Result<usize, PipeError> {
    let mut count = 0;
    for name in shown(instances)? {
        count += usize::from(living(instances, &name)?.is_some());
    }
    Ok(count)
}

/// What the name of a sign says: which instance it is, and the pid of its server, as numbered where that runs.
pub(super) fn parse(name: &directory::Name) -> Option<(u64, i32)> {
    let (id, pid) = name.as_path().to_str()?.split_once('-')?;
    Some((id.parse().ok()?, pid.parse().ok().filter(|pid| *pid > 0)?))
}
