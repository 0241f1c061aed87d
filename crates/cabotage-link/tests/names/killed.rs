// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an owner leaves that was killed at any moment, and how the next one gets the name.

use std::os::fd::AsFd;

use cabotage_link::names::{ConnectError, Kind, PublishError, RemoveError, Scope};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::process::{Pid, Pidfd, Signal};

use crate::worker;
use crate::{Harbour, defaults, harbour, name, soon};

/// More calls than publishing or giving up a name makes.
const CALLS_MAX: u64 = 80;

fn next_one_publishes(harbour: &Harbour, case: &str) {
    let published = harbour
        .registry
        .publish(Kind::Link, &name("one"), defaults(), soon())
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(harbour.files(Scope::User), [".one.lock", "one"], "{case}");
    harbour.connect("one").unwrap();
    published.accept(soon()).unwrap();
}

#[test]
fn a_name_left_by_a_killed_owner_is_taken_over() {
    let harbour = harbour();
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish one").unwrap(), "published");
    let refused = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
    assert!(matches!(refused, PublishError::Taken { pid: Some(pid), .. } if pid == worker.pid()));
    worker.kill();
    next_one_publishes(&harbour, "after the kill");
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn whoever_sees_the_end_of_a_killed_owner_may_take_its_name_at_once() {
    let harbour = harbour();
    for nth in 0..100 {
        let mut worker = worker::start(harbour.root.path());
        assert_eq!(worker.ask("publish one").unwrap(), "published");
        let client = harbour.connect("one").unwrap();
        let pidfd = Pidfd::open(Pid::from_raw(worker.pid()).unwrap()).unwrap().unwrap();
        assert!(pidfd.send_signal(Signal::KILL).unwrap());
        // The hang-up comes while the kernel is still closing what the owner had.
        let [found] = poll::wait([(client.as_fd(), Readiness::HUP)], soon()).unwrap();
        assert!(found.contains(Readiness::HUP), "{found:?}");
        next_one_publishes(&harbour, &format!("kill {nth}"));
        worker.kill();
    }
}

#[test]
fn a_publisher_killed_at_any_call_leaves_nothing_in_the_way() {
    let mut kills = 0;
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut worker = worker::start(harbour.root.path());
        let answer = worker.ask(&format!("publish one {nth}"));
        let has_ended = answer.is_some();
        kills += u64::from(!has_ended);
        worker.kill();
        next_one_publishes(&harbour, &format!("killed at call {nth}"));
        assert!(harbour.files(Scope::User).is_empty(), "killed at call {nth}");
        if has_ended {
            assert!(kills > 20, "only {kills} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_successor_killed_at_any_call_leaves_the_old_socket_or_the_new() {
    let harbour = harbour();
    let mut first = worker::start(harbour.root.path());
    assert_eq!(first.ask("publish one").unwrap(), "published");
    first.kill();
    for nth in 0..CALLS_MAX {
        let mut worker = worker::start(harbour.root.path());
        let has_ended = worker.ask(&format!("publish one {nth}")).is_some();
        worker.kill();
        let left = harbour.connect("one").unwrap_err();
        assert!(matches!(left, ConnectError::Refused { .. }), "killed at call {nth}: {left}");
        let files = harbour.files(Scope::User);
        assert!(files.len() <= 3, "killed at call {nth}: leavings do not add up: {files:?}");
        if has_ended {
            next_one_publishes(&harbour, "in the end");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn an_owner_killed_at_any_call_of_giving_up_leaves_nothing_in_the_way() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut worker = worker::start(harbour.root.path());
        assert_eq!(worker.ask("publish one").unwrap(), "published");
        let has_ended = worker.ask(&format!("drop {nth}")).is_some();
        worker.kill();
        let left = harbour.files(Scope::User).len();
        let count = harbour.registry.remove_all_stale(Kind::Link, Scope::User, soon()).unwrap();
        assert_eq!(count, usize::from(left > 0), "killed at call {nth}");
        assert!(harbour.files(Scope::User).is_empty(), "killed at call {nth}");
        next_one_publishes(&harbour, &format!("killed at call {nth}"));
        if has_ended {
            assert!(nth >= 4, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn what_is_stale_is_removed_on_demand_and_what_lives_is_not() {
    let harbour = harbour();
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish one").unwrap(), "published");
    let remove = || harbour.registry.remove_stale(Kind::Link, &name("one"), Scope::User, soon());
    let living = remove().unwrap_err();
    assert!(matches!(living, RemoveError::Living { pid: Some(pid), .. } if pid == worker.pid()), "{living}");
    assert_eq!(harbour.registry.remove_all_stale(Kind::Link, Scope::User, soon()).unwrap(), 0);
    harbour.connect("one").unwrap();
    worker.kill();
    assert!(remove().unwrap());
    assert!(!remove().unwrap());
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn each_owner_in_a_row_knows_which_it_is() {
    let harbour = harbour();
    let publish = || harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap();
    for killed in 0..3 {
        // Each publishes for the first time, or takes over from the one that was killed before it.
        let mut worker = worker::start(harbour.root.path());
        assert_eq!(worker.ask("publish one").unwrap(), "published");
        worker.kill();
        let own = publish();
        assert_eq!(own.generation(), 2, "after {killed} rounds");
        assert!(own.unpublish().unwrap());
    }
    // A name that was given back begins anew.
    assert_eq!(publish().generation(), 1);
}

#[test]
fn an_idle_lock_file_is_in_nobodys_way() {
    let harbour = harbour();
    drop(harbour.registry.publish(Kind::Link, &name("x"), defaults(), soon()).unwrap());
    for contents in ["", "nonsense", "1 .new-gone"] {
        std::fs::write(harbour.folder(Scope::User).join(".one.lock"), contents).unwrap();
        next_one_publishes(&harbour, contents);
        assert!(harbour.files(Scope::User).is_empty());
    }
}

#[test]
fn clients_find_the_old_socket_or_the_new_while_a_name_is_taken_over() {
    const ROUNDS: usize = 30;
    let harbour = harbour();
    let start = || {
        let mut worker = worker::start(harbour.root.path());
        assert_eq!(worker.ask("publish one").unwrap(), "published");
        worker
    };
    let mut owner = start();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut looks = 0_u64;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                match harbour.connect("one") {
                    Ok(_) | Err(ConnectError::Refused { .. } | ConnectError::Busy { .. }) => looks += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok(looks)
        });
        for _ in 0..ROUNDS {
            owner.kill();
            owner = start();
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(client.join().unwrap().unwrap() > 0);
    });
}
