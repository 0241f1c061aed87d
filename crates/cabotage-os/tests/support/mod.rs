// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real processes for tests: a test runs itself once more in another process, under a watchdog.
//!
//! A test begins with [`in_another_process`]. In the test runner's process that starts the same test alone in a
//! fresh process, waits for it, and is over; in the fresh process it lets the test go on, where it may count
//! descriptors or change limits undisturbed.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::process::Pidfd;

/// Names the role that a process started by a test plays.
const ROLE: &str = "CABOTAGE_TEST_ROLE";

/// Far more than any test needs, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The role this process was started in, if a test started it.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Starts the test named `test` of this file, alone, in a fresh process that plays `role`.
pub(crate) fn start(test: &str, role: &str, configure: impl FnOnce(&mut Command)) -> Watched {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    configure(&mut command);
    Watched(command.spawn().unwrap())
}

/// Whether the test is to go on here. If not, it has run in another process already, and passed.
pub(crate) fn in_another_process(test: &str) -> bool {
    if role().is_some() {
        return true;
    }
    start(test, "alone", |command| {
        command.stdout(Stdio::null());
    })
    .must_succeed();
    false
}

/// A child that does not outlive its test.
pub(crate) struct Watched(pub(crate) Child);

impl Watched {
    /// Ends its input, waits for its own end, and fails the test if that is late or a failure.
    pub(crate) fn must_succeed(mut self) {
        drop(self.0.stdin.take());
        let pidfd = Pidfd::of_child(&self.0).unwrap();
        assert!(
            pidfd.wait(Deadline::within(PATIENCE)).unwrap(),
            "the child is still there after {PATIENCE:?}"
        );
        let status = self.0.wait().unwrap();
        assert!(status.success(), "the child failed: {status}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An end that a child inherits as its standard input.
pub(crate) fn as_stdin(fd: impl AsFd) -> Stdio {
    fd.as_fd().try_clone_to_owned().unwrap().into()
}

/// How many descriptors this process has.
pub(crate) fn descriptors() -> usize {
    cabotage_os::limits::descriptors_in_use().unwrap()
}
