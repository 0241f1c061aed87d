// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names for objects that are not ready to be seen: `.cabotage-making-` with 16 hexadecimal digits, and
//! `.cabotage-removing-` with 16 digits, the number of the object that is to be removed, and the name it had.
//!
//! A file being made is locked by its maker, so that the leavings of a killed one are told from work in progress. A
//! file being removed is named so for the two calls between which we make sure that it is the right one. Its hidden
//! name says which one that is, so whoever finds it may finish the work: remove it if it has that number, and if not,
//! give it back the name that it lost.

use std::os::fd::{AsFd, OwnedFd};

use cabotage_os::object::{self, Identity, Kind};
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;
use crate::name::Name;

const MAKING: &[u8] = b".cabotage-making-";
const REMOVING: &[u8] = b".cabotage-removing-";
const DIGITS: usize = 16;

/// How often a new name is tried when somebody touches the file before it is locked.
const TRIES: u32 = 8;

const UNFINISHED: &str = "an unfinished object";

/// The longest file name.
const NAME_BYTES_MAX: usize = 255;

/// What a hidden name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An object is being made, or was.
    Making,
    /// The object with this inode number is being removed, or was.
    Removing {
        inode: u64,
        /// The name it had; not known where it was too long to stand behind all that.
        name: Option<Name>,
    },
}

/// A hidden name in a directory; dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Hidden<'a> {
    directory: &'a Directory,
    name: Vec<u8>,
    is_there: bool,
}

impl<'a> Hidden<'a> {
    /// Creates an empty file under a new hidden name, locked against those who clean up.
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

    /// Gives a file without a name a new hidden one, locked before it can be seen.
    pub(crate) fn adopt(directory: &'a Directory, fd: &OwnedFd) -> Result<Self, SystemError> {
        let name = unguessable(MAKING)?;
        if !object::try_lock(fd, UNFINISHED)? {
            return Err(SystemError::new("flock", UNFINISHED, Errno::AGAIN));
        }
        directory.calls().publish(fd.as_fd(), &name)?;
        Ok(Self { directory, name, is_there: true })
    }

    /// Moves what `name` stands for to a new hidden name, in order to remove it if it is the object `mine`; `None`
    /// where nothing can be moved to a free name.
    pub(crate) fn take(
        directory: &'a Directory,
        name: &[u8],
        mine: Identity,
    ) -> Result<Option<Self>, SystemError> {
        if !object::has_rename_to_free() {
            return Ok(None);
        }
        let hidden = removing_name(mine, name)?;
        match directory.calls().rename_to_free(name, &hidden) {
            Ok(()) => Ok(Some(Self { directory, name: hidden, is_there: true })),
            Err(refusal) if is_missing(&refusal) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// A hidden name that was found, to be finished with.
    pub(crate) fn found(directory: &'a Directory, name: &[u8]) -> Self {
        Self { directory, name: name.to_vec(), is_there: true }
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

    /// Moves the file to `name`, in place of the object that has it. What is no object keeps its name.
    pub(crate) fn replace(self, name: &[u8]) -> Result<(), (SystemError, Self)> {
        let calls = self.directory.calls();
        match calls.look(name) {
            Ok(facts) if facts.kind == Kind::Regular => {}
            Ok(_) => return Err((SystemError::new("renameat", UNFINISHED, Errno::ISDIR), self)),
            // Free, or gone meanwhile: whoever comes now is replaced as one who came before.
            Err(refusal) if refusal.errno() == Errno::NOENT => {}
            Err(refusal) => return Err((refusal, self)),
        }
        match calls.rename_over(&self.name, name) {
            Ok(()) => {
                self.keep();
                Ok(())
            }
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

fn removing_name(mine: Identity, name: &[u8]) -> Result<Vec<u8>, SystemError> {
    let bare = [&unguessable(REMOVING)?, format!("-{:0DIGITS$x}", mine.inode).as_bytes()].concat();
    let whole = [&bare, &b"-"[..], name].concat();
    Ok(if whole.len() <= NAME_BYTES_MAX { whole } else { bare })
}

/// What the hidden name `name` says; `None` if it is none.
pub(crate) fn purpose(name: &[u8]) -> Option<Purpose> {
    if let Some(digits) = name.strip_prefix(MAKING) {
        let (_, rest) = number(digits)?;
        return rest.is_empty().then_some(Purpose::Making);
    }
    let (_, rest) = number(name.strip_prefix(REMOVING)?)?;
    let (inode, rest) = number(rest.strip_prefix(b"-")?)?;
    match rest.strip_prefix(b"-") {
        Some(name) => Some(Purpose::Removing { inode, name: Some(Name::parse(name).ok()?) }),
        None => rest.is_empty().then_some(Purpose::Removing { inode, name: None }),
    }
}

/// The number at the beginning, and what follows.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (digits, rest) = text.split_at_checked(DIGITS)?;
    let digits =
        str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some((u64::from_str_radix(digits, 16).ok()?, rest))
}

/// Whether a refusal means that the kernel or the file system cannot do this at all.
fn is_missing(refusal: &SystemError) -> bool {
    matches!(refusal.errno(), Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_name_says_what_it_is_for() {
        let mine = Identity { device: 1, inode: 0xabc };
        for (name, kept) in [("frames".to_owned(), true), ("-".into(), true), ("x".repeat(255), false)] {
            let hidden = removing_name(mine, name.as_bytes()).unwrap();
            let expected = kept.then(|| Name::parse(&name).unwrap());
            assert_eq!(purpose(&hidden), Some(Purpose::Removing { inode: 0xabc, name: expected }), "{name}");
        }
        assert_eq!(purpose(&unguessable(MAKING).unwrap()), Some(Purpose::Making));
        for other in
            ["frames", ".cabotage-making-", ".cabotage-making-0123456789abcdeg", ".cabotage-removing-12"]
        {
            assert_eq!(purpose(other.as_bytes()), None, "{other}");
        }
    }
}
