// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects of which the maker or the remover was killed at work.
//!
//! Only hidden names are looked at. The lock on a file in the making tells whether its maker lives. A file on its way
//! out tells by its hidden name what it should be, so it makes no difference whether its remover lives: what it was
//! about to do is done, and it takes that well.
//!
//! A file in the making is there, unlocked, for one call before its maker locks it (only where there are no unnamed
//! files, so never in /dev/shm). A look in just that instant makes the maker take another name.

use cabotage_os::object::{self, Access, Kind};
use cabotage_os::{Errno, SystemError};

use super::{Leaving, Swept, What, is_ours};
use crate::directory::Directory;
use crate::hidden::{self, Hidden, Purpose};
use crate::name::Name;

/// What the file is, if it is a hidden one that nobody needs as it is.
pub(super) fn look(directory: &Directory, file_name: &[u8]) -> Option<Leaving> {
    let purpose = hidden::purpose(file_name)?;
    let facts = directory.calls().look(file_name).ok().filter(is_ours)?;
    let what = match purpose {
        Purpose::Making if facts.kind != Kind::Regular => return None,
        Purpose::Making => is_unlocked(directory, file_name).then_some(What::Unfinished)?,
        Purpose::Removing { inode, .. } if inode == facts.identity.inode => match facts.kind {
            Kind::Regular => What::HalfRemoved,
            _ => return None,
        },
        Purpose::Removing { name, .. } => What::Displaced { name },
    };
    Some(directory.leaving(file_name, what, &facts))
}

/// Puts it in order, whatever it is by now.
pub(super) fn remove(directory: &Directory, file_name: &[u8]) -> Result<Swept, SystemError> {
    match look(directory, file_name).map(|now| now.what) {
        Some(What::Unfinished) => remove_unlocked(directory, file_name),
        Some(What::HalfRemoved) => directory.calls().unlink(file_name).map(|()| Swept::Removed),
        Some(What::Displaced { name }) => put_back(directory, file_name, name),
        _ => Ok(Swept::Gone),
    }
}

fn is_unlocked(directory: &Directory, file_name: &[u8]) -> bool {
    let fd = directory.calls().open(file_name, Access::ReadOnly);
    fd.is_ok_and(|fd| object::try_lock(&fd, UNFINISHED).unwrap_or(false))
}

fn remove_unlocked(directory: &Directory, file_name: &[u8]) -> Result<Swept, SystemError> {
    let fd = directory.calls().open(file_name, Access::ReadOnly)?;
    if !object::try_lock(&fd, UNFINISHED)? {
        return Ok(Swept::Gone);
    }
    // While we hold the lock its maker, if alive, neither goes on nor publishes; but it may have published and
    // unlocked just before, and then this is no unfinished object.
    if directory.calls().look(file_name)?.identity != object::facts(&fd, UNFINISHED)?.identity {
        return Ok(Swept::Gone);
    }
    directory.calls().unlink(file_name).map(|()| Swept::Removed)
}

fn put_back(directory: &Directory, file_name: &[u8], name: Option<Name>) -> Result<Swept, SystemError> {
    let Some(name) = name else { return Ok(Swept::Kept) };
    match Hidden::found(directory, file_name).publish(name.file_name()) {
        Ok(()) => Ok(Swept::PutBack),
        Err((refusal, hidden)) => {
            hidden.keep();
            if refusal.errno() == Errno::EXIST { Ok(Swept::Kept) } else { Err(refusal) }
        }
    }
}

const UNFINISHED: &str = "an unfinished object";
