// SPDX-License-Identifier: MIT OR Apache-2.0
//! Until when a call may wait: never at all, until an instant, or for ever.
//!
//! Every blocking call of the project takes one of these, so that `try_`, timed and blocking forms are one code
//! path. An instant, not a duration: a wait that is interrupted and resumed must not start its patience anew.

use std::time::{Duration, Instant};

use rustix::time::Timespec;

/// Until when a call may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Do not wait: answer at once.
    Now,
    /// Wait until this instant of the monotonic clock.
    At(Instant),
    /// Wait for as long as it takes.
    Never,
}

impl Deadline {
    /// `patience` from now; a patience too long for the clock means for ever.
    pub fn within(patience: Duration) -> Self {
        match Instant::now().checked_add(patience) {
            Some(instant) if !patience.is_zero() => Self::At(instant),
            Some(_) => Self::Now,
            None => Self::Never,
        }
    }

    /// Whether the time is up.
    pub fn has_passed(self) -> bool {
        match self {
            Self::Now => true,
            Self::At(instant) => Instant::now() >= instant,
            Self::Never => false,
        }
    }

    /// What is left: `None` for ever, zero when the time is up.
    pub fn remaining(self) -> Option<Duration> {
        match self {
            Self::Now => Some(Duration::ZERO),
            Self::At(instant) => Some(instant.saturating_duration_since(Instant::now())),
            Self::Never => None,
        }
    }

    /// What is left, as the kernel's relative time-out.
    pub(crate) fn timespec(self) -> Option<Timespec> {
        self.remaining().map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        })
    }

    /// The earlier of two deadlines.
    pub fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Now, _) | (_, Self::Now) => Self::Now,
            (Self::Never, sooner) | (sooner, Self::Never) => sooner,
            (Self::At(one), Self::At(two)) => Self::At(one.min(two)),
        }
    }
}

impl From<Duration> for Deadline {
    fn from(patience: Duration) -> Self {
        Self::within(patience)
    }
}

impl From<Instant> for Deadline {
    fn from(instant: Instant) -> Self {
        Self::At(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patience_beyond_the_clock_means_for_ever() {
        assert_eq!(Deadline::within(Duration::MAX), Deadline::Never);
    }

    #[test]
    fn no_patience_means_now() {
        assert_eq!(Deadline::within(Duration::ZERO), Deadline::Now);
        assert!(Deadline::Now.has_passed());
    }

    #[test]
    fn the_sooner_of_two_deadlines_wins() {
        let soon = Deadline::within(Duration::from_secs(1));
        let late = Deadline::within(Duration::from_secs(9));
        assert_eq!(soon.or_sooner(late), soon);
        assert_eq!(late.or_sooner(Deadline::Never), late);
        assert_eq!(Deadline::Never.or_sooner(Deadline::Now), Deadline::Now);
    }
}
