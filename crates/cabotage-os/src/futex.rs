// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sleeping until a word of shared memory changes.
//!
//! Only the shared (non-private) form: the word may lie in memory that several processes map, at different
//! addresses. Whoever can map the page, even read-only, can steal a wake-up or requeue a sleeper, so a wake-up is
//! a hint: look at the word again, and let nothing hang on it that a deadline or a hang-up does not also end.

use std::sync::atomic::AtomicU32;

use rustix::thread::futex::{self, Flags};

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt};
use crate::seam::{self, Errno};

/// Why a [`wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Someone called [`wake`], or the kernel woke us for no reason: look at the word.
    ByWake,
    /// The word did not hold the expected value when the sleep would have begun.
    Changed,
    /// The time was up.
    TimedOut,
}

/// Sleeps for as long as `word` holds `expected`, nobody wakes it, and `deadline` has not passed. The comparison
/// and the falling asleep are one step against [`wake`]. A signal does not end the sleep.
///
/// # Errors
/// The system's refusal (`ENOSYS` or `EPERM` under a strange seccomp filter).
///
/// # Source
/// futex(2), `FUTEX_WAIT`.
pub fn wait(word: &AtomicU32, expected: u32, deadline: Deadline) -> Result<Woken, SystemError> {
    loop {
        let timeout = deadline.timespec();
        match seam::call("futex", || futex::wait(word, Flags::empty(), expected, timeout.as_ref())) {
            Ok(()) => return Ok(Woken::ByWake),
            Err(Errno::AGAIN) => return Ok(Woken::Changed),
            Err(Errno::TIMEDOUT) => return Ok(Woken::TimedOut),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SystemError::new("futex", "a wait on a shared word", errno)),
        }
    }
}

/// Wakes at most `how_many` sleepers of `word`; answers how many woke. Sleepers in every process count.
///
/// # Errors
/// The system's refusal, as for [`wait`].
///
/// # Source
/// futex(2), `FUTEX_WAKE`.
pub fn wake(word: &AtomicU32, how_many: u32) -> Result<u32, SystemError> {
    // The kernel reads the number as a signed int, and wakes one even when asked for none.
    let at_most = how_many.min(i32::MAX.unsigned_abs());
    if at_most == 0 {
        return Ok(0);
    }
    let woken = attempt("futex", "a wake of a shared word", || futex::wake(word, Flags::empty(), at_most))?;
    Ok(u32::try_from(woken).unwrap_or(at_most))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_word_that_has_changed_does_not_put_to_sleep() {
        assert_eq!(wait(&AtomicU32::new(7), 6, Deadline::Never).unwrap(), Woken::Changed);
    }

    #[test]
    fn a_sleep_ends_at_its_deadline() {
        let word = AtomicU32::new(7);
        assert_eq!(wait(&word, 7, Deadline::Now).unwrap(), Woken::TimedOut);
        let soon = Deadline::within(Duration::from_millis(2));
        assert_eq!(wait(&word, 7, soon).unwrap(), Woken::TimedOut);
        assert!(soon.has_passed());
    }

    #[test]
    fn a_sleeper_is_woken_and_counted() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| wait(&word, 0, Deadline::within(Duration::from_secs(60))).unwrap());
            while wake(&word, 1).unwrap() == 0 {
                std::thread::yield_now();
            }
            assert_eq!(sleeper.join().unwrap(), Woken::ByWake);
        });
    }

    #[test]
    fn a_store_before_the_wake_is_seen_by_the_sleeper() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                word.store(1, Ordering::SeqCst);
                wake(&word, u32::MAX).unwrap();
            });
            while word.load(Ordering::SeqCst) == 0 {
                wait(&word, 0, Deadline::within(Duration::from_secs(60))).unwrap();
            }
        });
    }

    #[test]
    fn waking_nobody_wakes_nobody() {
        assert_eq!(wake(&AtomicU32::new(0), 0).unwrap(), 0);
        assert_eq!(wake(&AtomicU32::new(0), u32::MAX).unwrap(), 0);
    }

    #[test]
    fn a_signal_does_not_end_the_sleep() {
        let _plan = seam::fail_nth(0, Errno::INTR);
        let word = AtomicU32::new(0);
        assert_eq!(wait(&word, 0, Deadline::Now).unwrap(), Woken::TimedOut);
    }
}
