// SPDX-License-Identifier: MIT OR Apache-2.0
//! Anonymous memory with seals: what two processes share when they do not trust each other.
//!
//! Making it: allocate every page, map it, seal it, restrict its mode, hand it out ([`Memfd::create`],
//! [`Memfd::seal`], [`Memfd::restrict_mode`]). Taking it: kind, seals, file system, size and blocks are checked
//! before a byte is mapped ([`Memfd::admit`]), since a peer may hand over anything that has a number.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

pub use rustix::fs::SealFlags as Seals;
use rustix::fs::{FallocateFlags, FileType, MemfdFlags, Mode};

use crate::error::{SystemError, attempt, attempt_until_done};
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};

/// The seals of one-way memory: fixed size, and after the owner's first map nobody gets another writable one.
pub const ONE_WAY: Seals = Seals::SHRINK.union(Seals::GROW).union(Seals::FUTURE_WRITE).union(Seals::SEAL);

/// The seals of immutable memory: nobody, the maker included, can change a byte any more.
pub const IMMUTABLE: Seals = Seals::SHRINK.union(Seals::GROW).union(Seals::WRITE).union(Seals::SEAL);

/// A memory object without a name; it lives as long as somebody holds or maps it.
#[derive(Debug)]
pub struct Memfd {
    fd: OwnedFd,
    bytes: u64,
}

