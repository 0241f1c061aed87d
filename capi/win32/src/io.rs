// SPDX-License-Identifier: MIT OR Apache-2.0
//! An operation by a handle, whatever the handle is of: begun, waited for, or told later, as the handle and the call
//! say.

use std::sync::Arc;

use cabotage_os::Deadline;

use crate::failure::{Answer, Failure, MORE_DATA, Outcome, WAIT_IO_COMPLETION};
use crate::memory::OverlappedAt;
use crate::object::File;
use crate::pipe::{Event, Pipe, Slot, Teller, Told, Work};
use crate::runtime::Runtime;
use crate::stream::Stream;
use crate::thread::Thread;
use crate::threads;
use crate::wait::{Verdict, Wish};

/// Does `work` as a call does that has an `OVERLAPPED` or none: `ReadFile`, `WriteFile`, `ConnectNamedPipe`,
/// `TransactNamedPipe`.
///
/// # Errors
/// `ERROR_IO_PENDING` while it is under way.
pub(crate) fn perform(
    runtime: &'static Runtime,
    handle: usize,
    work: Work<'_>,
    overlapped: Option<OverlappedAt>,
) -> Answer<Outcome> {
    let file = runtime.file(handle)?;
    let thread = threads::own(runtime);
    let event = event_of(runtime, overlapped)?;
    match (file, overlapped) {
        (File::Pipe(pipe), Some(_)) if pipe.is_overlapped() => {
            let teller = Teller { overlapped, told: Told::Event(event), thread };
            pipe.begin(work, teller)?.ok_or(Failure::IO_PENDING)
        }
        (file, None) => at_once(runtime, &file, work, &thread),
        (file, Some(overlapped)) => {
            overlapped.begin();
            event.signal.iter().for_each(|signal| runtime.dispatcher.reset(signal));
            let answer = at_once(runtime, &file, work, &thread);
            overlapped.end(answer.unwrap_or_else(Outcome::failed));
            event.signal.iter().for_each(|signal| runtime.dispatcher.set(signal));
            answer
        }
    }
}

/// Does `work` and has the thread called in its next alertable wait: `ReadFileEx`, `WriteFileEx`.
///
/// # Errors
/// `ERROR_INVALID_PARAMETER` for a handle that is not overlapped, or has a completion port.
pub(crate) fn perform_with_apc(
    runtime: &'static Runtime,
    handle: usize,
    work: Work<'_>,
    overlapped: OverlappedAt,
    apc: Box<dyn FnOnce(Outcome) + Send>,
) -> Answer<()> {
    let pipe = match runtime.file(handle)? {
        File::Pipe(pipe) if pipe.is_overlapped() && !pipe.is_bound() => pipe,
        _ => return Err(Failure::INVALID_PARAMETER),
    };
    let teller = Teller { overlapped: Some(overlapped), told: Told::Apc(apc), thread: threads::own(runtime) };
    pipe.begin(work, teller).map(drop)
}

/// Waits until the other end has read everything: `FlushFileBuffers`.
///
/// # Errors
/// As there.
pub(crate) fn flush(runtime: &'static Runtime, handle: usize) -> Answer<()> {
    let thread = threads::own(runtime);
    match runtime.file(handle)? {
        File::Stream(stream) => stream.flush(&thread),
        file @ File::Pipe(_) => at_once(runtime, &file, Work::Flush, &thread).map(drop),
    }
}

/// The event of an `OVERLAPPED`.
fn event_of(runtime: &'static Runtime, overlapped: Option<OverlappedAt>) -> Answer<Event> {
    const KEEPS_PACKET: usize = 1;
    let handle = overlapped.map_or(0, |overlapped| overlapped.event());
    let signal = match handle & !KEEPS_PACKET {
        0 => None,
        event => Some(runtime.event(event)?),
    };
    Ok(Event { signal, keeps_packet: handle & KEEPS_PACKET != 0 })
}

/// Does `work` and waits for it.
fn at_once(runtime: &'static Runtime, file: &File, work: Work<'_>, thread: &Arc<Thread>) -> Answer<Outcome> {
    match file {
        File::Stream(stream) => on_stream(stream, work, thread),
        File::Pipe(pipe) if pipe.is_overlapped() => wait_for(runtime, pipe, work, thread),
        File::Pipe(pipe) => pipe.carry_out(work, thread),
    }
}

/// A call without an `OVERLAPPED` on an overlapped handle waits, too.
fn wait_for(runtime: &'static Runtime, pipe: &Pipe, work: Work<'_>, thread: &Arc<Thread>) -> Answer<Outcome> {
    let slot = Slot::new();
    let teller = Teller { overlapped: None, told: Told::Waiter(slot.clone()), thread: thread.clone() };
    if let Some(outcome) = pipe.begin(work, teller)? {
        return Ok(outcome);
    }
    let call = thread.begin_wait()?;
    let wish = Wish { cancellable: Some(thread.clone()), ..Wish::one(&slot.signal) };
    if runtime.dispatcher.wait(wish, Deadline::Never) == Verdict::Cancelled {
        pipe.cancel_waiter(&slot);
        // Cancelled or over before: it is told in either case.
        runtime.dispatcher.wait(Wish::one(&slot.signal), Deadline::Never);
    }
    drop(call);
    let outcome = slot.outcome.get().copied().ok_or(Failure::GEN_FAILURE)?;
    if outcome.status != MORE_DATA {
        outcome.answer()?;
    }
    Ok(outcome)
}

fn on_stream(stream: &Stream, work: Work<'_>, thread: &Arc<Thread>) -> Answer<Outcome> {
    match work {
        Work::Read(mut target) => stream.read(target.as_mut(), thread).map(Outcome::done),
        Work::Write(bytes) => stream.write(bytes, thread).map(Outcome::done),
        Work::Flush => stream.flush(thread).map(|()| Outcome::done(0)),
        Work::Transact(..) if stream.is_pipe => Err(Failure::INVALID_READ_MODE),
        Work::Transact(..) | Work::Connect => Err(Failure::INVALID_FUNCTION),
    }
}

/// What came of an operation: `GetOverlappedResultEx`. Waits until then at most until `deadline`; `alertable`: or until
/// an APC has run.
///
/// # Errors
/// `ERROR_IO_INCOMPLETE`, `WAIT_TIMEOUT` and `WAIT_IO_COMPLETION`.
pub(crate) fn result(
    runtime: &'static Runtime,
    handle: usize,
    overlapped: OverlappedAt,
    alertable: bool,
    deadline: Deadline,
) -> Answer<Outcome> {
    if let Some(outcome) = overlapped.outcome() {
        return Ok(outcome);
    }
    if deadline == Deadline::Now {
        return Err(Failure::IO_INCOMPLETE);
    }
    let signal = match event_of(runtime, Some(overlapped))?.signal {
        Some(event) => event,
        None => runtime.waitable(handle)?,
    };
    let thread = threads::own(runtime);
    let alertable = alertable.then(|| thread.clone());
    let wish = Wish { over: Some(overlapped), alertable, ..Wish::one(&signal) };
    match runtime.dispatcher.wait(wish, deadline) {
        Verdict::Apc => {
            thread.run_apcs();
            Err(WAIT_IO_COMPLETION)
        }
        Verdict::TimedOut => Err(Failure::WAIT_TIMEOUT),
        _ => overlapped.outcome().ok_or(Failure::GEN_FAILURE),
    }
}
