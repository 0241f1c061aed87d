// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests of links share: patience, chance with a seed, counts of what may not leak, and child processes
//! that play a role in the same program.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

pub(crate) mod hostile;
mod random;

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cabotage_link::{Link, Options};
use cabotage_os::Deadline;
use cabotage_os::process::Pidfd;
use cabotage_os::spawn::Spawn;
pub(crate) use random::Random;

/// Names the role that a process started by a test plays.
const ROLE: &str = "CABOTAGE_LINK_ROLE";

/// Far more than any child needs, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number under which a child finds the end of its link.
pub(crate) const END: i32 = 40;

/// Long enough for anything that is to happen.
pub(crate) fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(20))
}

/// Long enough for what is not to happen.
pub(crate) fn shortly() -> Deadline {
    Deadline::within(Duration::from_millis(3))
}

/// Both ends of a link, in this process.
pub(crate) fn pair() -> (Link, Link) {
    pair_with(Options::new())
}

pub(crate) fn pair_with(options: Options) -> (Link, Link) {
    let (near, far) = Link::pair(options.clone()).unwrap();
    (near, far.link(options).unwrap())
}

/// Both ends of a link over which both outboxes have gone.
pub(crate) fn met_pair(options: Options) -> (Link, Link) {
    let (mut near, mut far) = pair_with(options);
    // Some messages go over the socket first; then both ends make their outboxes.
    for round in 0..20 {
        near.send(&[round; 9], soon()).unwrap();
        assert_eq!(far.receive(soon()).unwrap().to_vec(), [round; 9]);
        far.send(&[round; 9], soon()).unwrap();
        assert_eq!(near.receive(soon()).unwrap().to_vec(), [round; 9]);
    }
    (near, far)
}

/// Keeps the tests of one file apart, for those that count what the process has.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a link may not leave behind: how many descriptors this process has, and how many maps of memory objects.
pub(crate) fn holdings() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let maps = maps.lines().filter(|line| line.contains("/memfd:")).count();
    (cabotage_os::limits::descriptors_in_use().unwrap(), maps)
}

/// Runs something of which nothing may stay. Call under [`alone`].
#[track_caller]
pub(crate) fn leaves_nothing<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let before = holdings();
    let answer = act();
    assert_eq!(holdings(), before, "descriptors and maps after {what}");
    answer
}

/// The role this process was started in, if a test started it.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// This program once more, alone in the test named `test`, to play `role`.
pub(crate) fn command(test: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Starts a child that plays `role` and finds `end` under the number [`END`].
pub(crate) fn start(command: Command, end: cabotage_link::End) -> Watched {
    let end = end.into_fd().unwrap();
    Watched(Spawn::from(command).pass_as(end, END).spawn().unwrap())
}

/// The end of a link that a child was given.
pub(crate) fn inherited(options: Options) -> Link {
    cabotage_link::End::inherited(END).unwrap().link(options).unwrap()
}

/// The number after this option on the command line of a long run.
pub(crate) fn number(option: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != option);
    match arguments.nth(1) {
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{option} wants a number, not {text}")),
        None => default,
    }
}

/// A child that does not outlive its test.
#[derive(Debug)]
pub(crate) struct Watched(pub(crate) Child);

impl Watched {
    /// Waits for its end, and fails the test if that is late or a failure.
    pub(crate) fn must_succeed(mut self) {
        let pidfd = Pidfd::of_child(&self.0).unwrap();
        assert!(pidfd.wait(Deadline::within(PATIENCE)).unwrap(), "the child is still there");
        let status = self.0.wait().unwrap();
        assert!(status.success(), "the child failed: {status}");
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
