// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls on the names of one directory: create, publish, open, look, remove, list.
//!
//! A directory is either held open, or named by its path alone. The latter costs no descriptor, so it survives a
//! program that closes all of its descriptors to become a daemon, and it follows the process into another root
//! or mount namespace.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags};

use super::facts::Facts;
use super::unnamed::give_name;
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::listing;
use crate::seam::Errno;

/// A directory whose names this module's calls are about.
#[derive(Debug)]
pub struct Directory {
    held: Option<OwnedFd>,
    path: PathBuf,
}

/// What a descriptor may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reading alone.
    ReadOnly,
    /// Reading and writing.
    ReadWrite,
}

/// Opens the file at `path`, through symbolic links; never creates one, never waits for the other end of a FIFO.
///
/// # Errors
/// `ENOENT` if there is none; `EISDIR` for a directory to be written, `ENXIO` for a socket.
///
/// # Source
/// open(2).
pub fn open_path(path: &Path, access: Access) -> Result<OwnedFd, SystemError> {
    let careful = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    attempt_until_done("openat", path.display(), || {
        rustix::fs::openat(CWD, path, access.flags() | careful, Mode::empty())
    })
}

impl Directory {
    /// The directory at `path`, looked up anew by each call.
    pub fn by_path(path: impl Into<PathBuf>) -> Self {
        Self { held: None, path: path.into() }
    }

    /// The directory that is at `path` now, whatever becomes of the path.
    ///
    /// # Errors
    /// The system's refusal, `ENOTDIR` among them.
    pub fn hold(path: impl Into<PathBuf>) -> Result<Self, SystemError> {
        let path = path.into();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let held = attempt_until_done("openat", path.display(), || {
            rustix::fs::openat(CWD, &path, flags, Mode::empty())
        })?;
        Ok(Self { held: Some(held), path })
    }

    /// The path by which it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file called `name`; never creates one, never follows a link, never waits for the other end of a
    /// FIFO.
    ///
    /// # Errors
    /// `ENOENT` if there is none; `ELOOP` for a symbolic link, `EISDIR` for a directory, `ENXIO` for a socket.
    ///
    /// # Source
    /// open(2).
    pub fn open(&self, name: &[u8], access: Access) -> Result<OwnedFd, SystemError> {
        let careful = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        self.openat(name, access.flags() | careful, 0)
    }

    /// Opens the file called `name` as C's open(2) would, with its `flags` and the bits of `mode` as they are; the
    /// descriptor is close-on-exec, and a symbolic link is not followed.
    ///
    /// # Errors
    /// Those of open(2).
    ///
    /// # Source
    /// open(2), shm_open(3).
    pub fn open_as_asked(&self, name: &[u8], flags: i32, mode: u32) -> Result<OwnedFd, SystemError> {
        let careful = OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let flags = OFlags::from_bits_retain(flags.cast_unsigned()) | careful;
        let path = self.path_of(name);
        attempt("openat", self.show(name), || {
            rustix::fs::openat(self.base(), &*path, flags, Mode::from_raw_mode(mode))
        })
    }

    /// Creates a file without a name, for reading and writing; [`Self::publish`] gives it one.
    ///
    /// # Errors
    /// `EOPNOTSUPP` if this file system has no unnamed files.
    ///
    /// # Source
    /// open(2), `O_TMPFILE`.
    pub fn create_unnamed(&self, mode: u32) -> Result<OwnedFd, SystemError> {
        self.openat(b"", OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode)
    }

    /// Creates the file `name`, for reading and writing.
    ///
    /// # Errors
    /// `EEXIST` if the name is taken, whatever stands behind it.
    ///
    /// # Source
    /// open(2), `O_CREAT | O_EXCL`.
    pub fn create_new(&self, name: &[u8], mode: u32) -> Result<OwnedFd, SystemError> {
        self.openat(name, OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC, mode)
    }

    /// Makes the FIFO `name`; [`Self::open`] opens it: for reading it never waits, and for reading and writing it always
    /// succeeds.
    ///
    /// # Errors
    /// `EEXIST` if the name is taken, whatever stands behind it; `ENOSPC`.
    ///
    /// # Source
    /// mkfifoat(3), fifo(7).
    pub fn make_fifo(&self, name: &[u8], mode: u32) -> Result<(), SystemError> {
        let (path, mode) = (self.path_of(name), Mode::from_raw_mode(mode & 0o777));
        attempt_until_done("mknodat", self.show(name), || {
            rustix::fs::mknodat(self.base(), &*path, FileType::Fifo, mode, 0)
        })
    }

