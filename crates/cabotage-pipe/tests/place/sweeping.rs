// SPDX-License-Identifier: MIT OR Apache-2.0
//! What killed servers left is found, told and removed; what belongs to the living is not, whatever its pid, wherever
//! it runs, and whenever the sweep comes.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_link::names::{Registry, Scope};
use cabotage_os::process::{Pid, Pidfd, Signal};
use cabotage_os::{Deadline, seam, testing};
use cabotage_pipe::named::PipeError;
use cabotage_pipe::named::place::{self, Instance, Rights, What};

use crate::random::Random;
use crate::worker::{self, Worker};
use crate::{ASKED, Harbour, creation, harbour, name, own_uid, soon, sweep};

/// More calls than anything here makes.
const CALLS_MAX: u64 = 200;

fn server(harbour: &Harbour) -> Worker {
    let mut worker = worker::start(harbour.root.path());
    worker.must("create one", "created");
    worker
}

fn create(registry: &Registry, deadline: Deadline) -> Result<Instance, PipeError> {
    place::create(registry, Scope::User, &name("one"), &creation(ASKED), Rights::default(), deadline)
}

#[test]
fn a_leaving_tells_what_it_is_whose_it_was_and_why_it_is_stale() {
    let harbour = harbour();
    let mut owner = server(&harbour);
    assert_eq!(place::leavings(&harbour.registry, Scope::User).unwrap(), []);
    owner.kill();
    let found = place::leavings(&harbour.registry, Scope::User).unwrap();
    let [left] = &found[..] else { panic!("one leaving, not {found:?}") };
    assert_eq!((left.scope, left.uid, left.pid), (Scope::User, own_uid(), Some(owner.pid())));
    assert_eq!(left.what, What::Pipe(name("one").file().clone()));
    assert_eq!(left.path(), harbour.folder(Scope::User).join("one"));
    assert!(left.what.to_string().contains("nobody shows their signs"));
    assert_eq!(harbour.names(Scope::User), ["one"], "looking changes nothing");
    assert!(place::remove_leaving(&harbour.registry, left, soon()).unwrap());
    assert!(!place::remove_leaving(&harbour.registry, left, soon()).unwrap(), "twice is as good as once");
    assert!(harbour.names(Scope::User).is_empty());
}

#[test]
fn what_was_found_is_not_what_lives_now() {
    let harbour = harbour();
    server(&harbour).kill();
    let found = place::leavings(&harbour.registry, Scope::User).unwrap();
    let _next = harbour.create("one").unwrap();
    assert!(!place::remove_leaving(&harbour.registry, &found[0], soon()).unwrap());
    harbour.connect("one").unwrap();
}

#[test]
fn a_pid_that_was_given_to_another_process_decides_nothing() {
    let harbour = harbour();
    server(&harbour).kill();
    // The dead server's sign names a living process.
    let signs = harbour.folder(Scope::User).join("one/instances");
    let [sign] = &crate::files(&signs)[..] else { panic!("one sign") };
    let id = sign.split_once('-').unwrap().0;
    std::fs::rename(signs.join(sign), signs.join(format!("{id}-{}", std::process::id()))).unwrap();
    assert_eq!(harbour.connect("one").unwrap_err(), PipeError::NotFound);
    assert_eq!(sweep(&harbour.registry, Scope::User), 1);
    assert!(harbour.names(Scope::User).is_empty());
}

#[test]
fn a_server_in_another_pid_namespace_is_seen_to_live_and_to_die() {
    let harbour = harbour();
    let Some(mut owner) = worker::start_in_a_pid_namespace(harbour.root.path()) else { return };
    owner.must("create one", "created");
    assert_eq!(sweep(&harbour.registry, Scope::User), 0);
    let _client = harbour.connect("one").unwrap();
    // And the other way round: a cleaner there, a server here.
    let mine = harbour.create("mine").unwrap();
    owner.must("sweep user", "swept 0");
    mine.close().unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| harbour.connect_by("one", soon()));
        owner.kill();
        assert_eq!(waits.join().unwrap().unwrap_err(), PipeError::NotFound);
    });
    assert_eq!(sweep(&harbour.registry, Scope::User), 1);
    assert!(harbour.names(Scope::User).is_empty());
}

