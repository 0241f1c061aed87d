// SPDX-License-Identifier: MIT OR Apache-2.0
//! Acting as another user: one thread alone, only downwards, and back again or not at all. Each test runs in a process
//! of its own, since the first change marks the process for good.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use cabotage_os::process::{Pidfd, RunAs, RunAsError, Subject, own_uid};
use cabotage_os::{Deadline, Errno, Fault, seam};
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

mod support;

const STRANGER: u32 = 12_345;
const GROUP: u32 = 23_456;
const OTHER_GROUP: u32 = 34_567;

fn stranger() -> Subject {
    Subject { uid: STRANGER, gid: GROUP, groups: vec![OTHER_GROUP] }
}

/// Whether the test is to go on here: as root, in a process of its own.
fn alone_as_root(test: &str) -> bool {
    if own_uid() != 0 {
        eprintln!("skipped: only root may act as another user");
        return false;
    }
    support::in_another_process(test)
}

/// A directory in which everybody may make files.
fn open_place() -> tempfile::TempDir {
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    place
}

fn groups() -> Vec<u32> {
    rustix::process::getgroups().unwrap().into_iter().map(Gid::as_raw).collect()
}

#[test]
fn a_thread_acts_as_the_user_alone_and_is_itself_again_afterwards() {
    if !alone_as_root("a_thread_acts_as_the_user_alone_and_is_itself_again_afterwards") {
        return;
    }
    let (place, before) = (open_place(), (groups(), capabilities(None).unwrap()));
    let (theirs, ours) = (place.path().join("theirs"), place.path().join("ours"));
    let (begun, wait_for_begin) = std::sync::mpsc::channel();
    let (looked, wait_for_look) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        wait_for_begin.recv().unwrap();
        File::create(&ours).unwrap();
        looked.send(()).unwrap();
        fs::metadata(&ours).unwrap().uid()
    });
    let guard = RunAs::begin(&stranger()).unwrap();
    begun.send(()).unwrap();
    wait_for_look.recv().unwrap();
    File::create(&theirs).unwrap();
    assert_eq!(groups(), [OTHER_GROUP]);
    drop(guard);
    assert_eq!(other.join().unwrap(), 0, "the other thread is who it was");
    let made = fs::metadata(&theirs).unwrap();
    assert_eq!((made.uid(), made.gid()), (STRANGER, GROUP));
    assert_eq!((own_uid(), groups(), capabilities(None).unwrap()), (0, before.0, before.1));
}

#[test]
fn no_capability_is_in_effect_meanwhile() {
    if !alone_as_root("no_capability_is_in_effect_meanwhile") {
        return;
    }
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let secret = place.path().join("secret");
    fs::write(&secret, "x").unwrap();
    for subject in [stranger(), Subject { uid: 0, gid: 0, groups: groups() }] {
        fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
        let guard = RunAs::begin(&subject).unwrap();
        let refused = File::open(&secret).unwrap_err();
        drop(guard);
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{subject:?}");
        File::open(&secret).unwrap();
    }
}

#[test]
fn a_thread_that_acts_as_another_does_not_begin_again_and_a_panic_leads_back() {
    if !alone_as_root("a_thread_that_acts_as_another_does_not_begin_again_and_a_panic_leads_back") {
        return;
    }
    let panicked = std::panic::catch_unwind(|| -> () {
        let _guard = RunAs::begin(&stranger()).unwrap();
        let refused = RunAs::begin(&stranger()).unwrap_err();
        assert_eq!((refused.fault(), refused), (Fault::Caller, RunAsError::Already));
        assert_eq!(own_uid(), STRANGER);
        // As a panic does, but without its words.
        std::panic::resume_unwind(Box::new(()))
    });
    assert!(panicked.is_err());
    assert_eq!(own_uid(), 0);
}

#[test]
fn whatever_fails_the_thread_is_itself_again() {
    if !alone_as_root("whatever_fails_the_thread_is_itself_again") {
        return;
    }
    for nth in 0..100 {
        let before = (groups(), capabilities(None).unwrap());
        let plan = seam::fail_nth(nth, Errno::NOMEM);
        let begun = RunAs::begin(&stranger()).map(drop);
        let has_struck = plan.has_struck();
        drop(plan);
        assert_eq!((own_uid(), groups(), capabilities(None).unwrap()), (0, before.0, before.1), "{nth}");
        if !has_struck {
            return begun.unwrap();
        }
    }
    panic!("that many calls are not needed");
}

#[test]
fn a_number_that_means_nobody_is_refused() {
    for (uid, gid) in [(u32::MAX, 5), (5, u32::MAX)] {
        let refused = RunAs::begin(&Subject { uid, gid, groups: Vec::new() });
        assert!(matches!(refused, Err(RunAsError::System(_))));
    }
}

#[test]
fn a_thread_that_cannot_get_back_ends_the_process() {
    const TEST: &str = "a_thread_that_cannot_get_back_ends_the_process";
    if support::role().is_some() {
        let _guard = RunAs::begin(&stranger()).unwrap();
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
            .unwrap();
        return;
    }
    if own_uid() != 0 {
        eprintln!("skipped: only root may act as another user");
        return;
    }
    let mut child = support::start(TEST, "loses the way back", |_| {});
    let pidfd = Pidfd::of_child(&child.0).unwrap();
    assert!(pidfd.wait(Deadline::within(Duration::from_secs(60))).unwrap());
    assert_eq!(child.0.wait().unwrap().signal(), Some(6), "SIGABRT");
}

#[test]
fn a_process_without_the_privilege_is_told_so_and_never_becomes_root() {
    if !support::in_another_process("a_process_without_the_privilege_is_told_so_and_never_becomes_root") {
        return;
    }
    if own_uid() == 0 {
        let (user, group) = (Uid::from_raw(STRANGER), Gid::from_raw(GROUP));
        set_thread_groups(&[]).unwrap();
        set_thread_res_gid(group, group, group).unwrap();
        set_thread_res_uid(user, user, user).unwrap();
    }
    let own = own_uid();
    let refused = RunAs::begin(&Subject { uid: own + 1, gid: GROUP, groups: Vec::new() }).unwrap_err();
    assert_eq!((refused.fault(), refused), (Fault::System, RunAsError::NotPrivileged { uid: own + 1 }));
    let refused = RunAs::begin(&Subject { uid: 0, gid: 0, groups: Vec::new() }).unwrap_err();
    assert_eq!((refused.fault(), refused), (Fault::Caller, RunAsError::Upwards));
    // As itself, everybody may act.
    let gid = rustix::process::getegid().as_raw();
    drop(RunAs::begin(&Subject { uid: own, gid, groups: groups() }).unwrap());
}
