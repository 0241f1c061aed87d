// SPDX-License-Identifier: MIT OR Apache-2.0
//! What changes in a directory of names: FIFOs made in it, rights given, directories moved, names removed.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, chmodat, chownat, mknodat, renameat, unlinkat};
use rustix::process::Gid;

use super::{Directory, Name};
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::seam::Errno;

/// What only its owner may open, until it is told otherwise.
const PRIVATE: u32 = 0o600;

impl Directory {
    /// Makes a FIFO for this user alone (mode 0600); `false` when something has the name already.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// mknodat(2), fifo(7).
    pub fn create_fifo(&self, name: &Name) -> Result<bool, SystemError> {
        let path = self.path().join(name.as_path());
        let mode = Mode::from_raw_mode(PRIVATE);
        match attempt_until_done("mknodat", path.display(), || {
            mknodat(self.as_fd(), name.as_c_str(), FileType::Fifo, mode, 0)
        }) {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.errno() == Errno::EXIST => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Opens the writing end of the FIFO `name`, if some process has it open for reading; `None` if none has, or if
    /// nothing has the name. For as long as the end is kept it polls as broken ([`Readiness::ERR`]) once the last
    /// reader is gone, however it went.
    ///
    /// # Errors
    /// The system's refusal: `EACCES` for one that is not ours to write. What it opened may be something else than a
    /// FIFO: look before use.
    ///
    /// # Source
    /// fifo(7): `ENXIO`; poll(2).
    ///
    /// [`Readiness::ERR`]: crate::poll::Readiness::ERR
    pub fn open_fifo_with_reader(&self, name: &Name) -> Result<Option<OwnedFd>, SystemError> {
        match self.open_file(name, OFlags::WRONLY, 0) {
            Ok(fd) => Ok(Some(fd)),
            Err(refusal) if matches!(refusal.errno(), Errno::NXIO | Errno::NOENT) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Gives what has the name a group, if one is given, and exactly these permission bits. For what is our own: a
    /// link is followed.
    ///
    /// # Errors
    /// The system's refusal: `EPERM` for a group that this process is not in.
    ///
    /// # Source
    /// fchmodat(2), fchownat(2).
    pub fn set_rights(&self, name: &Name, mode: u32, group: Option<u32>) -> Result<(), SystemError> {
        let path = self.path().join(name.as_path());
        if let Some(gid) = group {
            let what = format_args!("{} for group {gid}", path.display());
            attempt("fchownat", what, || {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                chownat(self.as_fd(), name.as_c_str(), None, Some(Gid::from_raw(gid)), flags)
            })?;
        }
        attempt("fchmodat", path.display(), || {
            chmodat(self.as_fd(), name.as_c_str(), Mode::from_raw_mode(mode & 0o7777), AtFlags::empty())
        })
    }

    /// Gives the directory `from` in this one the name `to`, in one step; `false` when that is the name of a
    /// directory that is not empty, which keeps it. An empty one of that name is replaced.
    ///
    /// # Errors
    /// The system's refusal: `ENOTDIR` when something else has the name, `ENOENT` when `from` is gone.
    ///
    /// # Source
    /// rename(2).
    pub fn move_subdirectory(&self, from: &Name, to: &Name) -> Result<bool, SystemError> {
        let path = self.path().join(to.as_path());
        match attempt("renameat", path.display(), || {
            renameat(self.as_fd(), from.as_c_str(), self.as_fd(), to.as_c_str())
        }) {
            Ok(()) => Ok(true),
            Err(refusal) if matches!(refusal.errno(), Errno::EXIST | Errno::NOTEMPTY) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Removes the empty directory `name`; `false` when nothing has the name.
    ///
    /// # Errors
    /// The system's refusal: `ENOTEMPTY`, or `EEXIST` on some file systems, when it is not empty.
    ///
    /// # Source
    /// unlinkat(2), `AT_REMOVEDIR`.
    pub fn remove_subdirectory(&self, name: &Name) -> Result<bool, SystemError> {
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    /// Removes the file `name`, whichever it is: for names that are never given twice. `false` when nothing has it.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// unlink(2).
    pub fn remove_file(&self, name: &Name) -> Result<bool, SystemError> {
        self.unlink(name, AtFlags::empty())
    }

    fn unlink(&self, name: &Name, flags: AtFlags) -> Result<bool, SystemError> {
        let path = self.path().join(name.as_path());
        match attempt("unlinkat", path.display(), || unlinkat(self.as_fd(), name.as_c_str(), flags)) {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.errno() == Errno::NOENT => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}
