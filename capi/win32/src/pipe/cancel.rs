// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cancelling: what is under way, and whoever waits in a call.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::request::Request;
use super::{Cell, Pipe, Slot, Told};
use crate::failure::{Answer, Failure};
use crate::thread::Thread;

impl Pipe {
    /// Cancels the operation of this `OVERLAPPED`, or all of them, and the call that waits: `CancelIoEx`.
    ///
    /// # Errors
    /// `ERROR_NOT_FOUND` when nothing was under way.
    pub(crate) fn cancel(&self, overlapped: Option<usize>) -> Answer<()> {
        if !self.is_overlapped {
            // Nothing but a call can be under way, and that has the lock.
            let is_inside = self.cancel_inside();
            return if is_inside { Ok(()) } else { Err(Failure::NOT_FOUND) };
        }
        let is_meant = |request: &Request| match overlapped {
            Some(address) => request.teller.overlapped.is_some_and(|own| own.address() == address),
            None => true,
        };
        let mut cell = self.lock();
        match self.cancel_requests(&mut cell, is_meant) {
            0 => Err(Failure::NOT_FOUND),
            _ => Ok(()),
        }
    }

    /// Cancels what this thread has begun: `CancelIo`. That nothing was under way is no error.
    pub(crate) fn cancel_of(&self, thread: &Arc<Thread>) {
        if !self.is_overlapped {
            return; // A thread that waits in a call does not call this.
        }
        let mut cell = self.lock();
        self.cancel_requests(&mut cell, |request| Arc::ptr_eq(&request.teller.thread, thread));
    }

    /// Cancels the operation that somebody waits for in its call.
    pub(crate) fn cancel_waiter(&self, slot: &Arc<Slot>) {
        let is_meant =
            |request: &Request| matches!(&request.teller.told, Told::Waiter(own) if Arc::ptr_eq(own, slot));
        let mut cell = self.lock();
        self.cancel_requests(&mut cell, is_meant);
    }

    /// Cancels the call in which somebody waits; whether somebody does.
    pub(super) fn cancel_inside(&self) -> bool {
        self.lock_inside().as_ref().is_some_and(|thread| thread.cancel())
    }

    /// Cancels those that are meant, the last first, and tells of them; how many.
    pub(super) fn cancel_requests(&self, cell: &mut Cell, is_meant: impl Fn(&Request) -> bool) -> usize {
        self.harvest(cell);
        let Cell { end: Some(end), requests, .. } = cell else { return 0 };
        let meant = requests.iter().rev().filter(|request| is_meant(request));
        let count = meant.filter(|request| end.cancel(request.operation).is_ok()).count();
        self.settle(cell);
        count
    }

    pub(super) fn lock_inside(&self) -> MutexGuard<'_, Option<Arc<Thread>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
