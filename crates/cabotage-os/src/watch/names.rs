// SPDX-License-Identifier: MIT OR Apache-2.0
//! Being told when a name appears in a directory: inotify on several directories at once.
//!
//! Watch first, then look for the name, then wait: what appears after the look is told, so nothing is missed.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::error::{SystemError, attempt};
use crate::procfs;
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

    /// Watches an open directory for names that are moved into it, whatever its own name is. What is made there is no
    /// news: where names come by a move, that is one report for each.
    ///
    /// # Errors
    /// The system's refusal: `EACCES` when the caller may not list it, `ENOSPC` at the user's limit of watches.
    ///
    /// # Source
    /// inotify_add_watch(2).
    pub fn add_arrivals(&self, directory: impl AsFd) -> Result<(), SystemError> {
        let path = procfs::own_link(directory.as_fd());
        let arriving = WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
        attempt("inotify_add_watch", &path, || inotify::add_watch(&self.fd, path.as_str(), arriving))
            .map(drop)
    }

    /// Watches an open directory for names that go from it.
    ///
    /// # Errors
    /// As [`NameWatch::add_arrivals`].
    ///
    /// # Source
    /// inotify_add_watch(2).
    pub fn add_departures(&self, directory: impl AsFd) -> Result<(), SystemError> {
        let path = procfs::own_link(directory.as_fd());
        let leaving = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::ONLYDIR;
        attempt("inotify_add_watch", &path, || inotify::add_watch(&self.fd, path.as_str(), leaving)).map(drop)
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
    fn what_is_moved_into_an_open_directory_is_seen_and_what_is_made_there_is_not() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let open = fs::File::open(&folder).unwrap();
        let watch = NameWatch::new().unwrap();
        watch.add_arrivals(&open).unwrap();
        fs::rename(&folder, root.path().join("elsewhere")).unwrap();
        fs::write(root.path().join("elsewhere/made"), "").unwrap();
        assert!(!watch.look().unwrap());
        fs::rename(root.path().join("elsewhere/made"), root.path().join("elsewhere/moved")).unwrap();
        assert!(watch.look().unwrap());
    }

    #[test]
    fn what_goes_from_an_open_directory_is_seen_and_what_comes_is_not() {
        let root = tempfile::tempdir().unwrap();
        let watch = NameWatch::new().unwrap();
        watch.add_departures(fs::File::open(root.path()).unwrap()).unwrap();
        fs::create_dir(root.path().join("made")).unwrap();
        assert!(!watch.look().unwrap());
        fs::remove_dir(root.path().join("made")).unwrap();
        assert!(watch.look().unwrap());
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
