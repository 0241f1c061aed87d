// SPDX-License-Identifier: MIT OR Apache-2.0
//! The yardstick of the benchmarks: what the kernel and the memory can do with nothing of ours in between.
//!
//! Every figure of `cabotage bench` is a ratio to one of these, measured in the same run. So this module breaks
//! two house rules on purpose: its calls skip the [seam](crate::seam), and its shared memory ([`Line`],
//! [`Slots`], [`Buffer`]) is written by both processes, which must trust each other. Nothing but benchmarks should use it.

mod buffer;
mod foreign;
mod line;
mod listening;
mod sealed;
mod slots;
mod words;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::ptr;

use rustix::event::{EventfdFlags, eventfd as new_eventfd};
use rustix::fs::{CWD, FallocateFlags, Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

pub use buffer::Buffer;
pub use foreign::read_process;
pub use line::Line;
pub use listening::{accept, connect, listen};
pub use sealed::{hand_over, sealed, spin_to_read, spin_to_take_over, take_over, with_sealed};
pub use slots::{Message, Slots};

use crate::seam::Errno;

/// A new pipe: the end to read from, the end to write to.
///
/// # Errors
/// What pipe2(2) answers.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    pipe_with(PipeFlags::CLOEXEC)
}

/// A new event counter at zero.
///
/// # Errors
/// What eventfd2(2) answers.
pub fn eventfd() -> Result<OwnedFd, Errno> {
    new_eventfd(0, EventfdFlags::CLOEXEC)
}

/// Two joined SEQPACKET sockets.
///
/// # Errors
/// What socketpair(2) answers.
pub fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// The same open file under another number.
///
/// # Errors
/// What fcntl(2) answers.
pub fn duplicate(fd: impl AsFd) -> Result<OwnedFd, Errno> {
    rustix::io::fcntl_dupfd_cloexec(fd, 0)
}

/// One read(2).
///
/// # Errors
/// What the kernel answers.
#[inline]
pub fn read(fd: impl AsFd, target: &mut [u8]) -> Result<usize, Errno> {
    rustix::io::read(fd, target)
}

/// One write(2).
///
/// # Errors
/// What the kernel answers.
#[inline]
pub fn write(fd: impl AsFd, source: &[u8]) -> Result<usize, Errno> {
    rustix::io::write(fd, source)
}

/// Makes a FIFO and opens both of its ends in this process: the end to read from, the end to write to. Its name
/// is gone again when this returns, whatever happens.
///
/// # Errors
/// What mknodat(2) and openat(2) answer.
pub fn fifo(path: &Path) -> Result<(OwnedFd, OwnedFd), Errno> {
    rustix::fs::mknodat(CWD, path, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    let ends = fifo_ends(path);
    rustix::fs::unlink(path)?;
    ends
}

/// A reader that does not wait opens first, so that the writer finds it; then the reader may block again.
fn fifo_ends(path: &Path) -> Result<(OwnedFd, OwnedFd), Errno> {
    let reader = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    let writer = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::fs::fcntl_setfl(&reader, OFlags::empty())?;
    Ok((reader, writer))
}

/// The life of a shared-memory object in bare calls: create, allocate, map, unmap, close, unlink.
///
/// # Errors
/// What the first refused call answers; the name is gone in any case, unless it was there before.
pub fn shm_life(path: &Path, bytes: usize) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let object = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
    let lived = allocate_and_map(object.as_fd(), bytes);
    drop(object);
    rustix::fs::unlink(path)?;
    lived
}

fn allocate_and_map(object: BorrowedFd<'_>, bytes: usize) -> Result<(), Errno> {
    rustix::fs::fallocate(object, FallocateFlags::empty(), 0, bytes as u64)?;
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a null hint lets the kernel choose free addresses, so no memory of ours is replaced.
    let base = unsafe { mmap(ptr::null_mut(), bytes, access, MapFlags::SHARED, object, 0) }?;
    // SAFETY: exactly the mapping made above; nothing refers to it.
    unsafe { munmap(base, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_fifo_are_open_and_its_name_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let (reader, writer) = fifo(&directory.path().join("f")).unwrap();
        assert_eq!(write(&writer, b"abc"), Ok(3));
        let mut got = [0; 8];
        assert_eq!(read(&reader, &mut got), Ok(3));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn an_object_that_lived_leaves_nothing_behind() {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        shm_life(&directory.path().join("o"), 8192).unwrap();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn an_object_that_was_there_before_is_left_alone() {
        let directory = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = directory.path().join("o");
        std::fs::write(&path, b"mine").unwrap();
        assert_eq!(shm_life(&path, 8192), Err(Errno::EXIST));
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
