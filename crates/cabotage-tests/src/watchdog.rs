// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything ends: a test, a command or a role that takes far too long is ended, with words.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};

/// Far more than any test needs, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Long enough for anything that is to happen.
pub fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(30))
}

/// Ends the process unless it is dropped in time.
#[derive(Debug)]
pub struct Watchdog {
    /// Its end tells the thread that all is well.
    _leash: Sender<()>,
}

impl Watchdog {
    /// The process ends, with words, if `what` is not over within `patience`.
    pub fn over(what: impl Into<String>, patience: Duration) -> Self {
        let (leash, end) = channel();
        let what = what.into();
        std::thread::spawn(move || {
            if end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                eprintln!("watchdog: {what} is not over after {patience:?}");
                std::process::abort();
            }
        });
        Self { _leash: leash }
    }
}

/// Ends this process when it has run for `patience`, or as soon as nobody holds the other end of `lifeline`: so no
/// process in a role outlives whoever started it.
pub(crate) fn tie(lifeline: OwnedFd, role: String, patience: Duration) {
    std::thread::spawn(move || {
        let waited = poll::wait([(lifeline.as_fd(), Readiness::IN)], Deadline::within(patience));
        if matches!(waited, Ok([found]) if found.is_empty()) {
            eprintln!("watchdog: the role {role} is not over after {patience:?}");
        }
        std::process::abort();
    });
}
