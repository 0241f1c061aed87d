// SPDX-License-Identifier: MIT OR Apache-2.0
//! A cleaner comes in each gap between two calls of an owner, and an owner in each gap of a cleaner: the living lose
//! nothing and begin nothing anew.

use cabotage_link::names::{Kind, PublishError, Published, Registry, Scope};
use cabotage_os::probe::{self, Feature};
use cabotage_os::{Deadline, seam, testing};

use crate::worker;
use crate::{Harbour, defaults, harbour, name, soon};

/// More calls than anything here makes.
const CALLS_MAX: u64 = 120;

fn publish(registry: &Registry) -> Result<Published, PublishError> {
    registry.publish(Kind::Link, &name("one"), defaults(), Deadline::Now)
}

fn sweep(registry: &Registry) -> usize {
    registry.remove_all_stale(Kind::Link, Scope::User, soon()).unwrap()
}

fn leave_behind(harbour: &Harbour) {
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish one").unwrap(), "published");
    worker.kill();
}

/// Runs `act` again and again, each time with `intrude` in another gap, until it has no more gaps; hands what both
/// answered to `check`.
fn in_each_gap<A, B: 'static>(
    prepare: impl Fn(&Harbour),
    intrude: impl Fn(&Registry) -> B + Copy + 'static,
    act: impl Fn(&Registry) -> A,
    check: impl Fn(&Harbour, A, Option<B>, u64),
) {
    let place = || {
        let harbour = harbour();
        prepare(&harbour);
        harbour
    };
    let intruder = |harbour: &Harbour| {
        let registry = harbour.registry.clone();
        move || intrude(&registry)
    };
    testing::in_each_gap(CALLS_MAX, place, intruder, |harbour| act(&harbour.registry), check);
}

fn must_be_whole(harbour: &Harbour, published: Result<Published, PublishError>, gap: u64) {
    let published = published.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
    assert_eq!(harbour.files(Scope::User), [".one.lock", "one"], "gap {gap}");
    harbour.connect("one").unwrap();
    published.accept(Deadline::Now).unwrap();
    assert!(published.unpublish().unwrap(), "gap {gap}");
    assert!(harbour.files(Scope::User).is_empty(), "gap {gap}");
}

#[test]
fn a_cleaner_in_any_gap_of_publishing_finds_nothing_and_makes_nobody_begin_anew() {
    let counted = |registry: &Registry| {
        let before = seam::calls();
        (publish(registry), seam::calls() - before)
    };
    let swept = |registry: &Registry| {
        let before = seam::calls();
        (sweep(registry), seam::calls() - before)
    };
    // What is asked once in a process is asked before anything is counted.
    drop(publish(&harbour().registry).unwrap());
    let (alone, calls_alone) = counted(&harbour().registry);
    drop(alone.unwrap());
    in_each_gap(
        |_| {},
        swept,
        counted,
        |harbour, (published, calls), intrusion, gap| {
            must_be_whole(harbour, published, gap);
            let (removed, of_the_cleaner) = intrusion.unwrap_or((0, 0));
            assert_eq!(removed, 0, "gap {gap}");
            assert_eq!(calls - of_the_cleaner, calls_alone, "gap {gap}: the publisher began anew");
        },
    );
}

#[test]
fn without_unnamed_files_a_publisher_in_its_first_gap_begins_anew_at_most() {
    let _missing = probe::without(Feature::UnnamedFiles);
    in_each_gap(|_| {}, sweep, publish, |harbour, published, _, gap| must_be_whole(harbour, published, gap));
}

#[test]
fn a_cleaner_in_any_gap_of_a_take_over_takes_what_the_dead_left_or_nothing() {
    in_each_gap(leave_behind, sweep, publish, |harbour, published, _, gap| {
        must_be_whole(harbour, published, gap);
    });
}

#[test]
fn a_cleaner_in_any_gap_of_giving_up_finds_nothing() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let published = publish(&harbour.registry).unwrap();
        let registry = harbour.registry.clone();
        let plan = seam::before_nth(nth, move || assert_eq!(sweep(&registry), 0, "gap {nth}"));
        assert!(published.unpublish().unwrap());
        assert!(harbour.files(Scope::User).is_empty(), "gap {nth}");
        if !plan.has_come() {
            assert!(nth > 4, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn an_owner_in_any_gap_of_a_cleaner_keeps_what_it_has() {
    in_each_gap(leave_behind, publish, sweep, |harbour, removed, intruder, gap| {
        assert!(removed <= 1, "gap {gap}");
        match intruder {
            Some(Ok(published)) => must_be_whole(harbour, Ok(published), gap),
            // The cleaner was at work, and this one would not wait.
            Some(Err(PublishError::Contended { .. })) | None => {
                must_be_whole(harbour, publish(&harbour.registry), gap);
            }
            Some(Err(error)) => panic!("gap {gap}: {error}"),
        }
    });
}

#[test]
fn a_second_cleaner_in_any_gap_of_the_first_leaves_nothing_either() {
    // One that waited here would wait for itself.
    let second = |registry: &Registry| {
        for leaving in registry.leavings(Kind::Link, Scope::User).unwrap() {
            let _busy = registry.remove_leaving(&leaving, Deadline::Now);
        }
    };
    in_each_gap(leave_behind, second, sweep, |harbour, _, _, gap| {
        assert!(harbour.files(Scope::User).is_empty(), "gap {gap}: {:?}", harbour.files(Scope::User));
    });
}

#[test]
fn looking_disturbs_neither_an_owner_nor_one_who_waits_for_a_client() {
    let harbour = harbour();
    let published = publish(&harbour.registry).unwrap();
    for _ in 0..3 {
        assert_eq!(harbour.registry.leavings(Kind::Link, Scope::User).unwrap(), []);
    }
    // Its lock file gone, nothing but the socket tells that it lives.
    std::fs::remove_file(harbour.folder(Scope::User).join(".one.lock")).unwrap();
    assert_eq!(harbour.registry.leavings(Kind::Link, Scope::User).unwrap(), []);
    assert_eq!(sweep(&harbour.registry), 0);
    published.accept(Deadline::Now).unwrap_err();
    harbour.connect("one").unwrap();
}
