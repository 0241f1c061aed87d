// SPDX-License-Identifier: MIT OR Apache-2.0
//! The waits of the caller: for handles, for time, for APCs.

use std::sync::Arc;
use std::time::Duration;

use cabotage_os::Deadline;

use crate::failure::{Answer, Failure};
use crate::runtime::Runtime;
use crate::threads;
use crate::wait::{Reset, Signal, Verdict, Wish};

/// The value that means this process.
pub(crate) const OWN_PROCESS: usize = usize::MAX;
/// The value that means the calling thread.
pub(crate) const OWN_THREAD: usize = usize::MAX - 1;

/// `WAIT_TIMEOUT`.
const TIMEOUT: u32 = 258;
/// `WAIT_IO_COMPLETION`.
const IO_COMPLETION: u32 = 0xC0;
/// `MAXIMUM_WAIT_OBJECTS`.
const HANDLES_MAX: usize = 64;

/// Until when a time-out in milliseconds lets a call wait; the highest (`INFINITE`) is for ever.
pub(crate) fn deadline(timeout_ms: u32) -> Deadline {
    match timeout_ms {
        u32::MAX => Deadline::Never,
        ms => Deadline::within(Duration::from_millis(ms.into())),
    }
}

/// `WaitForMultipleObjectsEx`: the number of the handle that was signalled, or what Windows says otherwise.
///
/// # Errors
/// `ERROR_INVALID_HANDLE`; `ERROR_INVALID_PARAMETER` for no handle, for more than 64, and for one twice in a wait for
/// all.
pub(crate) fn wait(
    runtime: &'static Runtime,
    handles: &[usize],
    all: bool,
    alertable: bool,
    timeout_ms: u32,
) -> Answer<u32> {
    if handles.is_empty() || handles.len() > HANDLES_MAX {
        return Err(Failure::INVALID_PARAMETER);
    }
    if all && (1..handles.len()).any(|at| handles[..at].contains(&handles[at])) {
        return Err(Failure::INVALID_PARAMETER);
    }
    let signals = handles.iter().map(|handle| signal_of(runtime, *handle)).collect::<Answer<_>>()?;
    wish(runtime, Wish { signals, all, ..Wish::default() }, alertable, timeout_ms)
}

/// `SleepEx`: 0, or that an APC has run.
///
/// # Errors
/// None.
pub(crate) fn sleep(runtime: &'static Runtime, alertable: bool, timeout_ms: u32) -> Answer<u32> {
    let verdict = wish(runtime, Wish::default(), alertable, timeout_ms)?;
    Ok(if verdict == IO_COMPLETION { IO_COMPLETION } else { 0 })
}

fn wish(runtime: &'static Runtime, mut wish: Wish, alertable: bool, timeout_ms: u32) -> Answer<u32> {
    let thread = threads::own(runtime);
    wish.alertable = alertable.then(|| thread.clone());
    match runtime.dispatcher.wait(wish, deadline(timeout_ms)) {
        Verdict::Signalled(at) => u32::try_from(at).map_err(|_| Failure::GEN_FAILURE),
        Verdict::TimedOut => Ok(TIMEOUT),
        Verdict::Closed | Verdict::Cancelled => Err(Failure::INVALID_HANDLE),
        Verdict::Apc => {
            thread.run_apcs();
            Ok(IO_COMPLETION)
        }
    }
}

fn signal_of(runtime: &'static Runtime, handle: usize) -> Answer<Arc<Signal>> {
    match handle {
        // Neither ends while somebody waits for it here.
        OWN_PROCESS => Ok(Arc::new(Signal::new(Reset::Manual, false))),
        OWN_THREAD => Ok(threads::own(runtime).ended.clone()),
        handle => runtime.waitable(handle),
    }
}
