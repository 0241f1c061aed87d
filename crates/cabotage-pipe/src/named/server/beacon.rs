// SPDX-License-Identifier: MIT OR Apache-2.0
//! One descriptor for the life of a server's end: a set that holds what the end waits on now, the socket at which it
//! listens or that of its client. It is made when somebody asks for it; an end that nobody watches has none.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_os::SystemError;
use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::poll::Readiness;

/// See the [module](self).
#[derive(Debug, Default)]
pub(in crate::named) struct Beacon {
    set: OnceLock<Poller>,
    /// Whether what the end waits on now is in it.
    is_shown: AtomicBool,
}

impl Beacon {
    /// The descriptor, made now if nobody has asked before. It is readable when `current` is.
    pub(super) fn light(&self, current: Option<BorrowedFd<'_>>) -> Result<BorrowedFd<'_>, SystemError> {
        let set = match self.set.get() {
            Some(set) => set,
            None => {
                let set = Poller::new()?;
                // Of two that make one at the same time the first counts.
                self.set.get_or_init(|| set)
            }
        };
        self.show(current)?;
        Ok(set.as_fd())
    }

    /// From now on it is readable when `current` is, for those who have asked.
    pub(super) fn show(&self, current: Option<BorrowedFd<'_>>) -> Result<(), SystemError> {
        if let (Some(set), Some(current)) = (self.set.get(), current)
            && !self.is_shown.swap(true, Ordering::Relaxed)
        {
            set.add(current, 0, Readiness::IN, Trigger::Level)
                .inspect_err(|_| self.is_shown.store(false, Ordering::Relaxed))?;
        }
        Ok(())
    }

    /// What the end waited on goes. Call before it is closed: a child between fork and exec may hold it open, and the
    /// kernel would tell of it for so long.
    pub(super) fn hide(&self, current: Option<BorrowedFd<'_>>) {
        if let (Some(set), Some(current)) = (self.set.get(), current)
            && self.is_shown.swap(false, Ordering::Relaxed)
        {
            // Refused in a forked child only, where the set is another's.
            let _ = set.remove(current);
        }
    }
}
