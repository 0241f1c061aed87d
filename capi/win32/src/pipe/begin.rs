// SPDX-License-Identifier: MIT OR Apache-2.0
//! Beginning an operation: over at once, refused at once, under way, or waited for.

use cabotage_pipe::named::{Operation, PipeError};

use super::end::End;
use super::request::{Request, outcome, outcome_of_read};
use super::teller::Teller;
use super::{Cell, Pipe};
use crate::failure::{Answer, MORE_DATA, Outcome};
use crate::memory::Target;
use crate::thread::Thread;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Work<'a> {
    Connect,
    Read(Target),
    Write(&'a [u8]),
    Transact(&'a [u8], Target),
    Flush,
}

/// What came of beginning it.
enum Begun {
    Over(Outcome),
    Operation(Operation, Option<Target>),
}

impl Pipe {
    /// Begins `work` on an overlapped handle; `None` while it is under way.
    ///
    /// # Errors
    /// What is known to fail at once is told to nobody but the caller.
    pub(crate) fn begin(&self, work: Work<'_>, teller: Teller) -> Answer<Option<Outcome>> {
        let mut cell = self.lock();
        // With the lock, so that it comes after the end of what had the same event before.
        self.tell_beginning(&teller);
        let is_connect = matches!(work, Work::Connect);
        let has_reads = cell.requests.iter().any(|request| request.target.is_some());
        let begun = cell.begin(work, !has_reads)?;
        let over = match begun {
            Begun::Over(outcome) => outcome,
            Begun::Operation(operation, mut target) => match cell.end()?.result(operation) {
                Err(PipeError::Incomplete) => {
                    cell.requests.push(Request { operation, target, teller });
                    self.settle(&mut cell);
                    return Ok(None);
                }
                // On Windows an overlapped listening is never over at once.
                Ok(done) if is_connect => {
                    self.tell_end(teller, outcome(Ok(done), None), false);
                    return Ok(None);
                }
                result => outcome(result, target.as_mut()),
            },
        };
        if over.status != MORE_DATA {
            over.answer()?;
        }
        self.tell_end(teller, over, true);
        self.settle(&mut cell);
        Ok(Some(over))
    }

    /// Does `work` on a handle that is not overlapped, and waits for it. `thread` can be told to give it up.
    ///
    /// # Errors
    /// As Windows says; the outcome of a read may be that more is left.
    pub(crate) fn carry_out(&self, work: Work<'_>, thread: &std::sync::Arc<Thread>) -> Answer<Outcome> {
        let mut cell = self.lock();
        let over = match work {
            Work::Read(mut target) if !cell.is_nowait => self.read_here(&mut cell, &mut target, thread)?,
            work => match cell.begin(work, true)? {
                Begun::Over(outcome) => outcome,
                Begun::Operation(operation, mut target) => {
                    let result = self.wait_here(&mut cell, operation, thread)?;
                    outcome(result, target.as_mut())
                }
            },
        };
        if over.status != MORE_DATA {
            over.answer()?;
        }
        Ok(over)
    }
}

impl Cell {
    /// `reads_now`: no read is under way before which this one must not come.
    fn begin(&mut self, work: Work<'_>, reads_now: bool) -> Answer<Begun> {
        let is_nowait = self.is_nowait;
        let end = self.end()?;
        Ok(match work {
            Work::Connect => match end.begin_connect(is_nowait)? {
                Some(operation) => Begun::Operation(operation, None),
                None => Begun::Over(Outcome::done(0)),
            },
            Work::Read(mut target) => match reads_now.then(|| end.try_read(target.as_mut())) {
                Some(Err(PipeError::Empty)) if !is_nowait => under_way(end, target)?,
                Some(read) => Begun::Over(outcome_of_read(read)),
                None => under_way(end, target)?,
            },
            Work::Write(bytes) if is_nowait => Begun::Over(Outcome::done(end.try_write(bytes)?)),
            Work::Write(bytes) => Begun::Operation(end.begin_write(bytes)?, None),
            Work::Transact(question, target) => {
                Begun::Operation(end.begin_transact(question, target.bytes())?, Some(target))
            }
            Work::Flush => Begun::Operation(end.begin_flush()?, None),
        })
    }
}

fn under_way(end: &mut End, target: Target) -> Answer<Begun> {
    Ok(Begun::Operation(end.begin_read(target.bytes())?, Some(target)))
}
