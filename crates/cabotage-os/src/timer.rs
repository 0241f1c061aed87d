// SPDX-License-Identifier: MIT OR Apache-2.0
//! A moment to be waited for together with other descriptors.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::deadline::Deadline;
use crate::error::{SystemError, attempt};
use crate::fork::SoleFd;

/// A descriptor that becomes readable at a moment, and stays so until it is set anew.
///
/// A forked child has no part in it: there setting it does nothing.
#[derive(Debug)]
pub struct Timer {
    fd: SoleFd,
}

impl Timer {
    /// One that is not set.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// timerfd_create(2).
    pub fn new() -> Result<Self, SystemError> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let make = || {
            attempt("timerfd_create", "a timer", || {
                rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)
            })
        };
        Ok(Self { fd: SoleFd::made_by(make)? })
    }

    /// Sets it: readable from the deadline on, and not before; with [`Deadline::Never`] not at all.
    ///
    /// # Errors
    /// The system's refusal.
    ///
    /// # Source
    /// timerfd_settime(2): setting it takes back that it has expired, and a time of nothing disarms it.
    pub fn set(&self, deadline: Deadline) -> Result<(), SystemError> {
        if !self.fd.is_here() {
            return Ok(());
        }
        let left = match deadline {
            Deadline::Never => Duration::ZERO,
            deadline => deadline.remaining().unwrap_or_default().max(Duration::from_nanos(1)),
        };
        let value = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        let set = || rustix::time::timerfd_settime(&self.fd, TimerfdTimerFlags::empty(), &once);
        attempt("timerfd_settime", "a timer", set).map(drop)
    }
}

impl AsFd for Timer {
    /// In a forked child the number is stale.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::{self, Readiness};

    fn rings(timer: &Timer, deadline: Deadline) -> bool {
        let [seen] = poll::wait([(timer.as_fd(), Readiness::IN)], deadline).unwrap();
        seen.contains(Readiness::IN)
    }

    #[test]
    fn a_timer_rings_from_its_deadline_on_until_it_is_set_anew() {
        let timer = Timer::new().unwrap();
        assert!(!rings(&timer, Deadline::Now));
        timer.set(Deadline::within(Duration::from_millis(1))).unwrap();
        assert!(rings(&timer, Deadline::Never) && rings(&timer, Deadline::Now));
        timer.set(Deadline::Never).unwrap();
        assert!(!rings(&timer, Deadline::Now));
        timer.set(Deadline::Now).unwrap();
        assert!(rings(&timer, Deadline::Never));
    }
}
