// SPDX-License-Identifier: MIT OR Apache-2.0
//! Being told when a name appears in a directory: inotify on several directories at once.
//!
//! Watch first, then look for the name, then wait: what appears after the look is told, so nothing is missed.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// A watch of the names that appear in some directories. Its descriptor is readable when one has.
#[derive(Debug)]
pub struct NameWatch {
    fd: OwnedFd,
}

impl NameWatch {
    /// A watch of no directory yet.
    ///
    /// # Errors
    /// The system's refusal: `EMFILE` at the user's limit of watchers (sysctl fs.inotify.max_user_instances).
    ///
    /// # Source
    /// inotify_init1(2).
    pub fn new() -> Result<Self, SystemError> {
        let fd = attempt("inotify_init1", "a new watch", || {
            inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
        })?;
        Ok(Self { fd })
    }

    /// Watches the directory at `path` too; once is enough, and more do no harm.
    ///
    /// # Errors
    /// The system's refusal: `ENOENT` if there is none, `EACCES` when the caller may not list it.
    ///
    /// # Source
    /// inotify_add_watch(2).
    pub fn add(&self, path: &Path) -> Result<(), SystemError> {
        let appearing = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        attempt("inotify_add_watch", path.display(), || inotify::add_watch(&self.fd, path, appearing))
            .map(drop)
    }

    /// Takes note of everything that appeared, so that the descriptor is readable for news alone; answers whether
    /// there was any. Never waits.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn look(&self) -> Result<bool, SystemError> {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let mut events = inotify::Reader::new(&self.fd, &mut buffer);
        let mut any = false;
        loop {
            let next = if events.is_buffer_empty() {
                seam::call_until_done("read", || events.next().map(drop))
            } else {
                events.next().map(drop)
            };
            match next {
                Ok(()) => any = true,
                Err(Errno::AGAIN) => return Ok(any),
                Err(errno) => return Err(SystemError::new("read", "a watch", errno)),
            }
        }
    }
}

impl AsFd for NameWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_made_or_moved_into_a_directory_is_seen_once() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let watch = NameWatch::new().unwrap();
        watch.add(one.path()).unwrap();
        watch.add(other.path()).unwrap();
        assert!(!watch.look().unwrap());
        fs::write(one.path().join("made"), "").unwrap();
        assert!(watch.look().unwrap());
        assert!(!watch.look().unwrap());
        fs::rename(one.path().join("made"), other.path().join("moved")).unwrap();
        assert!(watch.look().unwrap());
        fs::remove_file(other.path().join("moved")).unwrap();
        assert!(!watch.look().unwrap(), "a name that goes is no news");
    }

    #[test]
    fn only_directories_are_watched() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let watch = NameWatch::new().unwrap();
        assert_eq!(watch.add(&root.path().join("file")).unwrap_err().errno(), Errno::NOTDIR);
        assert_eq!(watch.add(&root.path().join("none")).unwrap_err().errno(), Errno::NOENT);
    }
}
