// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's FIFOs: making one, holding its inode, opening its ends, removing it.
//!
//! A [`Place`] is a directory that was opened once and a name in it; every call is relative to that directory and
//! follows no link at the name. A [`Pin`] holds the inode without opening the FIFO, so that a later look can tell
//! whether the name still means the same one.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};

use crate::directory::{Name, NameError};
use crate::error::{SystemError, attempt, attempt_until_done};
use crate::procfs;
use crate::seam::Errno;

/// A name in a directory.
#[derive(Debug)]
pub struct Place {
    directory: OwnedFd,
    name: Name,
    path: PathBuf,
}

/// Why a path leads to no [`Place`].
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The last component is no name. The caller's mistake.
    #[error("{} cannot name a FIFO: {source}", path.display())]
    Name {
        /// The path.
        path: PathBuf,
        /// What is wrong with its last component.
        source: NameError,
    },
    /// The directory cannot be opened.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub kind: Kind,
    /// The user id of its owner.
    pub owner: u32,
    /// Its mode: the permission bits, and the sticky bit.
    pub mode: u32,
    device: u64,
    inode: u64,
}

impl Status {
    /// Whether both are one and the same object.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// What kind of object a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A FIFO.
    Fifo,
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket.
    Socket,
    /// A device, or something else.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fifo => "a FIFO",
            Self::File => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Socket => "a socket",
            Self::Other => "a device",
        })
    }
}

/// Which end of a FIFO to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The one that reads.
    Read,
    /// The one that writes.
    Write,
    /// Both in one description, which never waits for a peer: an extension of Linux.
    Both,
}

/// Whether opening waits for the other end, and so the description blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opening {
    /// It waits for as long as it takes.
    Waits,
    /// It does not; a writer without a reader is refused with `ENXIO`. The description is non-blocking.
    IsNonblocking,
}

/// A FIFO (or whatever the name meant) held by its inode, with what it was then.
#[derive(Debug)]
pub struct Pin {
    fd: OwnedFd,
    /// What it was when it was pinned.
    pub status: Status,
}

impl Place {
    /// Opens the directory of `path`. Links on the way to it are followed, as the caller wrote them.
    ///
    /// # Errors
    /// [`PlaceError`].
    ///
    /// # Source
    /// open(2), `O_PATH`.
    pub fn of(path: &Path) -> Result<Self, PlaceError> {
        let name = last_component(path).map_err(|source| PlaceError::Name { path: path.into(), source })?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = attempt_until_done("openat", parent.display(), || {
            rustix::fs::openat(CWD, parent, flags, Mode::empty())
        })?;
        Ok(Self { directory, name, path: path.into() })
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory itself: its owner and mode decide whom a name in it can be trusted to.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn directory(&self) -> Result<Status, SystemError> {
        status_of(self.directory.as_fd(), self.path.display())
    }

    /// Makes a FIFO with `mode` less the bits of the process's umask.
    ///
    /// # Errors
    /// The system's refusal: `EEXIST` when the name means something, `EACCES`, `ENOSPC`.
    ///
    /// # Source
    /// mkfifoat(3).
    pub fn make(&self, mode: u32) -> Result<(), SystemError> {
        attempt_until_done("mknodat", self.path.display(), || {
            rustix::fs::mknodat(
                &self.directory,
                self.name.as_c_str(),
                FileType::Fifo,
                Mode::from_raw_mode(mode),
                0,
            )
        })
    }

    /// Holds what the name means, whatever it is, without opening it.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT` when it means nothing.
    ///
    /// # Source
    /// open(2), `O_PATH` with `O_NOFOLLOW`.
    pub fn pin(&self) -> Result<Pin, SystemError> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = attempt_until_done("openat", self.path.display(), || {
            rustix::fs::openat(&self.directory, self.name.as_c_str(), flags, Mode::empty())
        })?;
        let status = status_of(fd.as_fd(), self.path.display())?;
        Ok(Pin { fd, status })
    }

    /// What the name means now.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT` when it means nothing.
    ///
    /// # Source
    /// fstatat(2), `AT_SYMLINK_NOFOLLOW`.
    pub fn status(&self) -> Result<Status, SystemError> {
        let stat = attempt("newfstatat", self.path.display(), || {
            rustix::fs::statat(&self.directory, self.name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)
        })?;
        Ok(Status::from(&stat))
    }

