// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regular files that are mapped: the same maps as those of shared memory, over bytes that survive the machine.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use cabotage_os::map::{Map, MapError, MapMut, MapOptions};
use cabotage_os::object::{self, Access, Kind};
use cabotage_os::{Errno, SystemError};

use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::{Name, NameError};
use crate::options::Options;

/// A regular file that can be mapped. Dropping it closes it and removes nothing.
///
/// **Who can hurt its maps:** whoever may write to the file can cut it, and the next touch of a lost page is SIGBUS;
/// so is the touch of a hole that its full disk has no room for, or of a page that its broken disk cannot read. A
/// [guarded](MapOptions::guarded) map answers with an error instead.
///
/// ```
/// use cabotage_shm::MappedFile;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("counters");
/// let counters = MappedFile::create(&path, 4096)?;
/// let map = counters.map()?;
/// map.store_u64(0, 7)?;
/// map.sync()?; // on the disk now
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MappedFile {
    fd: OwnedFd,
    path: PathBuf,
}

/// Why something could not be done with a file that was to be mapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Something else than a regular file stands there.
    #[error("{} is {kind}; only regular files can be mapped", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What stands there.
        kind: Kind,
    },
    /// The file has no bytes.
    #[error("{} is empty, and nothing cannot be mapped; write something to it first", path.display())]
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// The path does not end with the name of a file.
    #[error("{} cannot be created: {source}", path.display())]
    Name {
        /// The path.
        path: PathBuf,
        /// What is wrong with its last part.
        source: NameError,
    },
    /// It could not be created.
    #[error("{} cannot be created: {source}", path.display())]
    Create {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: ObjectError,
    },
    /// It could not be mapped.
    #[error("{} cannot be mapped: {source}", path.display())]
    Map {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: MapError,
    },
    /// The kernel refused for another reason.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl MappedFile {
    /// Creates the file `path` with `bytes` zero bytes, all of them with room on the disk, for reading and writing by
    /// its owner (mode 0600). It appears when it is complete, like a shared memory object ([`Options::create`]).
    ///
    /// # Errors
    /// [`FileError::Create`] around [`ObjectError::Exists`], [`ObjectError::NoSpace`] or what else the creation of an
    /// object answers; [`FileError::Name`]; the system's refusal of the directory.
    pub fn create(path: impl AsRef<Path>, bytes: usize) -> Result<Self, FileError> {
        let path = path.as_ref();
        let file_name = path.file_name().map_or(&b""[..], |name| name.as_encoded_bytes());
        let name = Name::parse(file_name).map_err(|source| FileError::Name { path: path.into(), source })?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let created = Options::new().directory(&Directory::open(parent)?).create(&name, bytes);
        match created {
            Ok(object) => Ok(Self { fd: object.into(), path: path.into() }),
            Err(source) => Err(FileError::Create { path: path.into(), source }),
        }
    }

    /// Opens the file `path` for reading and writing.
    ///
    /// # Errors
    /// [`FileError::NotAFile`], or the system's refusal.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::open_for(path.as_ref(), Access::ReadWrite)
    }

    /// Opens the file `path` for reading; it can be mapped for reading, and privately.
    ///
    /// # Errors
    /// [`FileError::NotAFile`], or the system's refusal.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::open_for(path.as_ref(), Access::ReadOnly)
    }

    fn open_for(path: &Path, access: Access) -> Result<Self, FileError> {
        let not_a_file = |kind| FileError::NotAFile { path: path.into(), kind };
        let fd = match object::open_path(path, access) {
            Ok(fd) => fd,
            Err(refusal) if refusal.errno() == Errno::ISDIR => return Err(not_a_file(Kind::Directory)),
            Err(refusal) if refusal.errno() == Errno::NXIO => return Err(not_a_file(Kind::Socket)),
            Err(refusal) => return Err(refusal.into()),
        };
        match object::facts(&fd, path.display())?.kind {
            Kind::Regular => Ok(Self { fd, path: path.into() }),
            kind => Err(not_a_file(kind)),
        }
    }

    /// The path by which it was created or opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size in bytes, now.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn bytes(&self) -> Result<usize, FileError> {
        Ok(object::facts(&self.fd, self.path.display())?.bytes)
    }

    /// Maps all of it for reading and writing; what is written reaches the file.
    ///
    /// # Errors
    /// [`FileError::Empty`], [`FileError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_SHARED`.
    pub fn map(&self) -> Result<MapMut, FileError> {
        self.mapped(|bytes| MapOptions::new().read_write(self, bytes))
    }

    /// Maps all of it for reading.
    ///
    /// # Errors
    /// [`FileError::Empty`], [`FileError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_SHARED`.
    pub fn map_read_only(&self) -> Result<Map, FileError> {
        self.mapped(|bytes| MapOptions::new().read_only(self, bytes))
    }

    /// Maps all of it as a private copy, made page by page at the first write; the file is never changed.
    ///
    /// # Errors
    /// [`FileError::Empty`], [`FileError::Map`].
    ///
    /// # Source
    /// mmap(2), `MAP_PRIVATE`.
    pub fn map_private(&self) -> Result<MapMut, FileError> {
        self.mapped(|bytes| MapOptions::new().private(self, bytes))
    }

    /// Waits until what was written to the file, by system calls or through maps, is on its disk.
    ///
    /// # Errors
    /// The system's refusal, `EIO` among them: what was written may be lost then.
    ///
    /// # Source
    /// fdatasync(2).
    pub fn sync(&self) -> Result<(), FileError> {
        Ok(object::sync(&self.fd, self.path.display())?)
    }

    fn mapped<M>(&self, map: impl FnOnce(usize) -> Result<M, MapError>) -> Result<M, FileError> {
        match self.bytes()? {
            0 => Err(FileError::Empty { path: self.path.clone() }),
            bytes => map(bytes).map_err(|source| FileError::Map { path: self.path.clone(), source }),
        }
    }
}

impl AsFd for MappedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<MappedFile> for OwnedFd {
    fn from(file: MappedFile) -> Self {
        file.fd
    }
}
