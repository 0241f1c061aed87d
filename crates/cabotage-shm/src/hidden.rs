// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names for objects that are not ready to be seen: `.cabotage-making-` or `.cabotage-removing-` with 16 hexadecimal
//! digits.
//!
//! A file being made is locked by its maker, so that [`Hidden::remove_if_stale`] can tell the leavings of a killed
//! one from work in progress. A file being removed is named so for the two calls between which we make sure that it
//! is the right one; whoever finds one may finish the work.

use std::os::fd::OwnedFd;

use cabotage_os::object::{self, Access, Kind};
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;

const MAKING: &[u8] = b".cabotage-making-";
const REMOVING: &[u8] = b".cabotage-removing-";
const DIGITS: usize = 16;

/// How often a new name is tried when somebody touches the file before it is locked.
const TRIES: u32 = 8;

const UNFINISHED: &str = "an unfinished object";

/// A hidden name in a directory; dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Hidden<'a> {
    directory: &'a Directory,
    name: Vec<u8>,
    is_there: bool,
}

impl<'a> Hidden<'a> {
    /// Creates an empty file under a new hidden name, locked against [`Self::remove_if_stale`].
    pub(crate) fn create(directory: &'a Directory, mode: u32) -> Result<(Self, OwnedFd), SystemError> {
        for _ in 0..TRIES {
            let name = unguessable(MAKING)?;
            let fd = directory.calls().create_new(&name, mode)?;
            let hidden = Self { directory, name, is_there: true };
            // A cleaner may have locked it in the meantime, or removed it: then it is the cleaner's.
            if object::try_lock(&fd, UNFINISHED)? && object::facts(&fd, UNFINISHED)?.links > 0 {
                return Ok((hidden, fd));
            }
        }
        Err(SystemError::new("flock", UNFINISHED, Errno::AGAIN))
    }

    /// Moves what `name` stands for to a new hidden name; `None` where nothing can be moved to a free name.
    pub(crate) fn take(directory: &'a Directory, name: &[u8]) -> Result<Option<Self>, SystemError> {
        if !object::has_rename_to_free() {
            return Ok(None);
        }
        let hidden = unguessable(REMOVING)?;
        match directory.calls().rename_to_free(name, &hidden) {
            Ok(()) => Ok(Some(Self { directory, name: hidden, is_there: true })),
            Err(refusal) if is_missing(&refusal) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Moves the file to `name`, unless that is taken: then the hidden name is handed back.
    pub(crate) fn publish(self, name: &[u8]) -> Result<(), (SystemError, Self)> {
        let calls = self.directory.calls();
        if object::has_rename_to_free() {
            match calls.rename_to_free(&self.name, name) {
                Ok(()) => {
                    self.keep();
                    return Ok(());
                }
                Err(refusal) if is_missing(&refusal) => {}
                Err(refusal) => return Err((refusal, self)),
            }
        }
        // For a moment there are two names; the hidden one goes with `self`.
        match calls.link(&self.name, name) {
            Ok(()) => Ok(()),
            Err(refusal) => Err((refusal, self)),
        }
    }

    /// The hidden file name.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// Removes the hidden name; that somebody else did is as good.
    pub(crate) fn remove(mut self) -> Result<(), SystemError> {
        self.is_there = false;
        match self.directory.calls().unlink(&self.name) {
            Err(refusal) if refusal.errno() != Errno::NOENT => {
                self.is_there = true; // dropping it tries once more
                Err(refusal)
            }
            _ => Ok(()),
        }
    }

    /// Leaves the hidden name where it is.
    pub(crate) fn keep(mut self) {
        self.is_there = false;
    }

    /// Removes `name` if it is a hidden one whose maker is dead.
    pub(crate) fn remove_if_stale(directory: &Directory, name: &[u8]) -> bool {
        if is_hidden(name, REMOVING) {
            return directory.calls().unlink(name).is_ok();
        }
        is_hidden(name, MAKING) && Self::remove_if_unlocked(directory, name).unwrap_or(false)
    }

    fn remove_if_unlocked(directory: &Directory, name: &[u8]) -> Result<bool, SystemError> {
        if directory.calls().look(name)?.kind != Kind::Regular {
            return Ok(false);
        }
        let fd = directory.calls().open(name, Access::ReadOnly)?;
        if !object::try_lock(&fd, UNFINISHED)? {
            return Ok(false);
        }
        // While we hold the lock its maker, if alive, neither goes on nor publishes; but it may have published and
        // unlocked just before, and then this is no unfinished object.
        if directory.calls().look(name)?.identity != object::facts(&fd, UNFINISHED)?.identity {
            return Ok(false);
        }
        directory.calls().unlink(name).map(|()| true)
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        if self.is_there {
            let _ = self.directory.calls().unlink(&self.name);
        }
    }
}

/// A hidden name that nobody can have taken first.
fn unguessable(prefix: &[u8]) -> Result<Vec<u8>, SystemError> {
    let digits = format!("{:0DIGITS$x}", object::unguessable()?);
    Ok([prefix, digits.as_bytes()].concat())
}

fn is_hidden(name: &[u8], prefix: &[u8]) -> bool {
    let digits = name.strip_prefix(prefix);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a refusal means that the kernel or the file system cannot do this at all.
fn is_missing(refusal: &SystemError) -> bool {
    matches!(refusal.errno(), Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}
