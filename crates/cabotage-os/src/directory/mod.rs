// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory in which processes find each other by name, and which nobody else can tamper with.
//!
//! Whoever may write to a directory may put a link, a FIFO or a stranger's socket where a name should be. So one is
//! only used after it was looked at through its own descriptor: a real directory, of the expected owner, that no
//! one else may write to; and every name in it is one component, reached relative to that descriptor, without
//! following links. One that another user made beforehand is refused, and the refusal names that user.

mod changes;
mod members;
mod name;
mod rules;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat, fchmod, fstat, linkat, mkdirat, openat,
    renameat, renameat_with, statat, unlinkat,
};

use crate::error::{SystemError, attempt, attempt_until_done};
use crate::listing;
use crate::probe::{self, Feature};
use crate::seam::Errno;

pub use name::{Name, NameError, hidden_name};
pub use rules::{DirectoryError, Rules};

/// An open directory that was found to be as its [`Rules`] demand.
#[derive(Debug)]
pub struct Directory {
    fd: OwnedFd,
    path: PathBuf,
}

impl Directory {
    /// Opens the directory at `path`, and makes it first where it is missing (its parent must be there). Links in
    /// the way to it are followed, its own name must not be one.
    ///
    /// # Errors
    /// [`DirectoryError`] says what is wrong and whose it is.
    ///
    /// # Source
    /// mkdir(2), openat(2).
    pub fn open_or_create(path: &Path, rules: Rules) -> Result<Self, DirectoryError> {
        Self::make_and_look(CWD, path, path.into(), rules)
    }

    fn make_and_look(
        at: BorrowedFd<'_>,
        name: &Path,
        path: PathBuf,
        rules: Rules,
    ) -> Result<Self, DirectoryError> {
        // Closed to others at first: its exact mode follows when its owner is known to be ours.
        let narrow = Mode::from_raw_mode(rules.mode_bits() & 0o700);
        let made = match attempt("mkdirat", path.display(), || mkdirat(at, name, narrow)) {
            Ok(()) => true,
            Err(refusal) if refusal.errno() == Errno::EXIST => false,
            Err(refusal) => return Err(refusal.into()),
        };
        let directory = Self::look(at, name, path, rules)?;
        if made {
            let exact = Mode::from_raw_mode(rules.mode_bits());
            attempt("fchmod", directory.path.display(), || fchmod(&directory.fd, exact))?;
        }
        Ok(directory)
    }

    /// Opens the directory at `path`, which must be there.
    ///
    /// # Errors
    /// As [`Directory::open_or_create`].
    pub fn open(path: &Path, rules: Rules) -> Result<Self, DirectoryError> {
        Self::look(CWD, path, path.into(), rules)
    }

    fn look(at: BorrowedFd<'_>, name: &Path, path: PathBuf, rules: Rules) -> Result<Self, DirectoryError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match attempt_until_done("openat", path.display(), || openat(at, name, flags, Mode::empty()))
        {
            Ok(fd) => fd,
            Err(refusal) => {
                return Err(match refusal.errno() {
                    Errno::NOTDIR | Errno::LOOP => DirectoryError::NotADirectory { path },
                    Errno::NOENT => DirectoryError::Missing { path },
                    _ => refusal.into(),
                });
            }
        };
        let stat = attempt("fstat", path.display(), || fstat(&fd))?;
        rules.check(&path, &stat)?;
        Ok(Self { fd, path })
    }

    /// Where it was found; for messages only, since names may change their meaning.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes that it was moved to `path`; for messages only.
    pub fn note_move(&mut self, path: PathBuf) {
        self.path = path;
    }

