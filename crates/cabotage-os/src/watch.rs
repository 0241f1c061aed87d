// SPDX-License-Identifier: MIT OR Apache-2.0
//! Being told when a file is opened and closed by anybody: inotify on one inode.
//!
//! A FIFO's reader cannot see by poll that a silent writer has come. The opening itself can be seen here. The
//! watch is of the inode, not of a name, and survives its removal.

mod names;

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

use crate::error::{SystemError, attempt};
use crate::procfs;
use crate::seam::{self, Errno};

pub use names::NameWatch;

/// A watch of the openings and closings of one file. Its descriptor is readable when something was seen.
#[derive(Debug)]
pub struct Watch {
    fd: OwnedFd,
}

/// What a [`Watch`] saw since the last look. Several of a kind count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Somebody opened the file, for whatever access. One that waits in its open is not seen yet.
    pub opened: bool,
    /// Somebody closed a description that could write.
    pub writer_closed: bool,
}

impl Watch {
    /// Begins to watch what `fd` stands for; a descriptor opened with `O_PATH` will do.
    ///
    /// # Errors
    /// The system's refusal: `EMFILE` at the user's limit of watchers (sysctl fs.inotify.max_user_instances),
    /// `EACCES` when the caller may not read the file, `ENOENT` without /proc.
    ///
    /// # Source
    /// inotify(7).
    pub fn of(fd: impl AsFd) -> Result<Self, SystemError> {
        let watch = attempt("inotify_init1", "a new watch", || {
            inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
        })?;
        let path = procfs::own_link(fd.as_fd());
        attempt("inotify_add_watch", &path, || {
            inotify::add_watch(&watch, path.as_str(), WatchFlags::OPEN | WatchFlags::CLOSE_WRITE)
        })?;
        Ok(Self { fd: watch })
    }

    /// Takes note of everything that was seen; never waits.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn look(&self) -> Result<Seen, SystemError> {
        let mut seen = Seen::default();
        let mut buffer = [MaybeUninit::uninit(); 512];
        let mut events = inotify::Reader::new(&self.fd, &mut buffer);
        loop {
            let next = if events.is_buffer_empty() {
                seam::call_until_done("read", || events.next().map(|event| event.events()))
            } else {
                events.next().map(|event| event.events())
            };
            match next {
                Ok(flags) => seen.note(flags),
                Err(Errno::AGAIN) => return Ok(seen),
                Err(errno) => return Err(SystemError::new("read", "a watch", errno)),
            }
        }
    }
}

impl Seen {
    fn note(&mut self, flags: ReadFlags) {
        // After an overflow anything may have happened.
        let anything = flags.contains(ReadFlags::QUEUE_OVERFLOW);
        self.opened |= anything || flags.contains(ReadFlags::OPEN);
        self.writer_closed |= anything || flags.contains(ReadFlags::CLOSE_WRITE);
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_and_closings_are_seen_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let watch = Watch::of(file.as_file()).unwrap();
        assert_eq!(watch.look().unwrap(), Seen::default());
        let other = std::fs::OpenOptions::new().write(true).open(file.path()).unwrap();
        assert_eq!(watch.look().unwrap(), Seen { opened: true, writer_closed: false });
        drop(other);
        assert_eq!(watch.look().unwrap(), Seen { opened: false, writer_closed: true });
        assert_eq!(watch.look().unwrap(), Seen::default());
    }

    #[test]
    fn more_events_than_one_read_takes_are_all_seen() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let watch = Watch::of(file.as_file()).unwrap();
        for _ in 0..100 {
            std::fs::OpenOptions::new().append(true).open(file.path()).unwrap();
        }
        assert_eq!(watch.look().unwrap(), Seen { opened: true, writer_closed: true });
        assert_eq!(watch.look().unwrap(), Seen::default());
    }
}
