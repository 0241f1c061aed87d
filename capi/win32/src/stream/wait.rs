// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting on a descriptor of the kernel, with the thread's bell beside it.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, SystemError, pipe};

use super::Stream;
use crate::failure::{Answer, Failure};
use crate::thread::{Cancellable, Thread};

/// What one attempt came to.
pub(super) enum Step {
    Done(usize),
    Wait,
}

/// The pauses between looks at what the kernel tells nobody of: that all of a pipe was read.
const PAUSES: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

/// What it is ready for now.
pub(super) fn now(fd: BorrowedFd<'_>, interest: Readiness) -> Result<Readiness, SystemError> {
    poll::wait([(fd, interest)], Deadline::Now).map(|[found]| found)
}

impl Stream {
    /// Tries until it is done; between, the call can be cancelled.
    pub(super) fn until(
        &self,
        interest: Readiness,
        thread: &Arc<Thread>,
        mut step: impl FnMut(BorrowedFd<'_>) -> Answer<Step>,
    ) -> Answer<usize> {
        let _turn = self.turn();
        let fd = self.fd()?;
        let fd = fd.as_fd();
        if let Step::Done(bytes) = step(fd)? {
            return Ok(bytes);
        }
        self.waiting(thread, |wait| {
            poll::wait([(fd, interest), (wait.bell().as_fd(), Readiness::IN)], Deadline::Never)?;
            step(fd)
        })
    }

    /// Until the other end has read all; an end of the other end is an error.
    pub(super) fn until_read(&self, thread: &Arc<Thread>) -> Answer<()> {
        let _turn = self.turn();
        let fd = self.fd()?;
        let fd = fd.as_fd();
        if pipe::unread_bytes(fd)? == 0 {
            return Ok(());
        }
        let [mut pause, pause_max] = PAUSES;
        let flushed = self.waiting(thread, |wait| {
            let bell = (wait.bell().as_fd(), Readiness::IN);
            let [other, _] = poll::wait([(fd, Readiness::empty()), bell], Deadline::within(pause))?;
            pause = (pause * 2).min(pause_max);
            match pipe::unread_bytes(fd)? {
                0 => Ok(Step::Done(0)),
                _ if other.contains(Readiness::ERR) => Err(Failure::BROKEN_PIPE),
                _ => Ok(Step::Wait),
            }
        });
        flushed.map(drop)
    }

    fn waiting(
        &self,
        thread: &Arc<Thread>,
        mut turn: impl FnMut(&Cancellable<'_>) -> Answer<Step>,
    ) -> Answer<usize> {
        let wait = thread.begin_wait()?;
        *self.lock_inside() = Some(thread.clone());
        let _inside = Inside { stream: self };
        loop {
            if self.is_closing.load(Ordering::SeqCst) || wait.is_cancelled() {
                return Err(Failure::OPERATION_ABORTED);
            }
            if let Step::Done(bytes) = turn(&wait)? {
                return Ok(bytes);
            }
        }
    }
}

/// Until it is dropped a thread is known to wait in this end.
struct Inside<'s> {
    stream: &'s Stream,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.stream.lock_inside() = None;
    }
}