/// Why a received descriptor was not taken as sealed memory. The peer's fault, but for [`AdmitError::System`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// It is no memory object at all.
    #[error("the peer handed over a descriptor that is no memory object")]
    NotMemory,
    /// Its file system is not the one of ordinary memory objects (huge pages may run out and kill the reader).
    #[error("the peer's memory lies on a file system of type {found:#x}, not on tmpfs")]
    FileSystem {
        /// The file system's magic number.
        found: u64,
    },
    /// Seals are missing.
    #[error("the peer's memory lacks seals: it has {found:?} and needs {needed:?}")]
    Seals {
        /// What it has.
        found: Seals,
        /// What it needs.
        needed: Seals,
    },
    /// It has another size than announced.
    #[error("the peer's memory has {found} bytes, not the {announced} that were announced")]
    Size {
        /// What it has.
        found: u64,
        /// What was announced.
        announced: u64,
    },
    /// It has holes, which would be filled at our cost.
    #[error("the peer's memory is sparse: {allocated} of {announced} bytes are allocated")]
    Sparse {
        /// Bytes that have memory behind them.
        allocated: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The kernel refused a question.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Memfd {
    /// A new object of `bytes` bytes, all allocated. `label` shows in /proc and nowhere else.
    ///
    /// # Errors
    /// The system's refusal: `ENOMEM`, `ENOSPC`, `EMFILE`, `EINVAL` (no bytes, or a label over 249 bytes).
    ///
    /// # Source
    /// memfd_create(2), fallocate(2).
    pub fn create(label: &str, bytes: u64) -> Result<Self, SystemError> {
        let fd = new_descriptor(label)?;
        attempt_until_done("fallocate", format_args!("{bytes} bytes of memory ({label})"), || {
            rustix::fs::fallocate(&fd, FallocateFlags::empty(), 0, bytes)
        })?;
        Ok(Self { fd, bytes })
    }

    /// A new object of `bytes` bytes without memory: each page comes with the first write to it, by
    /// [`Memfd::write_at`]. [`Memfd::fill_holes`] gives memory to the rest.
    ///
    /// # Errors
    /// The system's refusal: `ENOMEM`, `EMFILE`, `EINVAL` (a label over 249 bytes).
    ///
    /// # Source
    /// memfd_create(2), ftruncate(2).
    pub fn create_sparse(label: &str, bytes: u64) -> Result<Self, SystemError> {
        let fd = new_descriptor(label)?;
        attempt_until_done("ftruncate", format_args!("{bytes} bytes of memory ({label})"), || {
            rustix::fs::ftruncate(&fd, bytes)
        })?;
        Ok(Self { fd, bytes })
    }

    /// Writes all of `source` at `at`, without a map; the object grows where it ends before.
    ///
    /// # Errors
    /// The system's refusal: `EPERM` once a seal forbids it, `ENOSPC`.
    ///
    /// # Source
    /// pwrite(2).
    pub fn write_at(&self, at: u64, source: &[u8]) -> Result<(), SystemError> {
        let mut done = 0;
        while done < source.len() {
            let object = format_args!("{} bytes of memory", source.len());
            done += attempt_until_done("pwrite", object, || {
                rustix::io::pwrite(&self.fd, &source[done..], at + done as u64)
            })?;
        }
        Ok(())
    }

    /// Gives memory to every byte from `start` on that has none yet: a reader of a sparse object would be charged for
    /// its holes, and refuses it.
    ///
    /// # Errors
    /// The system's refusal: `ENOMEM`, `ENOSPC`.
    ///
    /// # Source
    /// fallocate(2).
    pub fn fill_holes(&self, start: u64) -> Result<(), SystemError> {
        let bytes = self.bytes.saturating_sub(start);
        if bytes == 0 {
            return Ok(());
        }
        attempt_until_done("fallocate", format_args!("{} bytes of memory", self.bytes), || {
            rustix::fs::fallocate(&self.fd, FallocateFlags::empty(), start, bytes)
        })
    }

    /// Takes a descriptor that a peer says is memory of `announced` bytes, sealed at least with `needed`.
    /// Looks in the order that leaves the peer no time to change anything: once the seals hold, size and blocks
    /// can't shrink.
    ///
    /// # Errors
    /// What is wrong with it; the descriptor is closed.
    pub fn admit(fd: OwnedFd, needed: Seals, announced: u64) -> Result<Self, AdmitError> {
        let found = match seam::call("fcntl", || rustix::fs::fcntl_get_seals(&fd)) {
            Ok(found) => found,
            Err(Errno::INVAL | Errno::BADF) => return Err(AdmitError::NotMemory),
            Err(errno) => return Err(SystemError::new("fcntl", "a received descriptor", errno).into()),
        };
        if !found.contains(needed) {
            return Err(AdmitError::Seals { found, needed });
        }
        let stat = attempt("fstat", "a received descriptor", || rustix::fs::fstat(&fd))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(AdmitError::NotMemory);
        }
        let system = attempt_until_done("fstatfs", "a received descriptor", || rustix::fs::fstatfs(&fd))?;
        let kind = u64::try_from(system.f_type).unwrap_or(0);
        if kind != TMPFS_MAGIC {
            return Err(AdmitError::FileSystem { found: kind });
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        if size != announced {
            return Err(AdmitError::Size { found: size, announced });
        }
        let allocated = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(BLOCK_BYTES);
        if allocated < announced {
            return Err(AdmitError::Sparse { allocated, announced });
        }
        Ok(Self { fd, bytes: size })
    }

    /// How many bytes the object has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The same object by another descriptor.
    ///
    /// # Errors
    /// The system's refusal: no descriptor is left.
    ///
    /// # Source
    /// fcntl(2), F_DUPFD_CLOEXEC.
    pub fn try_clone(&self) -> Result<Self, SystemError> {
        Ok(Self { fd: crate::descriptor::duplicate(&self.fd)?, bytes: self.bytes })
    }

    /// Adds seals, for good.
    ///
    /// # Errors
    /// `EBUSY` for [`Seals::WRITE`] while a writable map exists, `EPERM` after [`Seals::SEAL`].
    ///
    /// # Source
    /// fcntl(2), F_ADD_SEALS.
    pub fn seal(&self, seals: Seals) -> Result<(), SystemError> {
        attempt("fcntl", format_args!("seals {seals:?} on memory"), || {
            rustix::fs::fcntl_add_seals(&self.fd, seals)
        })
    }

    /// The seals it has.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn seals(&self) -> Result<Seals, SystemError> {
        attempt("fcntl", "the seals of memory", || rustix::fs::fcntl_get_seals(&self.fd))
    }

    /// Lets nobody but the owner open the object anew through /proc, and the owner only for reading: memory
    /// objects are born with mode 0777, which lets any user who gets a descriptor open it for writing.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn restrict_mode(&self) -> Result<(), SystemError> {
        attempt("fchmod", "memory", || rustix::fs::fchmod(&self.fd, Mode::RUSR))
    }
}

impl AsFd for Memfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<Memfd> for OwnedFd {
    fn from(memory: Memfd) -> Self {
        memory.fd
    }
}

const TMPFS_MAGIC: u64 = 0x0102_1994;
const BLOCK_BYTES: u64 = 512;

fn new_descriptor(label: &str) -> Result<OwnedFd, SystemError> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let object = format_args!("memory ({label})");
    if probe::allows(Feature::NoexecSeal) {
        match seam::call("memfd_create", || rustix::fs::memfd_create(label, flags | MemfdFlags::NOEXEC_SEAL))
        {
            // Kernels before 6.3 know no such flag; a bad label is refused below once more, with its name.
            Err(Errno::INVAL) => {}
            answer => return answer.map_err(|errno| SystemError::new("memfd_create", object, errno)),
        }
    }
    let fd = attempt("memfd_create", object, || rustix::fs::memfd_create(label, flags))?;
    if probe::allows(Feature::NoexecSeal) {
        probe::learn(Feature::NoexecSeal, false);
    }
    Ok(fd)
}
