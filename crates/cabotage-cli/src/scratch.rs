// SPDX-License-Identifier: MIT OR Apache-2.0
//! What tours and benchmarks make in places that others use too, and what they leave there if they are killed.
//!
//! Each thing has a name of a form that nobody else uses, and a sign that its maker lives: a lock (flock) on the
//! directory or the object itself, which the kernel drops with its last holder. So `gc` tells the leavings of the dead
//! from the work of the living, whatever their pids. An object that is made again and again by a benchmark bears no
//! sign of its own: it belongs to a directory beside it that does.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use cabotage::os::lock::{Lock, LockError, Sharing};
use cabotage::os::object::{self, Access, unguessable};
use cabotage::os::process::own_uid;
use cabotage::os::{Deadline, SystemError};
use cabotage::shm::{Name, Object, ObjectError};

use crate::exit::Failure;

/// Who makes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    Tour,
    Bench,
}

impl Maker {
    const ALL: [Self; 2] = [Self::Tour, Self::Bench];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tour => "tour",
            Self::Bench => "bench",
        }
    }

    fn prefix(self) -> String {
        format!("cabotage-{}-", self.word())
    }

    /// A name that nobody else has.
    pub(crate) fn unique_name(self) -> Result<String, SystemError> {
        Ok(format!("{}{:0DIGITS$x}", self.prefix(), unguessable()?))
    }
}

const DIGITS: usize = 16;

/// The sign that a maker lives, until it is dropped.
#[derive(Debug)]
pub(crate) struct Sign {
    _lock: Lock<OwnedFd>,
}

/// Makes a directory that only this user can enter.
pub(crate) fn make_directory(path: &Path) -> Result<Sign, Failure> {
    loop {
        DirBuilder::new().mode(0o700).create(path)?;
        // One who cleans up may have been quicker than the sign: then it goes, and is made anew.
        if let Some(lock) = lock_if_free(path)? {
            return Ok(Sign { _lock: lock });
        }
    }
}

/// A directory with its sign. Dropping it removes all that lies there.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _sign: Sign,
}

impl Scratch {
    /// A new one below `place`.
    pub(crate) fn make_in(place: &Path, maker: Maker) -> Result<Self, Failure> {
        Self::make(place.join(maker.unique_name()?))
    }

