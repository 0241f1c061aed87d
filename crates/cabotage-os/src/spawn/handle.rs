// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles: descriptors with a mark that says whether children may inherit them, as Windows has them.
//!
//! On Windows the mark is a property of the handle, and a child that inherits gets whatever is marked; elsewhere
//! inheritance is a property of the start. Here the mark is a note of this process: the descriptor itself stays
//! close-on-exec, marked or not, so nothing slips into a child that was not told to inherit. A start that is
//! ([`Spawn::inherit_handles`](super::Spawn::inherit_handles)) reads the notes and passes copies.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Passed;
use super::SpawnError;
use crate::error::{SystemError, attempt};

/// Whether children may inherit a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inherit {
    /// No child gets it, also none that inherits handles.
    #[default]
    No,
    /// Children that inherit handles get it.
    Yes,
}

/// A descriptor and its mark: not inheritable until it is told to be.
#[derive(Debug)]
pub struct Handle {
    // Dropped first: a handle that is being closed is no longer among the marked.
    mark: Mark,
    fd: Arc<OwnedFd>,
}

/// What a list of handles holds.
pub trait AsHandle {
    /// The handle.
    fn as_handle(&self) -> &Handle;
}

impl Handle {
    /// The descriptor as a handle that no child inherits yet.
    pub fn new(fd: impl Into<OwnedFd>) -> Self {
        Self { mark: Mark::new(), fd: Arc::new(fd.into()) }
    }

    /// Sets or clears the mark. It counts when a child is started, not before.
    pub fn set_inherit(&self, inherit: Inherit) {
        let mut marked = marked();
        match inherit {
            Inherit::No => marked.remove(&self.mark.key),
            Inherit::Yes => marked.insert(self.mark.key, Arc::downgrade(&self.fd)),
        };
    }

    /// Whether the mark is set.
    pub fn inherit(&self) -> Inherit {
        if marked().contains_key(&self.mark.key) { Inherit::Yes } else { Inherit::No }
    }

    /// A second handle to the same open file, with a mark of its own.
    ///
    /// # Errors
    /// The system's refusal: the process is out of descriptors.
    ///
    /// # Source
    /// fcntl(2), `F_DUPFD_CLOEXEC`.
    pub fn duplicate(&self, inherit: Inherit) -> Result<Self, SystemError> {
        let copy = Self::new(copy(&self.fd)?);
        copy.set_inherit(inherit);
        Ok(copy)
    }

    pub(super) fn listed(&self) -> Listed {
        Listed { key: self.mark.key, number: self.as_raw_fd() }
    }
}

impl AsHandle for Handle {
    fn as_handle(&self) -> &Handle {
        self
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<Handle> for OwnedFd {
    fn from(Handle { mark, fd }: Handle) -> Self {
        drop(mark);
        Arc::into_inner(fd)
            .expect("only a start holds it too, and only while it holds the list of the marked")
    }
}

/// What a start remembers of a handle in its list.
#[derive(Debug)]
pub(super) struct Listed {
    key: u64,
    number: RawFd,
}

/// Copies of every handle that is marked, under the numbers that these have here.
pub(super) fn every_marked() -> Result<Vec<Passed>, SpawnError> {
    marked().values().filter_map(Weak::upgrade).map(|fd| passed(&fd)).collect()
}

/// Copies of the handles of a list, each once, if all of them are marked.
pub(super) fn those_listed(list: &[Listed]) -> Result<Vec<Passed>, SpawnError> {
    let marked = marked();
    let mut keys: Vec<_> = list.iter().map(|listed| (listed.key, listed.number)).collect();
    keys.sort_unstable();
    keys.dedup();
    let find = |(key, number)| match marked.get(&key).and_then(Weak::upgrade) {
        Some(fd) => passed(&fd),
        None => Err(SpawnError::NotInheritable { number }),
    };
    keys.into_iter().map(find).collect()
}

fn passed(fd: &Arc<OwnedFd>) -> Result<Passed, SpawnError> {
    Ok(Passed { fd: copy(fd)?, number: fd.as_raw_fd() })
}

fn copy(fd: &OwnedFd) -> Result<OwnedFd, SystemError> {
    attempt("fcntl(F_DUPFD_CLOEXEC)", format_args!("descriptor {}", fd.as_raw_fd()), || {
        rustix::io::fcntl_dupfd_cloexec(fd, 3)
    })
}

/// A handle's name in the list of the marked; leaves the list with its handle.
#[derive(Debug)]
struct Mark {
    key: u64,
}

impl Mark {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { key: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        marked().remove(&self.key);
    }
}

/// The handles of this process that are marked, oldest first.
static MARKED: Mutex<BTreeMap<u64, Weak<OwnedFd>>> = Mutex::new(BTreeMap::new());

fn marked() -> MutexGuard<'static, BTreeMap<u64, Weak<OwnedFd>>> {
    MARKED.lock().unwrap_or_else(PoisonError::into_inner)
}
