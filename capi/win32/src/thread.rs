// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a thread of the caller has here: its APCs, the bell that ends its waiting call, and the signal of its end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cabotage_os::SystemError;
use cabotage_os::eventfd::EventFd;

use crate::wait::{Reset, Signal};

/// What a thread runs in an alertable wait.
pub(crate) type Apc = Box<dyn FnOnce() + Send>;

/// See the [module](self).
pub(crate) struct Thread {
    id: u32,
    apcs: Mutex<VecDeque<Apc>>,
    /// Set when the thread has ended.
    pub(crate) ended: Arc<Signal>,
    bell: OnceLock<EventFd>,
    waiting: Mutex<Waiting>,
}

/// Whether the thread waits in a call that can be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    No,
    Yes,
    Cancelled,
}

/// While it lives the thread waits in a call that [`Thread::cancel`] ends.
#[derive(Debug)]
pub(crate) struct Cancellable<'t> {
    thread: &'t Thread,
    bell: &'t EventFd,
}

impl Thread {
    pub(crate) fn new(id: u32) -> Self {
        Self {
            id,
            apcs: Mutex::default(),
            ended: Arc::new(Signal::new(Reset::Manual, false)),
            bell: OnceLock::new(),
            waiting: Mutex::new(Waiting::No),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn has_apcs(&self) -> bool {
        !self.lock_apcs().is_empty()
    }

    pub(crate) fn push_apc(&self, apc: Apc) {
        self.lock_apcs().push_back(apc);
    }

    /// Runs the APCs, in their order, also those that are queued meanwhile. For the thread itself.
    pub(crate) fn run_apcs(&self) {
        while let Some(apc) = self.pop_apc() {
            apc();
        }
    }

    fn pop_apc(&self) -> Option<Apc> {
        self.lock_apcs().pop_front()
    }

    /// From now on, until the answer is dropped, this thread waits in a call that can be cancelled.
    pub(crate) fn begin_wait(&self) -> Result<Cancellable<'_>, SystemError> {
        let bell = match self.bell.get() {
            Some(bell) => bell,
            None => {
                let made = EventFd::new()?;
                self.bell.get_or_init(|| made)
            }
        };
        *self.lock_waiting() = Waiting::Yes;
        Ok(Cancellable { thread: self, bell })
    }

    /// Ends the call that the thread waits in; whether there was one.
    pub(crate) fn cancel(&self) -> bool {
        let mut waiting = self.lock_waiting();
        if *waiting != Waiting::Yes {
            return false;
        }
        *waiting = Waiting::Cancelled;
        self.bell.get().is_some_and(|bell| bell.ring().is_ok())
    }

    /// Whether the call that it waits in is to be given up.
    pub(crate) fn is_cancelled(&self) -> bool {
        *self.lock_waiting() == Waiting::Cancelled
    }

    fn lock_apcs(&self) -> MutexGuard<'_, VecDeque<Apc>> {
        self.apcs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancellable<'_> {
    /// Readable once the call is cancelled.
    pub(crate) fn bell(&self) -> &EventFd {
        self.bell
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.thread.is_cancelled()
    }
}

impl Drop for Cancellable<'_> {
    fn drop(&mut self) {
        let was = std::mem::replace(&mut *self.thread.lock_waiting(), Waiting::No);
        if was == Waiting::Cancelled {
            let _ = self.bell.silence();
        }
    }
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thread").field("id", &self.id).finish_non_exhaustive()
    }
}
