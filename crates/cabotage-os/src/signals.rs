// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals as events that a thread waits for, instead of handlers that interrupt whatever runs.
//!
//! A held signal is blocked in every thread and stays pending until somebody takes it, so nothing is installed that
//! another part of the program could replace, and what happens next is ordinary code. The first process of a
//! container gets its signals this way too, which without a handler it would never see.

use std::mem::MaybeUninit;
use std::ptr;

use rustix::process::Signal;

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// Signals that wait to be taken. Dropping it changes nothing: they stay blocked.
#[derive(Debug)]
pub struct Held {
    set: libc::sigset_t,
}

impl Held {
    /// Holds these signals in this thread and all threads and children that it starts from now on: call it before
    /// there are others. A signal that arrives at a thread which does not hold it acts as ever.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// pthread_sigmask(3), signal(7).
    pub fn new(signals: &[Signal]) -> Result<Self, SystemError> {
        let set = set_of(signals);
        attempt("rt_sigprocmask", "signals to hold", || {
            // SAFETY: the set is initialised and outlives the call; the former mask is not asked for.
            match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) } {
                0 => Ok(()),
                error => Err(Errno::from_raw_os_error(error)),
            }
        })?;
        Ok(Self { set })
    }

    /// Waits for one of the signals and takes it; `None` when the time was up.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// sigtimedwait(2).
    pub fn next(&self, deadline: Deadline) -> Result<Option<Signal>, SystemError> {
        loop {
            match seam::call("rt_sigtimedwait", || self.take(deadline)) {
                Ok(signal) => return Ok(Some(signal)),
                Err(Errno::AGAIN) if deadline.has_passed() => return Ok(None),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(SystemError::new("rt_sigtimedwait", "held signals", errno)),
            }
        }
    }

    fn take(&self, deadline: Deadline) -> Result<Signal, Errno> {
        let timeout = deadline.remaining().map(|left| libc::timespec {
            tv_sec: libc::time_t::try_from(left.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the set is initialised; no information is asked for; the time-out is live or null, for ever.
        let number = unsafe { libc::sigtimedwait(&raw const self.set, ptr::null_mut(), timeout) };
        match Signal::from_named_raw(number) {
            Some(signal) => Ok(signal),
            None => Err(seam::last_errno()),
        }
    }
}

/// Runs `act` while this thread takes no signals: a thread that it starts takes none for life, so handlers of the
/// program run in threads of the program.
///
/// # Errors
/// The system's refusal, to block them before or to let them through afterwards.
///
/// # Source
/// pthread_sigmask(3): a thread inherits the mask of the one that starts it.
pub fn undisturbed<T>(act: impl FnOnce() -> T) -> Result<T, SystemError> {
    let mut all = MaybeUninit::uninit();
    // SAFETY: sigfillset initialises the set it is given, and cannot fail.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: initialised by the call above.
    let former = change_mask(&unsafe { all.assume_init() })?;
    let answer = act();
    change_mask(&former)?;
    Ok(answer)
}

/// From now on this thread blocks these signals and no others; answers which it did before.
fn change_mask(set: &libc::sigset_t) -> Result<libc::sigset_t, SystemError> {
    let mut former = set_of(&[]);
    attempt("rt_sigprocmask", "the signals of a thread", || {
        // SAFETY: both sets are initialised and outlive the call.
        match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set, &raw mut former) } {
            0 => Ok(()),
            error => Err(Errno::from_raw_os_error(error)),
        }
    })?;
    Ok(former)
}

/// The set of these signals.
pub(crate) fn set_of(signals: &[Signal]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set it is given, and cannot fail.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: initialised by the call above.
    let mut set = unsafe { set.assume_init() };
    for signal in signals {
        // SAFETY: the set is initialised, and every `Signal` has a valid number.
        unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
    }
    set
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Each test runs in a thread of its own, and only that thread holds the signal that it sends to itself.
    fn send_to_this_thread(signal: Signal) {
        // SAFETY: a signal that this thread has blocked, to this thread.
        assert_eq!(unsafe { libc::raise(signal.as_raw()) }, 0);
    }

    #[test]
    fn a_held_signal_waits_until_it_is_taken() {
        let held = Held::new(&[Signal::USR1, Signal::USR2]).unwrap();
        assert_eq!(held.next(Deadline::Now).unwrap(), None);
        send_to_this_thread(Signal::USR2);
        assert_eq!(held.next(Deadline::Never).unwrap(), Some(Signal::USR2));
        assert_eq!(held.next(Deadline::within(Duration::from_millis(1))).unwrap(), None);
    }

    #[test]
    fn another_signal_does_not_end_the_wait() {
        let held = Held::new(&[Signal::WINCH]).unwrap();
        let _plan = seam::fail_nth(0, Errno::INTR);
        send_to_this_thread(Signal::WINCH);
        assert_eq!(held.next(Deadline::Never).unwrap(), Some(Signal::WINCH));
    }

    #[test]
    fn a_thread_that_is_started_while_signals_are_blocked_takes_none_and_its_starter_does_again() {
        let is_blocked = || {
            let mut mask = set_of(&[]);
            // SAFETY: the set is initialised and outlives the call; nothing is changed.
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask) };
            // SAFETY: the set was filled above, and the number is that of a signal.
            unsafe { libc::sigismember(&raw const mask, libc::SIGUSR1) == 1 }
        };
        let started = undisturbed(|| std::thread::spawn(is_blocked));
        assert!(started.unwrap().join().unwrap());
        assert!(!is_blocked());
    }
}
