// SPDX-License-Identifier: MIT OR Apache-2.0
//! When a directory is safe to put names in, and what to say when it is not.

use std::path::{Path, PathBuf};

use rustix::fs::Stat;

use crate::error::SystemError;

/// What a directory must be like to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    owner: u32,
    mode: u32,
    shared: bool,
}

impl Rules {
    /// Ours alone: owned by the effective user of this process, made with mode 0700, written to by nobody else.
    pub fn ours() -> Self {
        Self::owned_by(rustix::process::geteuid().as_raw())
    }

    /// Owned by the user with this number.
    pub fn owned_by(uid: u32) -> Self {
        Self { owner: uid, mode: 0o700, shared: false }
    }

    /// The permission bits with which a missing one is made, exactly, whatever the umask.
    pub fn mode(mut self, bits: u32) -> Self {
        self.mode = bits & 0o7777;
        self
    }

    /// Others may put names there too, if the sticky bit keeps them from touching names of ours. Each name found
    /// there needs a look at its owner.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    pub(super) fn mode_bits(self) -> u32 {
        self.mode
    }

    pub(super) fn check(self, path: &Path, stat: &Stat) -> Result<(), DirectoryError> {
        const OTHERS_WRITE: u32 = 0o022;
        const STICKY: u32 = 0o1000;
        if stat.st_uid != self.owner {
            return Err(DirectoryError::ForeignOwner {
                path: path.into(),
                owner: stat.st_uid,
                expected: self.owner,
            });
        }
        let open_to_others = stat.st_mode & OTHERS_WRITE != 0;
        let kept_apart = self.shared && stat.st_mode & STICKY != 0;
        if open_to_others && !kept_apart {
            return Err(DirectoryError::OthersMayWrite { path: path.into(), mode: stat.st_mode & 0o7777 });
        }
        Ok(())
    }
}

/// Why a directory is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Another user made it.
    #[error("{path:?} belongs to user {owner}, not to user {expected}: remove it or choose another place")]
    ForeignOwner {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        expected: u32,
    },
    /// Others could put names there or take ours away.
    #[error(
        "{path:?} has mode {mode:04o}, so others may write to it: chmod go-w it, or choose another place"
    )]
    OthersMayWrite {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a file, a symbolic link or something else.
    #[error(
        "{path:?} is not a directory (a symbolic link does not count): remove it or choose another place"
    )]
    NotADirectory {
        /// Where.
        path: PathBuf,
    },
    /// Nothing has that name.
    #[error("there is no directory {path:?}")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}