#[test]
fn a_stopped_server_lives() {
    let harbour = harbour();
    let mut owner = server(&harbour);
    let process = Pidfd::open(Pid::from_raw(owner.pid()).unwrap()).unwrap().unwrap();
    process.send_signal(Signal::STOP).unwrap();
    assert_eq!(sweep(&harbour.registry, Scope::User), 0);
    harbour.connect("one").unwrap();
    process.send_signal(Signal::CONT).unwrap();
    owner.must("close", "closed");
    assert!(harbour.names(Scope::User).is_empty());
}

#[test]
fn other_users_things_are_left_alone_but_by_root() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    stranger.must("create-shared theirs", "created");
    let mut mine = worker::start(harbour.root.path());
    mine.must("create-shared mine", "created");
    mine.kill();
    stranger.must("sweep system", "swept 0");
    stranger.kill();
    let left = place::leavings(&harbour.registry, Scope::System).unwrap();
    assert_eq!(left.iter().map(|one| one.uid).collect::<Vec<_>>(), [0, worker::STRANGER]);
    assert_eq!(sweep(&harbour.registry, Scope::System), 2);
    assert!(harbour.names(Scope::System).is_empty());
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

fn must_be_whole(harbour: &Harbour, created: Result<Instance, PipeError>, gap: u64) {
    let mut instance = created.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
    assert_eq!(harbour.names(Scope::User), ["one"], "gap {gap}");
    let client = harbour.connect("one").unwrap_or_else(|error| panic!("gap {gap}: {error}"));
    instance.accept(Deadline::Now).unwrap();
    instance.close().unwrap_or_else(|error| panic!("gap {gap}: {error}"));
    assert!(harbour.names(Scope::User).is_empty(), "gap {gap}");
    drop(client);
}

/// A sweep that waits for nobody: who would wait here would wait for itself.
fn brush(registry: &Registry) -> usize {
    let found = place::leavings(registry, Scope::User).unwrap();
    let removes =
        |left: &&place::Leaving| matches!(place::remove_leaving(registry, left, Deadline::Now), Ok(true));
    found.iter().filter(removes).count()
}

#[test]
fn a_cleaner_in_any_gap_of_creating_harms_nobody() {
    // In its first gaps, before the folder is locked, the creator may have to begin anew.
    in_each_gap(
        |_| {},
        brush,
        |registry| create(registry, soon()),
        |harbour, created, _, gap| {
            must_be_whole(harbour, created, gap);
        },
    );
}

#[test]
fn a_cleaner_in_any_gap_of_a_take_over_takes_what_the_dead_left_or_nothing() {
    in_each_gap(
        |harbour| server(harbour).kill(),
        brush,
        |registry| create(registry, soon()),
        |harbour, created, _, gap| must_be_whole(harbour, created, gap),
    );
}