    /// A new one of this name.
    pub(crate) fn make(path: PathBuf) -> Result<Self, Failure> {
        Ok(Self { _sign: make_directory(&path)?, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of an object of this process beside the directory, which goes with it.
    pub(crate) fn object_beside(&self) -> String {
        let own = self.path.file_name().unwrap_or_default().to_string_lossy();
        let (prefix, digits) = own.split_at(own.len() - DIGITS);
        format!("{prefix}{}-{digits}", std::process::id())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Creates an object that bears its sign before it can be seen, and for as long as it is open or mapped here.
pub(crate) fn create_object(name: &Name, bytes: usize) -> Result<Object, ObjectError> {
    Object::options().create_filled(name, bytes, |object| {
        match Lock::whole(object, Sharing::Exclusive, Deadline::Now) {
            // It belongs to the opening, and must not end here.
            Ok(lock) => std::mem::forget(lock),
            Err(LockError::System { source, .. }) => return Err(source.into()),
            Err(_) => {}
        }
        Ok(())
    })
}

/// What a maker that has ended left.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) path: PathBuf,
    pub(crate) maker: Maker,
    pub(crate) uid: u32,
}

/// What this user's makers left in a directory; nothing, where it cannot be listed.
pub(crate) fn leavings(place: &Path) -> Vec<Leaving> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|entry| look(&entry.path())).collect();
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    found
}

fn look(path: &Path) -> Option<Leaving> {
    let (maker, _) = maker_of(path)?;
    let uid = own_metadata(path)?.uid();
    is_left(path).then(|| Leaving { path: path.into(), maker, uid })
}

/// Removes what was found, if its maker has ended; answers whether it was still there.
pub(crate) fn remove(leaving: &Leaving) -> Result<bool, Failure> {
    let path = &leaving.path;
    let is_directory = own_metadata(path).is_some_and(|metadata| metadata.is_dir());
    // Held while it goes, so that of several who clean up one does it.
    let _lock = match directory_of(path) {
        Some(_) if !is_left(path) => return Ok(false),
        Some(_) => None,
        None => match lock_if_free(path)? {
            Some(lock) => Some(lock),
            None => return Ok(false),
        },
    };
    let removed = if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(refusal) if refusal.kind() == ErrorKind::NotFound => Ok(false),
        removed => Ok(removed.map(|()| true)?),
    }
}

fn is_left(path: &Path) -> bool {
    match directory_of(path) {
        Some(directory) => !directory.exists() || is_left(&directory),
        None => lock_if_free(path).is_ok_and(|lock| lock.is_some()),
    }
}

/// Whose it is by its name, and the digits at its end.
fn maker_of(path: &Path) -> Option<(Maker, &str)> {
    let name = str::from_utf8(path.file_name()?.as_bytes()).ok()?;
    let maker = Maker::ALL.into_iter().find(|maker| name.starts_with(&maker.prefix()))?;
    let rest = &name[maker.prefix().len()..];
    let (number, digits) = rest.rsplit_once('-').unwrap_or(("0", rest));
    let is_ours = digits.len() == DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    is_ours.then_some((maker, digits))
}

/// The directory that an object without a sign of its own belongs to.
fn directory_of(path: &Path) -> Option<PathBuf> {
    let (maker, digits) = maker_of(path)?;
    let directory = path.with_file_name(format!("{}{digits}", maker.prefix()));
    (directory != path).then_some(directory)
}

/// What is known of a directory or an object, if it is this user's.
fn own_metadata(path: &Path) -> Option<fs::Metadata> {
    let metadata = fs::symlink_metadata(path).ok()?;
    ((metadata.is_dir() || metadata.is_file()) && metadata.uid() == own_uid()).then_some(metadata)
}

/// The lock of a sign that nobody holds, on what still has this name.
fn lock_if_free(path: &Path) -> Result<Option<Lock<OwnedFd>>, Failure> {
    let place = object::Directory::by_path(path.parent().unwrap_or(path));
    let name = path.file_name().unwrap_or_default().as_bytes();
    let file = match place.open(name, Access::ReadOnly) {
        Ok(file) => file,
        Err(refusal) if refusal.kind() == ErrorKind::NotFound => return Ok(None),
        Err(refusal) => return Err(refusal.into()),
    };
    let lock = match Lock::whole(file, Sharing::Exclusive, Deadline::Now) {
        Ok(lock) => lock,
        Err(LockError::System { source, .. }) => return Err(source.into()),
        Err(_) => return Ok(None),
    };
    let held = object::facts(lock.file(), path.display())?.identity;
    let still = place.look(name).is_ok_and(|now| now.identity == held);
    Ok(still.then_some(lock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_keep_what_they_made_and_the_dead_leave_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(Maker::Tour.unique_name().unwrap());
        let sign = make_directory(&path).unwrap();
        fs::write(path.join("file"), "").unwrap();
        for other in ["cabotage-tour-1", "cabotage-x-0123456789abcdef", "cabotage-bench-x-0123456789abcdef"] {
            fs::write(place.path().join(other), "").unwrap();
        }
        assert!(leavings(place.path()).is_empty());
        drop(sign); // as the kernel does for a killed one
        let found = leavings(place.path());
        assert_eq!(found.iter().map(|left| &left.path).collect::<Vec<_>>(), [&path]);
        assert!(remove(&found[0]).unwrap());
        assert!(!remove(&found[0]).unwrap());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3);
    }

    #[test]
    fn an_object_goes_when_the_directory_it_belongs_to_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::make_in(place.path(), Maker::Bench).unwrap();
        let beside = place.path().join(scratch.object_beside());
        fs::write(&beside, "").unwrap();
        drop(scratch);
        let found = leavings(place.path());
        assert_eq!(found.iter().map(|left| &left.path).collect::<Vec<_>>(), [&beside]);
        assert!(remove(&found[0]).unwrap());
        let living = Scratch::make_in(place.path(), Maker::Bench).unwrap();
        fs::write(place.path().join(living.object_beside()), "").unwrap();
        assert!(leavings(place.path()).is_empty());
    }
}
