// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server leaves that was killed at any moment: the name is usable at once, clients are told, one sweep removes
//! it.

use cabotage_link::names::Scope;
use cabotage_os::Deadline;
use cabotage_pipe::named::PipeError;
use cabotage_pipe::named::place::What;
use cabotage_pipe::named::rules::Asked;

use crate::worker;
use crate::{ASKED, Harbour, creation, harbour, name, soon, sweep};

/// More calls than anything here makes.
const CALLS_MAX: u64 = 160;

/// The name is free, and whoever is next has it whole.
fn next_one_creates(harbour: &Harbour, case: &str) {
    let first = creation(Asked { first_instance: true, ..ASKED });
    let mut instance = harbour.create_as("one", first).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(harbour.names(Scope::User).contains(&"one".into()), "{case}");
    harbour.connect("one").unwrap_or_else(|error| panic!("{case}: {error}"));
    instance.accept(soon()).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(harbour.connect("one").unwrap_err(), PipeError::AllBusy, "{case}");
}

/// Gives `order` to a new worker, after `before`, and kills it at each of its calls in turn.
fn killed_at_each_call(calls_min: u64, before: &[&str], order: &str, check: impl Fn(&Harbour, bool, &str)) {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut worker = worker::start(harbour.root.path());
        for order in before {
            worker.ask(order).unwrap();
        }
        let has_ended = worker.ask(&format!("{order} {nth}")).is_some();
        worker.kill();
        check(&harbour, has_ended, &format!("{order}, killed at call {nth}"));
        if has_ended {
            assert!(nth >= calls_min, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_creator_killed_at_any_call_leaves_nothing_in_the_way_and_what_one_sweep_removes() {
    killed_at_each_call(30, &[], "create one", |harbour, _, case| {
        let told = harbour.connect("one").unwrap_err();
        assert_eq!(told, PipeError::NotFound, "{case}");
        let left = harbour.names(Scope::User);
        if left == ["one"] {
            // It goes to the next one, without a sweep.
            next_one_creates(harbour, case);
        } else {
            // A folder that never got the name is in nobody's way.
            let next = harbour.create("one").unwrap();
            assert_eq!(sweep(&harbour.registry, Scope::User), left.len(), "{case}");
            next.close().unwrap();
        }
        assert!(harbour.names(Scope::User).is_empty(), "{case}: {:?}", harbour.names(Scope::User));
    });
}

#[test]
fn a_second_creator_killed_at_any_call_harms_nobody() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut mine = harbour.create("one").unwrap();
        let mut worker = worker::start(harbour.root.path());
        let has_ended = worker.ask(&format!("create one {nth}")).is_some();
        worker.kill();
        let case = format!("killed at call {nth}");
        assert_eq!(mine.instances().unwrap(), 1, "{case}");
        harbour.connect("one").unwrap();
        mine.accept(soon()).unwrap();
        assert_eq!(harbour.connect("one").unwrap_err(), PipeError::AllBusy, "{case}");
        mine.listen(soon()).unwrap();
        harbour.connect("one").unwrap();
        assert!(sweep(&harbour.registry, Scope::User) <= 1, "{case}");
        assert_eq!(sweep(&harbour.registry, Scope::User), 0, "{case}");
        drop(mine);
        assert!(harbour.names(Scope::User).is_empty(), "{case}");
        if has_ended {
            assert!(nth > 20, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_successor_killed_at_any_call_leaves_leavings_that_do_not_add_up() {
    let harbour = harbour();
    let mut first = worker::start(harbour.root.path());
    first.must("create one", "created");
    first.kill();
    for nth in 0..CALLS_MAX {
        let mut worker = worker::start(harbour.root.path());
        let has_ended = worker.ask(&format!("create one {nth}")).is_some();
        worker.kill();
        let case = format!("killed at call {nth}");
        assert_eq!(harbour.connect("one").unwrap_err(), PipeError::NotFound, "{case}");
        sweep(&harbour.registry, Scope::User);
        assert!(harbour.names(Scope::User).is_empty(), "{case}: {:?}", harbour.names(Scope::User));
        let mut again = worker::start(harbour.root.path());
        again.must("create one", "created");
        again.kill();
        if has_ended {
            next_one_creates(&harbour, "in the end");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_server_killed_at_any_call_of_closing_leaves_nothing_in_the_way() {
    killed_at_each_call(12, &["create one"], "close", |harbour, _, case| {
        assert_eq!(harbour.connect("one").unwrap_err(), PipeError::NotFound, "{case}");
        let is_clean = harbour.names(Scope::User).is_empty();
        assert_eq!(sweep(&harbour.registry, Scope::User), usize::from(!is_clean), "{case}");
        next_one_creates(harbour, case);
        assert!(harbour.names(Scope::User).is_empty(), "{case}");
    });
}

#[test]
fn a_server_killed_at_any_call_of_accepting_or_listening_leaves_nothing_in_the_way() {
    killed_at_each_call(3, &["create one", "connect one"], "accept", |harbour, _, case| {
        next_one_creates(harbour, case);
    });
    let before = ["create one", "connect one", "accept"];
    killed_at_each_call(10, &before, "listen", |harbour, _, case| next_one_creates(harbour, case));
}

#[test]
fn a_cleaner_killed_at_any_call_leaves_what_the_next_one_removes() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut server = worker::start(harbour.root.path());
        server.must("create one", "created");
        server.kill();
        let mut cleaner = worker::start(harbour.root.path());
        let has_ended = cleaner.ask(&format!("sweep user {nth}")).is_some();
        cleaner.kill();
        sweep(&harbour.registry, Scope::User);
        assert!(harbour.names(Scope::User).is_empty(), "killed at call {nth}");
        if has_ended {
            assert!(nth > 20, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn the_instances_of_a_killed_server_are_gone_and_those_of_others_stay() {
    let harbour = harbour();
    let mut worker = worker::start(harbour.root.path());
    let few = creation(Asked { instances_max: 3, ..ASKED });
    let mut mine = harbour.create_as("one", few).unwrap();
    for _ in 0..2 {
        worker.must("create one", "created");
    }
    assert_eq!(harbour.create("one").unwrap_err(), PipeError::TooManyInstances { max: 3 });
    worker.kill();
    assert_eq!(mine.instances().unwrap(), 1);
    // Their posts, which come before that of the third, are in nobody's way.
    let third = harbour.create("one").unwrap();
    harbour.connect("one").unwrap();
    harbour.connect("one").unwrap();
    assert!(mine.has_client().unwrap() && third.has_client().unwrap());
    mine.accept(soon()).unwrap();
    let [left] = &cabotage_pipe::named::place::leavings(&harbour.registry, Scope::User).unwrap()[..] else {
        panic!("one leaving")
    };
    assert_eq!((&left.what, left.pid), (&What::Instances(name("one").file().clone()), Some(worker.pid())));
    assert_eq!(sweep(&harbour.registry, Scope::User), 1);
    assert_eq!(crate::files(&harbour.folder(Scope::User).join("one/instances")).len(), 2);
}

#[test]
fn who_waits_for_an_instance_is_told_when_its_server_is_killed() {
    for _ in 0..5 {
        let harbour = harbour();
        let mut server = worker::start(harbour.root.path());
        server.must("create one", "created");
        let _client = harbour.connect("one").unwrap();
        let told = std::thread::scope(|scope| {
            let waits = scope.spawn(|| harbour.connect_by("one", Deadline::Never));
            let mut second = worker::start(harbour.root.path());
            second.tell("wait-and-connect one");
            server.kill();
            assert_eq!(second.answer().unwrap(), "NotFound");
            waits.join().unwrap()
        });
        assert_eq!(told.unwrap_err(), PipeError::NotFound);
    }
}
