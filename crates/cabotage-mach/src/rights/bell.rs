// SPDX-License-Identifier: MIT OR Apache-2.0
//! The descriptor of a port or set that somebody polls: made when it is first asked for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cabotage_link::Ready;
use cabotage_os::eventfd::EventFd;

use crate::error::PollError;
use crate::kernel::Ticket;
use crate::name::Name;
use crate::task::Names;

/// The bell of one port or set. While it is armed, it waits in the kernel as a thread would, and hands its turn on when
/// it has rung.
#[derive(Debug, Default)]
pub(super) struct Bell {
    eventfd: OnceLock<Arc<EventFd>>,
    armed: Mutex<Option<Armed>>,
}

/// A bell that waits in the kernel, until it is dropped.
#[derive(Debug)]
struct Armed {
    names: Names,
    ticket: Ticket,
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.names.disarm(self.ticket);
    }
}

impl Bell {
    /// Whether there is a message; if not, the bell is armed.
    pub(super) fn ready(&self, names: Names, name: Name) -> Result<Ready, PollError> {
        let eventfd = self.eventfd()?;
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        *armed = None;
        eventfd.silence()?;
        *armed = names.arm(name, eventfd)?.map(|ticket| Armed { names, ticket });
        Ok(if armed.is_some() { Ready::Armed } else { Ready::Ready })
    }

    /// What to poll.
    pub(super) fn descriptor(&self) -> Result<BorrowedFd<'_>, PollError> {
        Ok(self.eventfd()?.as_fd())
    }

    fn eventfd(&self) -> Result<&Arc<EventFd>, PollError> {
        if let Some(eventfd) = self.eventfd.get() {
            return Ok(eventfd);
        }
        let fresh = Arc::new(EventFd::new()?);
        Ok(self.eventfd.get_or_init(|| fresh))
    }
}