    /// Opens an end of whatever the name means now, with what it is.
    ///
    /// # Errors
    /// The system's refusal: `ENXIO` for a non-blocking writer without a reader, `ELOOP` for a link.
    ///
    /// # Source
    /// fifo(7).
    pub fn open(&self, end: End, opening: Opening) -> Result<(OwnedFd, Status), SystemError> {
        let access = match end {
            End::Read => OFlags::RDONLY,
            End::Write => OFlags::WRONLY,
            End::Both => OFlags::RDWR,
        };
        let wait = match opening {
            Opening::Waits => OFlags::empty(),
            Opening::IsNonblocking => OFlags::NONBLOCK,
        };
        let flags = access | wait | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = attempt_until_done("openat", self.path.display(), || {
            rustix::fs::openat(&self.directory, self.name.as_c_str(), flags, Mode::empty())
        })?;
        let status = status_of(fd.as_fd(), self.path.display())?;
        Ok((fd, status))
    }

    /// Sets the mode of the pinned object, whatever the umask.
    ///
    /// # Errors
    /// The system's refusal: `EPERM` when it belongs to somebody else.
    ///
    /// # Source
    /// fchmodat(2), by way of /proc since the inode is not opened; by name where /proc is missing.
    pub fn set_mode(&self, pin: &Pin, mode: u32) -> Result<(), SystemError> {
        let mode = Mode::from_raw_mode(mode);
        let link = procfs::own_link(pin.fd.as_fd());
        let answer = attempt("fchmodat", self.path.display(), || {
            rustix::fs::chmodat(CWD, link.as_str(), mode, AtFlags::empty())
        });
        match answer {
            Err(error) if error.errno() == Errno::NOENT => attempt("fchmodat", self.path.display(), || {
                rustix::fs::chmodat(&self.directory, self.name.as_c_str(), mode, AtFlags::empty())
            }),
            answer => answer,
        }
    }

    /// Removes the name, whatever it means now, unless that is a directory.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT`, `EACCES`, `EPERM` in a sticky directory, `EISDIR`.
    ///
    /// # Source
    /// unlinkat(2).
    pub fn unlink(&self) -> Result<(), SystemError> {
        attempt("unlinkat", self.path.display(), || {
            rustix::fs::unlinkat(&self.directory, self.name.as_c_str(), AtFlags::empty())
        })
    }
}

impl AsFd for Pin {
    /// A descriptor opened with `O_PATH`: it names the inode, and neither reads nor writes.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Makes a private description blocking: one that nobody else has seen yet.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fcntl(2), `F_SETFL`.
pub fn make_blocking(private: &OwnedFd) -> Result<(), SystemError> {
    attempt("fcntl(F_SETFL)", "a FIFO's end", || rustix::fs::fcntl_setfl(private, OFlags::empty()))
}

/// The user id that decides what this process may do with files.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn last_component(path: &Path) -> Result<Name, NameError> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_os_str().as_bytes();
    match path.file_name() {
        // `x/` and `x/.` mean the directory x; `Path` would drop what they end with.
        Some(_) if bytes.ends_with(b"/") => Err(NameError::ForbiddenByte),
        Some(_) if bytes.ends_with(b"/.") => Err(NameError::Dots),
        Some(name) => Name::parse(name),
        None if bytes.is_empty() => Err(NameError::Empty),
        None => Err(NameError::Dots),
    }
}

fn status_of(fd: BorrowedFd<'_>, called: impl fmt::Display) -> Result<Status, SystemError> {
    Ok(Status::from(&attempt("fstat", called, || rustix::fs::fstat(fd))?))
}

impl From<&Stat> for Status {
    fn from(stat: &Stat) -> Self {
        Self {
            kind: match FileType::from_raw_mode(stat.st_mode) {
                FileType::Fifo => Kind::Fifo,
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Symlink,
                FileType::Socket => Kind::Socket,
                _ => Kind::Other,
            },
            owner: stat.st_uid,
            mode: stat.st_mode & 0o7777,
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }
}
