// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for a name that is not there yet.

use std::time::Duration;

use cabotage_link::names::{ConnectError, ConnectOptions, Kind, PublishOptions};
use cabotage_os::socket::Socket;
use cabotage_os::{Deadline, Errno, seam};

use crate::worker::Worker;
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

#[test]
fn the_successor_of_a_killed_server_is_waited_for() {
    let harbour = harbour();
    let mut worker = Worker::start(harbour.root.path());
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
