// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where objects live: /dev/shm, or any other directory of files that can be mapped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use cabotage_os::object::{self, Identity, Kind};
use cabotage_os::{Errno, SystemError};

use crate::error::ObjectError;
use crate::name::Name;

/// A directory of shared memory objects. Clones are the same directory.
///
/// The default is /dev/shm, where `shm_open` of C looks. Another tmpfs keeps a program's objects apart, with a size
/// limit of their own; a directory on a disk gives objects that survive the machine.
#[derive(Debug, Clone)]
pub struct Directory(Arc<object::Directory>);

/// One object of a directory, as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// Which object it is, whatever its name.
    pub identity: Identity,
    /// Its size in bytes.
    pub bytes: usize,
    /// The memory it really uses, in bytes: less than `bytes` if its creator only promised the rest.
    pub real_bytes: usize,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// When its bytes or its size were last changed by a system call; stores through maps may not count.
    pub modified: SystemTime,
}

impl Default for Directory {
    /// /dev/shm. It is looked up by path each time and takes no descriptor.
    fn default() -> Self {
        static DEFAULT: OnceLock<Directory> = OnceLock::new();
        DEFAULT.get_or_init(|| Self(Arc::new(object::Directory::by_path("/dev/shm")))).clone()
    }
}

impl Directory {
    /// The directory at `path`, held open from now on.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SystemError> {
        Ok(Self(Arc::new(object::Directory::hold(path)?)))
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Removes the name, whatever object has it now; the object lives on for those who have it open or mapped.
    /// [`Object::unlink_if_mine`](crate::Object::unlink_if_mine) is more careful.
    ///
    /// # Errors
    /// [`ObjectError::Missing`], [`ObjectError::NotAnObject`] for a directory, [`ObjectError::Denied`] for the
    /// object of another user.
    ///
    /// # Source
    /// shm_unlink(3).
    pub fn unlink(&self, name: &Name) -> Result<(), ObjectError> {
        self.0.unlink(name.file_name()).map_err(|refusal| self.explain(refusal, name))
    }

    /// The objects in it, by name. Files that are not regular, unfinished objects and whatever vanishes meanwhile
    /// are left out. Who holds one tells `cabotage_os::holders`.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// getdents64(2), fstatat(2).
    pub fn list(&self) -> Result<Vec<Entry>, SystemError> {
        let mut entries = Vec::new();
        for file_name in self.0.names()? {
            let Ok(name) = Name::parse(&file_name) else { continue };
            match self.0.look(&file_name) {
                Ok(facts) if facts.kind == Kind::Regular => entries.push(Entry::new(name, &facts)),
                Ok(_) => {}
                Err(refusal) if refusal.errno() == Errno::NOENT => {}
                Err(refusal) => return Err(refusal),
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    pub(crate) fn calls(&self) -> &object::Directory {
        &self.0
    }

    /// Puts a refusal about `name` into the words of shared memory, asking the directory what stands there.
    pub(crate) fn explain(&self, refusal: SystemError, name: &Name) -> ObjectError {
        let name = name.clone();
        let there = || self.0.look(name.file_name()).ok();
        match refusal.errno() {
            Errno::NOENT => ObjectError::Missing { name },
            Errno::LOOP | Errno::ISDIR | Errno::NXIO | Errno::PERM | Errno::ACCESS => match there() {
                Some(facts) if facts.kind != Kind::Regular => {
                    ObjectError::NotAnObject { name, kind: facts.kind }
                }
                Some(facts) if matches!(refusal.errno(), Errno::PERM | Errno::ACCESS) => {
                    ObjectError::Denied { name, uid: facts.uid, mode: facts.mode, source: refusal }
                }
                _ => refusal.into(),
            },
            _ => refusal.into(),
        }
    }
}

impl Entry {
    fn new(name: Name, facts: &object::Facts) -> Self {
        let &object::Facts { identity, bytes, real_bytes, mode, uid, gid, modified, .. } = facts;
        Self { name, identity, bytes, real_bytes, mode, uid, gid, modified }
    }
}

/// The objects in /dev/shm: see [`Directory::list`].
///
/// # Errors
/// The system's refusal.
pub fn list() -> Result<Vec<Entry>, SystemError> {
    Directory::default().list()
}

/// Removes a name from /dev/shm: see [`Directory::unlink`].
///
/// # Errors
/// As [`Directory::unlink`].
///
/// # Source
/// shm_unlink(3).
pub fn unlink(name: &Name) -> Result<(), ObjectError> {
    Directory::default().unlink(name)
}
