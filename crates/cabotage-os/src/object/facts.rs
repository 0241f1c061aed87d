// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel knows about one file: its kind, sizes, rights and identity.

use std::fmt;
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

use rustix::fs::{FileType, Stat, fstat};

use crate::error::{SystemError, attempt};

/// What stat(2) tells about a file, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Regular file or something else.
    pub kind: Kind,
    /// Which file it is, whatever its names.
    pub identity: Identity,
    /// The size in bytes: a promise, pages may be missing behind it.
    pub bytes: usize,
    /// The bytes of memory or disk really in use.
    pub real_bytes: usize,
    /// The permission bits (`0o7777`).
    pub mode: u32,
    /// The user who owns it.
    pub uid: u32,
    /// The group that owns it.
    pub gid: u32,
    /// How many names it has; 0 when it was unlinked or never linked.
    pub links: u64,
    /// When its contents last changed.
    pub modified: SystemTime,
}

/// Which file it is: two descriptors with equal identities share their bytes. Valid for as long as one of them is
/// open; the numbers of a dead file may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The file system's device number.
    pub device: u64,
    /// The inode number in that file system.
    pub inode: u64,
}

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file: the only kind that can be shared memory.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// A FIFO.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character or block device.
    Device,
    /// Something this library has no name for.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::SymbolicLink => "a symbolic link",
            Self::Fifo => "a FIFO",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Other => "no file of a known kind",
        })
    }
}

/// What the kernel knows about the open file `fd`; `object` names it in the refusal.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fstat(2).
pub fn facts(fd: impl AsFd, object: impl fmt::Display) -> Result<Facts, SystemError> {
    attempt("fstat", object, || fstat(fd)).map(Facts::from)
}

impl From<Stat> for Facts {
    // The field types of `struct stat` differ between the two processors.
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
    fn from(stat: Stat) -> Self {
        Self {
            kind: Kind::from(FileType::from_raw_mode(stat.st_mode)),
            identity: Identity { device: stat.st_dev as u64, inode: stat.st_ino as u64 },
            bytes: usize::try_from(stat.st_size).unwrap_or(0),
            real_bytes: usize::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(BLOCK_BYTES),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: u64::from(stat.st_nlink),
            modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        }
    }
}

impl From<FileType> for Kind {
    fn from(file_type: FileType) -> Self {
        match file_type {
            FileType::RegularFile => Self::Regular,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::SymbolicLink,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => Self::Device,
            FileType::Unknown => Self::Other,
        }
    }
}

/// The unit of `st_blocks`, whatever the file system's own block size.
const BLOCK_BYTES: usize = 512;

fn time(seconds: i64, nanoseconds: u64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let midnight_1970 = SystemTime::UNIX_EPOCH;
    let second =
        if seconds < 0 { midnight_1970.checked_sub(whole) } else { midnight_1970.checked_add(whole) };
    second.and_then(|at| at.checked_add(Duration::from_nanos(nanoseconds))).unwrap_or(midnight_1970)
}