#[test]
fn a_cleaner_in_any_gap_of_joining_and_closing_finds_nothing() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let first = harbour.create("one").unwrap();
        let registry = harbour.registry.clone();
        let plan = seam::before_nth(nth, move || {
            // At the very end a folder without name and contents may be taken for a leaving, and be gone the sooner.
            let found = place::leavings(&registry, Scope::User).unwrap();
            assert!(
                found.iter().all(|left| matches!(left.what, What::Unfinished(_))),
                "gap {nth}: {found:?}"
            );
            brush(&registry);
        });
        let second = create(&harbour.registry, soon()).unwrap();
        first.close().unwrap();
        second.close().unwrap();
        assert!(harbour.names(Scope::User).is_empty(), "gap {nth}");
        if !plan.has_come() {
            assert!(nth > 60, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_creator_in_any_gap_of_a_cleaner_keeps_what_it_has() {
    in_each_gap(
        |harbour| server(harbour).kill(),
        |registry| create(registry, Deadline::Now),
        |registry| sweep(registry, Scope::User),
        |harbour, removed, intruder, gap| {
            assert!(removed <= 1, "gap {gap}");
            match intruder {
                Some(Ok(instance)) => must_be_whole(harbour, Ok(instance), gap),
                // The cleaner was at work, and this one would not wait.
                Some(Err(PipeError::TimedOut)) | None => {
                    must_be_whole(harbour, create(&harbour.registry, soon()), gap);
                }
                Some(Err(error)) => panic!("gap {gap}: {error}"),
            }
        },
    );
}

#[test]
fn a_creator_in_any_gap_of_another_has_an_instance_of_the_same_pipe() {
    in_each_gap(
        |_| {},
        |registry| create(registry, Deadline::Now),
        |registry| create(registry, soon()),
        |harbour, first, second, gap| {
            let first = first.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
            match second {
                Some(Ok(second)) => {
                    assert_eq!(first.instances().unwrap(), 2, "gap {gap}");
                    assert_eq!(second.instances().unwrap(), 2, "gap {gap}");
                    second.close().unwrap();
                }
                // The first was in the middle of it, and this one would not wait.
                Some(Err(PipeError::TimedOut)) | None => {}
                Some(Err(error)) => panic!("gap {gap}: {error}"),
            }
            must_be_whole(harbour, Ok(first), gap);
        },
    );
}

#[test]
fn a_creator_in_any_gap_of_the_last_one_that_closes_has_the_name() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let last = harbour.create("one").unwrap();
        let (registry, made) = (harbour.registry.clone(), Rc::new(RefCell::new(None)));
        let kept = Rc::clone(&made);
        let plan = seam::before_nth(nth, move || *kept.borrow_mut() = Some(create(&registry, Deadline::Now)));
        last.close().unwrap();
        let has_come = plan.has_come();
        drop(plan);
        match made.take() {
            Some(Ok(instance)) => must_be_whole(&harbour, Ok(instance), nth),
            Some(Err(PipeError::TimedOut)) | None => {
                assert!(harbour.names(Scope::User).is_empty(), "gap {nth}")
            }
            Some(Err(error)) => panic!("gap {nth}: {error}"),
        }
        if !has_come {
            assert!(nth > 15, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn an_instance_that_listens_again_in_any_gap_of_a_look_is_found_or_the_pipe_is_busy() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut instance = harbour.create("one").unwrap();
        let _client = harbour.connect("one").unwrap();
        instance.accept(soon()).unwrap();
        let instance = Rc::new(RefCell::new(instance));
        let listens = Rc::clone(&instance);
        let plan = seam::before_nth(nth, move || listens.borrow_mut().listen(soon()).unwrap());
        match harbour.connect("one") {
            Ok(_) | Err(PipeError::AllBusy) => {}
            Err(error) => panic!("gap {nth}: {error}"),
        }
        if !plan.has_come() {
            assert!(nth > 15, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_second_cleaner_in_any_gap_of_the_first_leaves_nothing_either() {
    in_each_gap(
        |harbour| server(harbour).kill(),
        brush,
        |registry| sweep(registry, Scope::User),
        |harbour, _, _, gap| assert!(harbour.names(Scope::User).is_empty(), "gap {gap}"),
    );
}

const OWNERS: u64 = 4;
const LIVES: u64 = 100;

/// Two cleaners that never rest, beside servers that are killed at one of their calls.
#[test]
fn beside_cleaners_that_never_rest_no_living_server_loses_anything() {
    let harbour = harbour();
    let steady = harbour.create("steady").unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    sweep(&harbour.registry, Scope::User);
                    std::thread::yield_now();
                }
            });
        }
        let lives = std::panic::catch_unwind(|| live_and_die(harbour.root.path()));
        over.store(true, Ordering::Relaxed);
        lives.unwrap();
    });
    harbour.connect("steady").unwrap();
    steady.close().unwrap();
    sweep(&harbour.registry, Scope::User);
    assert!(harbour.names(Scope::User).is_empty(), "{:?}", harbour.names(Scope::User));
}

fn live_and_die(root: &std::path::Path) {
    let mut random = Random::of_today();
    let mut crew: Vec<_> = (0..OWNERS).map(|_| worker::start(root)).collect();
    for life in 0..LIVES {
        let at = usize::try_from(life % OWNERS).unwrap();
        let nth = random.below(CALLS_MAX);
        if let Some(answer) = crew[at].ask(&format!("create-first name{at} {nth}")) {
            assert_eq!(answer, "created", "life {life}");
            let pid = crew[at].pid();
            let next = (at + 1) % crew.len();
            let found = crew[next].ask(&format!("connect name{at}")).unwrap();
            assert_eq!(found, format!("connected {pid}"), "life {life}: the living lost its name");
        }
        crew[at].kill();
        crew[at] = worker::start(root);
    }
}