    /// Whether some process has the FIFO `name` open for reading. The answer costs an opening for writing that is over
    /// at once: whoever reads there may see it come and go.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// fifo(7): `ENXIO`.
    pub fn has_fifo_reader(&self, name: &[u8]) -> Result<bool, SystemError> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match self.openat(name, flags, 0) {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.errno() == Errno::NXIO => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Gives a file of [`Self::create_unnamed`] its name: from one moment to the next it is there, complete.
    ///
    /// # Errors
    /// `EEXIST` if the name is taken; `ENOENT` if the directory is gone, or if /proc is not mounted and the kernel
    /// does not link by descriptor (Linux 6.10, or with `CAP_DAC_READ_SEARCH`).
    ///
    /// # Source
    /// linkat(2), `AT_EMPTY_PATH`; open(2), `O_TMPFILE`.
    pub fn publish(&self, fd: BorrowedFd<'_>, name: &[u8]) -> Result<(), SystemError> {
        give_name(fd, self.base(), &self.path_of(name), &self.show(name))
    }

    /// Moves `from` to `to` unless that name is taken, in one step.
    ///
    /// # Errors
    /// `EEXIST` if the name is taken; `EINVAL` or `ENOSYS` where this cannot be done in one step.
    ///
    /// # Source
    /// renameat2(2), `RENAME_NOREPLACE`.
    pub fn rename_to_free(&self, from: &[u8], to: &[u8]) -> Result<(), SystemError> {
        let (source, target) = (self.path_of(from), self.path_of(to));
        attempt("renameat2", self.show(to), || {
            rustix::fs::renameat_with(self.base(), &*source, self.base(), &*target, RenameFlags::NOREPLACE)
        })
    }

    /// Moves `from` to `to`, in place of what has that name, in one step: at no time does it name nothing.
    ///
    /// # Errors
    /// `EISDIR` if that is a directory; `EACCES` or `EPERM` if it is not ours to remove.
    ///
    /// # Source
    /// rename(2).
    pub fn rename_over(&self, from: &[u8], to: &[u8]) -> Result<(), SystemError> {
        let (source, target) = (self.path_of(from), self.path_of(to));
        attempt("renameat", self.show(to), || {
            rustix::fs::renameat(self.base(), &*source, self.base(), &*target)
        })
    }

    /// Gives the file `from` a second name.
    ///
    /// # Errors
    /// `EEXIST` if that name is taken.
    ///
    /// # Source
    /// linkat(2).
    pub fn link(&self, from: &[u8], to: &[u8]) -> Result<(), SystemError> {
        let (source, target) = (self.path_of(from), self.path_of(to));
        attempt("linkat", self.show(to), || {
            rustix::fs::linkat(self.base(), &*source, self.base(), &*target, AtFlags::empty())
        })
    }

    /// Removes `name`; the file lives on for those who have it open or mapped.
    ///
    /// # Errors
    /// `ENOENT` if there is none; `EISDIR` for a directory.
    ///
    /// # Source
    /// unlink(2).
    pub fn unlink(&self, name: &[u8]) -> Result<(), SystemError> {
        let path = self.path_of(name);
        attempt("unlinkat", self.show(name), || rustix::fs::unlinkat(self.base(), &*path, AtFlags::empty()))
    }

    /// What stands behind `name`, a symbolic link itself and not its target.
    ///
    /// # Errors
    /// `ENOENT` if there is nothing.
    ///
    /// # Source
    /// fstatat(2), `AT_SYMLINK_NOFOLLOW`.
    pub fn look(&self, name: &[u8]) -> Result<Facts, SystemError> {
        let path = self.path_of(name);
        let stat = || rustix::fs::statat(self.base(), &*path, AtFlags::SYMLINK_NOFOLLOW);
        attempt("newfstatat", self.show(name), stat).map(Facts::from)
    }

    /// The names in it, in no order; those that come or go meanwhile may be among them or not.
    ///
    /// # Errors
    /// The system's refusal, `EACCES` for a directory that may be entered and not read.
    ///
    /// # Source
    /// getdents64(2).
    pub fn names(&self) -> Result<Vec<Vec<u8>>, SystemError> {
        // `.` reads a held directory through a descriptor with a position of its own.
        let fd = self.openat(b".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, 0)?;
        let mut names = Vec::new();
        listing::for_each(fd.as_fd(), |name, _| names.push(name.to_bytes().to_vec()))
            .map_err(|errno| SystemError::new("getdents64", self.path.display(), errno))?;
        Ok(names)
    }

    fn openat(&self, name: &[u8], flags: OFlags, mode: u32) -> Result<OwnedFd, SystemError> {
        let path = self.path_of(name);
        attempt_until_done("openat", self.show(name), || {
            rustix::fs::openat(self.base(), &*path, flags, Mode::from_raw_mode(mode & 0o777))
        })
    }

    fn base(&self) -> BorrowedFd<'_> {
        self.held.as_ref().map_or(CWD, AsFd::as_fd)
    }

    /// The path of `name` seen from [`Self::base`]; an empty name is the directory itself.
    fn path_of<'a>(&'a self, name: &'a [u8]) -> Cow<'a, [u8]> {
        match (&self.held, name) {
            (Some(_), b"") => Cow::Borrowed(b"."),
            (Some(_), name) => Cow::Borrowed(name),
            (None, b"") => Cow::Borrowed(self.path.as_os_str().as_bytes()),
            (None, name) => Cow::Owned([self.path.as_os_str().as_bytes(), b"/", name].concat()),
        }
    }

    fn show<'a>(&'a self, name: &'a [u8]) -> Shown<'a> {
        Shown { directory: &self.path, name }
    }
}

impl Access {
    fn flags(self) -> OFlags {
        match self {
            Self::ReadOnly => OFlags::RDONLY,
            Self::ReadWrite => OFlags::RDWR,
        }
    }
}

struct Shown<'a> {
    directory: &'a Path,
    name: &'a [u8],
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.directory.join(OsStr::from_bytes(self.name)).display())
    }
}
