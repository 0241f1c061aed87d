// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests of leavings share: sweeps, processes that die before a call of theirs, and cleaners that come in each
//! gap between two calls.

use std::cell::Cell;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cabotage_os::{Deadline, seam};
use cabotage_shm::Directory;
use cabotage_shm::leavings::{Leaving, Swept, Unread, What};

use super::{Killed, Scratch, this_binary};

/// More calls than anything here makes.
pub(crate) const CALLS_MAX: u64 = 200;

static STARTS: RwLock<()> = RwLock::new(());

/// While this is held no test of this program starts a process. What a process has locked, a child that it starts has
/// locked too, from its fork to its exec: until then it is not free, and a cleaner rightly leaves it alone.
pub(crate) fn without_starts() -> RwLockReadGuard<'static, ()> {
    STARTS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever starts a process holds this until nothing of ours is open in it any more.
pub(crate) fn starting() -> RwLockWriteGuard<'static, ()> {
    STARTS.write().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn started(mut command: Command) -> Killed {
    let _gate = starting();
    Killed(command.spawn().unwrap())
}

/// Removes all that is stale, unread or not; answers how many things that were.
pub(crate) fn sweep(directory: &Directory) -> usize {
    let found = directory.leavings().unwrap();
    found.iter().filter(|left| removes(directory, left, Unread::Remove) == Swept::Removed).count()
}

pub(crate) fn removes(directory: &Directory, leaving: &Leaving, unread: Unread) -> Swept {
    directory.remove_leaving(leaving, unread).unwrap()
}

pub(crate) fn found(scratch: &Scratch) -> Vec<What> {
    scratch.directory.leavings().unwrap().into_iter().map(|left| left.what).collect()
}

/// Another process that plays `role`, and dies before its call of this number.
pub(crate) fn play(role: &str, scratch: &Scratch, nth: u64) -> Command {
    let mut command = this_binary(role);
    command.env("CABOTAGE_TEST_DIRECTORY", scratch.path.path()).env("NTH", nth.to_string());
    command.stdout(Stdio::null());
    command
}

pub(crate) fn role() -> Option<(Directory, u64)> {
    let directory = std::env::var("CABOTAGE_TEST_DIRECTORY").ok()?;
    Some((Directory::open(directory).unwrap(), std::env::var("NTH").unwrap().parse().unwrap()))
}

/// Runs the role once for each of its calls, killed there; `prepare` before and `check` after each.
pub(crate) fn killed_at_each_call(role: &str, prepare: impl Fn(&Scratch), check: impl Fn(&Scratch, u64)) {
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        prepare(&scratch);
        let status = started(play(role, &scratch, nth)).0.wait().unwrap();
        check(&scratch, nth);
        if status.success() {
            assert!(nth > 5, "{role}: only {nth} calls");
            return;
        }
    }
    panic!("{role}: more than {CALLS_MAX} calls");
}

pub(crate) fn must_be_swept(scratch: &Scratch, nth: u64) {
    sweep(&scratch.directory);
    assert_eq!(scratch.file_names(), [""; 0], "killed at call {nth}");
}

/// Runs `act` again and again, each time with a cleaner in another gap that spares nothing stale; hands what both
/// answered to `check`.
pub(crate) fn with_a_cleaner_in_each_gap<T>(
    act: impl Fn(&Scratch) -> T,
    check: impl Fn(&Scratch, T, usize, u64),
) {
    let _gate = without_starts();
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        let path = scratch.path.path().to_owned();
        let swept = Rc::new(Cell::new(0));
        let count = Rc::clone(&swept);
        let plan = seam::before_nth(nth, move || count.set(sweep(&Directory::open(path).unwrap())));
        let done = act(&scratch);
        let has_come = plan.has_come();
        drop(plan);
        check(&scratch, done, swept.get(), nth);
        if !has_come {
            assert!(nth > 20, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

pub(crate) fn sweep_if_free(directory: &Directory) -> Vec<Swept> {
    let found = directory.leavings().unwrap();
    found.iter().map(|left| removes(directory, left, Unread::Remove)).collect()
}

pub(crate) fn soon() -> Deadline {
    Deadline::within(std::time::Duration::from_secs(60))
}
