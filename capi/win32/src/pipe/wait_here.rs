// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting in the call itself: a while of looking, since an answer often comes at once, then sleep on the end's
//! descriptor and on the thread's bell, which cancels.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cabotage_link::Ready;
use cabotage_os::poll::{self, Readiness};
use cabotage_pipe::Deadline;
use cabotage_pipe::named::{Completed, Operation, PipeError};
use std::os::fd::AsFd;

use super::end::End;
use super::request::outcome_of_read;
use super::{Cell, Pipe};
use crate::failure::{Answer, Failure, Outcome};
use crate::memory::Target;
use crate::thread::{Cancellable, Thread};

/// A look here takes as long as so many of those that the budget counts.
const LOOK_COST: u32 = 64;

impl Pipe {
    /// Reads straight into the buffer.
    pub(super) fn read_here(
        &self,
        cell: &mut Cell,
        target: &mut Target,
        thread: &Arc<Thread>,
    ) -> Answer<Outcome> {
        let mut attempt = |end: &mut End| match end.try_read(target.as_mut()) {
            Err(PipeError::Empty) => None,
            read => Some(outcome_of_read(read)),
        };
        self.until(cell, thread, &mut attempt, End::ready_to_read).map(|read| match read {
            Some(outcome) => outcome,
            None => Outcome::failed(Failure::OPERATION_ABORTED),
        })
    }

    /// Waits for an operation that was begun.
    pub(super) fn wait_here(
        &self,
        cell: &mut Cell,
        operation: Operation,
        thread: &Arc<Thread>,
    ) -> Answer<Result<Completed, PipeError>> {
        let mut attempt = |end: &mut End| match end.result(operation) {
            Err(PipeError::Incomplete) => None,
            result => Some(result),
        };
        match self.until(cell, thread, &mut attempt, End::ready)? {
            Some(result) => Ok(result),
            None => {
                let end = cell.end()?;
                // One that is over meanwhile tells what came of it.
                let _ = end.cancel(operation);
                Ok(end.result(operation))
            }
        }
    }

    /// Tries until there is an answer; `None` when the call was cancelled.
    fn until<T>(
        &self,
        cell: &mut Cell,
        thread: &Arc<Thread>,
        attempt: &mut impl FnMut(&mut End) -> Option<T>,
        ready: fn(&mut End) -> Result<Ready, PipeError>,
    ) -> Answer<Option<T>> {
        if let Some(answer) = look(cell, attempt)? {
            return Ok(Some(answer));
        }
        let wait = thread.begin_wait()?;
        let _inside = self.enter(thread);
        loop {
            if self.is_closing.load(Ordering::SeqCst) || wait.is_cancelled() {
                return Ok(None);
            }
            if let Some(answer) = look(cell, attempt)? {
                return Ok(Some(answer));
            }
            if ready(cell.end()?)? == Ready::Armed {
                sleep(cell, &wait)?;
            }
        }
    }

    fn enter(&self, thread: &Arc<Thread>) -> Inside<'_> {
        *self.lock_inside() = Some(thread.clone());
        Inside { pipe: self }
    }
}

/// Until it is dropped a thread is known to wait in this end.
struct Inside<'p> {
    pipe: &'p Pipe,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.pipe.lock_inside() = None;
    }
}

fn look<T>(cell: &mut Cell, attempt: &mut impl FnMut(&mut End) -> Option<T>) -> Answer<Option<T>> {
    let looks_max = cell.patience.looks().unwrap_or(0) / LOOK_COST;
    for looks in 0..=looks_max {
        if let Some(answer) = attempt(cell.end()?) {
            cell.patience.paid(looks * LOOK_COST);
            return Ok(Some(answer));
        }
        std::hint::spin_loop();
    }
    Ok(None)
}

fn sleep(cell: &mut Cell, wait: &Cancellable<'_>) -> Answer<()> {
    let began = Instant::now();
    let fd = cell.end()?.fd()?;
    poll::wait([(fd, Readiness::IN), (wait.bell().as_fd(), Readiness::IN)], Deadline::Never)?;
    cell.patience.slept(began.elapsed());
    Ok(())
}
