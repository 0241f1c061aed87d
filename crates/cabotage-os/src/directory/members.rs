// SPDX-License-Identifier: MIT OR Apache-2.0
//! What lies in a directory of names: directories below it, files of ours, and what the kernel knows of each.
//!
//! Everything is reached through the open directory and no link at a name is followed, so a directory that was
//! looked at once stays the one that is used.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};

use super::{Directory, DirectoryError, Name, Rules};
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::object::{self, Facts};
use crate::seam::Errno;

/// A file that is opened for nothing but its owner to use.
const PRIVATE: u32 = 0o600;

impl Directory {
    /// Opens the directory `name` in this one, which must be there.
    ///
    /// # Errors
    /// As [`Directory::open`].
    pub fn subdirectory(&self, name: &Name, rules: Rules) -> Result<Self, DirectoryError> {
        Self::look(self.as_fd(), name.as_path(), self.path().join(name.as_path()), rules)
    }

    /// Opens the directory `name` in this one, and makes it first where it is missing.
    ///
    /// # Errors
    /// As [`Directory::open_or_create`].
    pub fn subdirectory_or_create(&self, name: &Name, rules: Rules) -> Result<Self, DirectoryError> {
        Self::make_and_look(self.as_fd(), name.as_path(), self.path().join(name.as_path()), rules)
    }

    /// What the kernel knows about what has the name now (of a link, about the link); `None` when nothing has it.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// fstatat(2), `AT_SYMLINK_NOFOLLOW`.
    pub fn facts(&self, name: &Name) -> Result<Option<Facts>, SystemError> {
        let path = self.path().join(name.as_path());
        match attempt("newfstatat", path.display(), || {
            statat(self.as_fd(), name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
        }) {
            Ok(stat) => Ok(Some(stat.into())),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Opens what has the name, to read and write it; `None` when nothing has. What it opened may be of any type
    /// and of any owner: look before use.
    ///
    /// # Errors
    /// The system's refusal: `ELOOP` for a link, `ENXIO` for a socket, `EACCES` for what is not ours to write.
    ///
    /// # Source
    /// openat(2).
    pub fn open_to_write(&self, name: &Name) -> Result<Option<OwnedFd>, SystemError> {
        self.open_if_there(name, OFlags::RDWR)
    }

    /// As [`Directory::open_to_write`], to read it alone.
    ///
    /// # Errors
    /// As [`Directory::open_to_write`].
    pub fn open_to_read(&self, name: &Name) -> Result<Option<OwnedFd>, SystemError> {
        self.open_if_there(name, OFlags::RDONLY)
    }

    fn open_if_there(&self, name: &Name, access: OFlags) -> Result<Option<OwnedFd>, SystemError> {
        match self.open_file(name, access, 0) {
            Ok(fd) => Ok(Some(fd)),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Makes an empty file for this user alone (mode 0600, whatever the umask) and opens it to read and write;
    /// `None` when something has the name already.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// openat(2), `O_EXCL`.
    pub fn create_private(&self, name: &Name) -> Result<Option<OwnedFd>, SystemError> {
        let fd = match self.open_file(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, PRIVATE) {
            Ok(fd) => fd,
            Err(refusal) if refusal.errno() == Errno::EXIST => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        // Should this fail, the empty file stays: whoever wants it next opens it.
        object::set_mode(&fd, PRIVATE, name)?;
        Ok(Some(fd))
    }

    /// Makes an empty file as [`Directory::create_private`] does, but without a name: nobody sees it before
    /// [`Directory::give_name`]. `None` where there is no such thing.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// open(2), `O_TMPFILE`.
    pub fn create_private_unnamed(&self) -> Result<Option<OwnedFd>, SystemError> {
        if !object::has_unnamed_files() {
            return Ok(None);
        }
        let shown = self.path().display();
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(PRIVATE);
        match attempt_until_done("openat", &shown, || openat(self.as_fd(), c".", flags, mode)) {
            Ok(fd) => {
                object::set_mode(&fd, PRIVATE, &shown)?;
                Ok(Some(fd))
            }
            Err(refusal) if matches!(refusal.errno(), Errno::OPNOTSUPP | Errno::ISDIR) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Gives a file without a name its name, in one step; `false` when something has the name already.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// linkat(2).
    pub fn give_name(&self, fd: impl AsFd, name: &Name) -> Result<bool, SystemError> {
        let path = self.path().join(name.as_path());
        match object::give_name(fd.as_fd(), self.as_fd(), name.as_c_str().to_bytes(), &path.display()) {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.errno() == Errno::EXIST => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}