    /// Every name in it, in no order. A directory that was removed has none.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn entries(&self) -> Result<Vec<Entry>, SystemError> {
        let mut entries = Vec::new();
        let listed = self.reopen().and_then(|fd| {
            listing::for_each(fd.as_fd(), |name, kind| {
                entries.push(Entry { name: Name::of_entry(name), kind });
            })
            .map_err(|errno| SystemError::new("getdents64", self.path.display(), errno))
        });
        match listed {
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(Vec::new()),
            answer => answer.map(|()| entries),
        }
    }

    /// The directory once more, with a position and a lock of its own.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn reopen(&self) -> Result<OwnedFd, SystemError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        attempt_until_done("openat", self.path.display(), || openat(&self.fd, c".", flags, Mode::empty()))
    }

    /// Opens or makes the file `name`, following no link and waiting for no FIFO's other end. What it opened may
    /// be of any type: look before use.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// openat(2).
    pub fn open_file(&self, name: &Name, access: OFlags, mode: u32) -> Result<OwnedFd, SystemError> {
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        attempt_until_done("openat", self.path.join(name.as_path()).display(), || {
            openat(&self.fd, name.as_c_str(), flags, mode)
        })
    }

    /// Which file has the name now; `None` when none has.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn inode(&self, name: &Name) -> Result<Option<Inode>, SystemError> {
        match Inode::of_name(self.as_fd(), name) {
            Ok(inode) => Ok(Some(inode)),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Removes `name` if it still names `held`; answers whether it did. Hold the file open meanwhile, or its
    /// number may have gone to another.
    ///
    /// The look and the removal are two steps, because the kernel offers no single one: whoever gives names in
    /// this directory takes its lock ([`crate::lock`] on [`Directory::reopen`]) around both.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unlink(2).
    pub fn remove_if_same(&self, name: &Name, held: Inode) -> Result<bool, SystemError> {
        if self.inode(name)? != Some(held) {
            return Ok(false);
        }
        match attempt("unlinkat", self.path.join(name.as_path()).display(), || {
            unlinkat(&self.fd, name.as_c_str(), AtFlags::empty())
        }) {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Name,
    /// What it names, as far as the file system tells without a closer look.
    pub kind: FileType,
}

/// Which file something is, whatever its names are. It stays true for as long as the file is held open or mapped;
/// afterwards a file system may give the number to another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inode {
    /// The device number of its file system.
    pub device: u64,
    /// Its number there.
    pub number: u64,
}

impl Inode {
    /// The file behind a descriptor.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn of(fd: impl AsFd) -> Result<Self, SystemError> {
        attempt("fstat", "an open file", || fstat(&fd)).map(|stat| Self::from_stat(&stat))
    }

    /// The file behind a name (a symbolic link itself, not its target).
    pub(crate) fn of_name(directory: BorrowedFd<'_>, name: &Name) -> Result<Self, SystemError> {
        attempt("fstatat", name, || statat(directory, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW))
            .map(|stat| Self::from_stat(&stat))
    }

    fn from_stat(stat: &Stat) -> Self {
        Self { device: stat.st_dev, number: stat.st_ino }
    }
}

/// Moves `from` to `to`, in place of whatever has that name.
pub(crate) fn move_over(directory: BorrowedFd<'_>, from: &Name, to: &Name) -> Result<(), SystemError> {
    attempt("renameat", to, || renameat(directory, from.as_c_str(), directory, to.as_c_str()))
}

/// Moves `from` to `to`, or fails with `EEXIST` if anything has that name.
pub(crate) fn move_without_replacing(
    directory: BorrowedFd<'_>,
    from: &Name,
    to: &Name,
) -> Result<(), SystemError> {
    let (from, name) = (from.as_c_str(), to.as_c_str());
    if probe::allows(Feature::RenameNoReplace) {
        match attempt("renameat2", to, || {
            renameat_with(directory, from, directory, name, RenameFlags::NOREPLACE)
        }) {
            // This file system or this sandbox does not know it; another may.
            Err(refusal) if matches!(refusal.errno(), Errno::INVAL | Errno::NOSYS | Errno::PERM) => {}
            answer => return answer,
        }
    }
    attempt("linkat", to, || linkat(directory, from, directory, name, AtFlags::empty()))?;
    attempt("unlinkat", to, || unlinkat(directory, from, AtFlags::empty()))
}
