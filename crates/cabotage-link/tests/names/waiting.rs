// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for a name that is not there yet.

use std::mem::forget;
use std::time::Duration;

use cabotage_link::names::{ConnectError, ConnectOptions, Kind, PublishOptions};
use cabotage_os::socket::Socket;
use cabotage_os::{Deadline, Errno, seam};

use crate::worker;
use crate::{Harbour, defaults, harbour, in_system, name, soon};

fn wait_for(harbour: &Harbour, deadline: Deadline) -> Result<Socket, ConnectError> {
    harbour.registry.connect(Kind::Link, &name("late"), ConnectOptions::new().wait_for_name(), deadline)
}

/// A client waits, and gets the server that comes.
fn is_met(harbour: &Harbour, options: PublishOptions) {
    std::thread::scope(|scope| {
        let client = scope.spawn(|| wait_for(harbour, soon()));
        let published = harbour.registry.publish(Kind::Link, &name("late"), options, soon()).unwrap();
        published.accept(soon()).unwrap();
        client.join().unwrap().unwrap();
    });
}

#[test]
fn a_name_is_waited_for_before_its_directory_is_there() {
    for _ in 0..10 {
        is_met(&harbour(), defaults());
        is_met(&harbour(), in_system());
    }
}

#[test]
fn a_name_appears_in_the_gap_before_any_call_and_is_found() {
    // The server comes just before the client's n-th call of each kind.
    for call in ["inotify_init1", "inotify_add_watch", "read", "poll", "openat"] {
        let harbour = harbour();
        let (registry, published) = (harbour.registry.clone(), std::rc::Rc::default());
        let kept = std::rc::Rc::<std::cell::RefCell<Option<_>>>::clone(&published);
        let plan = seam::before(call, move || {
            let server = registry.publish(Kind::Link, &name("late"), defaults(), soon());
            *kept.borrow_mut() = Some(server.unwrap());
        });
        wait_for(&harbour, soon()).unwrap();
        drop(plan);
        assert!(published.borrow().is_some(), "{call} was never made");
    }
}

/// The directory comes just after it was looked for in vain, while the other scope is being covered; the name comes
/// after the last look.
#[test]
fn a_directory_that_comes_while_others_are_covered_is_seen_in_time() {
    let harbour = harbour();
    let (before_its_turn, at_the_last) = (harbour.registry.clone(), harbour.registry.clone());
    let published = std::rc::Rc::<std::cell::RefCell<Vec<_>>>::default();
    let (first, last) = (std::rc::Rc::clone(&published), std::rc::Rc::clone(&published));
    let comes = move || {
        let other = before_its_turn.publish(Kind::Link, &name("other"), defaults(), soon());
        first.borrow_mut().push(other.unwrap());
        forget(seam::before("poll", move || {
            let late = at_the_last.publish(Kind::Link, &name("late"), defaults(), soon());
            last.borrow_mut().push(late.unwrap());
        }));
    };
    let third = move || forget(seam::before("inotify_add_watch", comes));
    let plan = seam::before("inotify_add_watch", move || forget(seam::before("inotify_add_watch", third)));
    let deadline = soon();
    wait_for(&harbour, deadline).unwrap();
    assert!(!deadline.has_passed(), "the last look of all found it");
    drop(plan);
    assert_eq!(published.borrow().len(), 2, "they came too early");
}

#[test]
fn the_successor_of_a_killed_server_is_waited_for() {
    let harbour = harbour();
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish late").unwrap(), "published");
    worker.kill();
    is_met(&harbour, defaults());
}

#[test]
fn without_watches_a_name_is_looked_for_again_and_again() {
    let harbour = harbour();
    let before = seam::calls();
    harbour.connect("late").unwrap_err();
    // After one look in vain comes the watch, and after another the wait, in which the server comes.
    let _no_watch = seam::fail_nth(seam::calls() - before, Errno::MFILE);
    let registry = harbour.registry.clone();
    let published = std::rc::Rc::<std::cell::RefCell<Option<_>>>::default();
    let kept = std::rc::Rc::clone(&published);
    let _coming = seam::before("poll", move || {
        let server = registry.publish(Kind::Link, &name("late"), defaults(), soon());
        *kept.borrow_mut() = Some(server.unwrap());
    });
    let trace = seam::trace();
    wait_for(&harbour, soon()).unwrap();
    assert!(trace.finish().iter().all(|(call, _)| *call != "inotify_add_watch"), "it had a watch");
    assert!(published.borrow().is_some());
}

#[test]
fn the_deadline_ends_the_wait() {
    let harbour = harbour();
    let short = Deadline::within(Duration::from_millis(30));
    assert!(matches!(wait_for(&harbour, short), Err(ConnectError::Absent { .. })));
    assert!(short.has_passed());
    assert!(matches!(wait_for(&harbour, Deadline::Now), Err(ConnectError::Absent { .. })));
}
