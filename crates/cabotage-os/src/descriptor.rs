// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands behind a descriptor that somebody handed over, and what may be done with it: the kernel's word, asked
//! before the descriptor is used as what its sender says it is.
//!
//! Files are told by what fstat says. What the kernel makes without a file system is told by the name under which
//! /proc shows it; where /proc is missing that is [`Kind::Unknown`], which no receiver has to accept.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{FileType, MemfdFlags, OFlags, Stat, fcntl_getfl, fstat, memfd_create, readlink};
use rustix::io::fcntl_dupfd_cloexec;

use crate::error::{SystemError, attempt};
use crate::procfs;

/// What stands behind a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing that this list knows.
    Unknown = 0,
    /// A regular file of some file system.
    File = 1,
    /// A directory.
    Directory = 2,
    /// A pipe or FIFO.
    Pipe = 3,
    /// A socket, of whatever family.
    Socket = 4,
    /// Anonymous memory.
    Memory = 5,
    /// An event counter.
    Event = 6,
    /// A process.
    Process = 7,
    /// A timer.
    Timer = 8,
    /// A set of descriptors to wait on.
    Poller = 9,
    /// A character or block device, terminals among them.
    Device = 10,
}

/// What a descriptor lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// Read.
    pub read: bool,
    /// Write.
    pub write: bool,
}

/// What the kernel says about a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nature {
    /// What stands behind it.
    pub kind: Kind,
    /// What may be done with it.
    pub access: Access,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Unknown,
        Self::File,
        Self::Directory,
        Self::Pipe,
        Self::Socket,
        Self::Memory,
        Self::Event,
        Self::Process,
        Self::Timer,
        Self::Poller,
        Self::Device,
    ];
}

impl Nature {
    /// Asks the kernel.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// fstat(2), fcntl(2) `F_GETFL`, proc_pid_fd(5).
    pub fn of(fd: impl AsFd) -> Result<Self, SystemError> {
        let fd = fd.as_fd();
        let stat = attempt("fstat", OBJECT, || fstat(fd))?;
        let flags = attempt("fcntl(F_GETFL)", OBJECT, || fcntl_getfl(fd))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Kind::Directory,
            FileType::Fifo => Kind::Pipe,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
            FileType::RegularFile if is_memory(&stat)? => Kind::Memory,
            _ => match name_of(fd)?.as_str() {
                // Linux 6.9 shows processes as files of a file system of their own.
                "anon_inode:[pidfd]" => Kind::Process,
                name if name.starts_with("pidfd:") => Kind::Process,
                "anon_inode:[eventfd]" => Kind::Event,
                "anon_inode:[timerfd]" => Kind::Timer,
                "anon_inode:[eventpoll]" => Kind::Poller,
                name if is_path(name, &stat) => Kind::File,
                _ => Kind::Unknown,
            },
        };
        Ok(Self { kind, access: Access::of(flags) })
    }
}

/// Another descriptor of what this one stands for.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// fcntl(2) `F_DUPFD_CLOEXEC`.
pub fn duplicate(fd: impl AsFd) -> Result<OwnedFd, SystemError> {
    attempt("fcntl(F_DUPFD_CLOEXEC)", "a descriptor", || fcntl_dupfd_cloexec(fd.as_fd(), 0))
}

impl Access {
    fn of(flags: OFlags) -> Self {
        if flags.contains(OFlags::PATH) {
            return Self { read: false, write: false };
        }
        let mode = flags & OFlags::RWMODE;
        Self { read: mode != OFlags::WRONLY, write: mode != OFlags::RDONLY }
    }
}

const OBJECT: &str = "a received descriptor";

/// Memory objects lie on a file system that only the kernel can put files on: all have the device of ours.
fn is_memory(stat: &Stat) -> Result<bool, SystemError> {
    if stat.st_nlink != 0 {
        return Ok(false);
    }
    Ok(memory_device()? == stat.st_dev)
}

/// Asked once.
fn memory_device() -> Result<u64, SystemError> {
    use std::sync::OnceLock;
    static DEVICE: OnceLock<u64> = OnceLock::new();
    if let Some(device) = DEVICE.get() {
        return Ok(*device);
    }
    let sample =
        attempt("memfd_create", "a sample", || memfd_create(c"cabotage-sample", MemfdFlags::CLOEXEC))?;
    let stat = attempt("fstat", "a sample", || fstat(&sample))?;
    Ok(*DEVICE.get_or_init(|| stat.st_dev))
}

/// As what /proc shows it; empty where it does not.
fn name_of(fd: std::os::fd::BorrowedFd<'_>) -> Result<String, SystemError> {
    let link = procfs::own_link(fd);
    match attempt("readlinkat", OBJECT, || readlink(link.as_str(), Vec::new())) {
        Ok(name) => Ok(name.to_string_lossy().into_owned()),
        Err(refusal) if procfs::is_absence(refusal.errno()) => Ok(String::new()),
        Err(refusal) => Err(refusal),
    }
}

/// Whether it is a file with a place in some file system, though perhaps no longer a name. Where /proc shows nothing,
/// what fstat says holds.
fn is_path(name: &str, stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && (name.is_empty() || name.starts_with('/') || name.starts_with("(unreachable)"))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn kind(fd: impl AsFd) -> Kind {
        Nature::of(fd).unwrap().kind
    }

    #[test]
    fn each_kind_is_told() {
        let (reader, writer) = std::io::pipe().unwrap();
        assert_eq!([kind(&reader), kind(&writer)], [Kind::Pipe; 2]);
        assert_eq!(kind(UnixStream::pair().unwrap().0), Kind::Socket);
        assert_eq!(kind(tempfile::tempfile().unwrap()), Kind::File);
        assert_eq!(kind(File::open("/dev/shm").unwrap()), Kind::Directory);
        assert_eq!(kind(File::open("/dev/null").unwrap()), Kind::Device);
        let memory = crate::memfd::Memfd::create("a test", 4096).unwrap();
        assert_eq!(kind(&memory), Kind::Memory);
        let own = crate::process::Pidfd::open(rustix::process::getpid()).unwrap().unwrap();
        assert_eq!(kind(&own), Kind::Process);
        let event = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).unwrap();
        assert_eq!(kind(&event), Kind::Event);
        assert_eq!(kind(crate::epoll::Poller::new().unwrap()), Kind::Poller);
    }

    #[test]
    fn an_unlinked_file_in_shared_memory_is_a_file_and_no_memory_object() {
        assert_eq!(kind(tempfile::tempfile_in("/dev/shm").unwrap()), Kind::File);
    }

    #[test]
    fn what_may_be_done_with_it_is_told() {
        let access = |fd: &OwnedFd| Nature::of(fd).unwrap().access;
        let (reader, writer) = std::io::pipe().unwrap();
        assert_eq!(access(&reader.into()), Access { read: true, write: false });
        assert_eq!(access(&writer.into()), Access { read: false, write: true });
        let path = rustix::fs::open("/dev/null", OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
        assert_eq!(access(&path), Access { read: false, write: false });
        assert_eq!(access(&UnixStream::pair().unwrap().0.into()), Access { read: true, write: true });
    }
}
