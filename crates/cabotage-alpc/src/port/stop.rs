// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking a server to stop, from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cabotage_os::Deadline;

use super::letter::Desk;

/// Whether a server is to stop, and until when.
#[derive(Debug, Default)]
pub(super) struct Order {
    is_new: AtomicBool,
    by: Mutex<Option<Deadline>>,
}

impl Order {
    /// Whether an order was given that nobody has taken.
    #[inline]
    pub(super) fn is_new(&self) -> bool {
        self.is_new.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self) -> Option<Deadline> {
        if !self.is_new.swap(false, Ordering::AcqRel) {
            return None;
        }
        *self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the server of one port to stop; cheap to clone, for any thread. The server receives
/// [`Incoming::Stop`](super::Incoming::Stop); serving then takes nobody new, finishes what clients have asked for
/// until the deadline, and closes all channels, by which the clients are told.
#[derive(Debug, Clone)]
pub struct Stopper {
    pub(super) order: Arc<Order>,
    pub(super) desk: Arc<Desk>,
}

impl Stopper {
    /// The server is to have stopped by this time. With [`Deadline::Now`] it finishes what it has begun and nothing
    /// else.
    pub fn stop(&self, by: Deadline) {
        *self.order.by.lock().unwrap_or_else(PoisonError::into_inner) = Some(by);
        self.order.is_new.store(true, Ordering::Release);
        self.desk.wake();
    }
}
