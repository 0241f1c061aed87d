// SPDX-License-Identifier: MIT OR Apache-2.0
//! What owners that were killed left is found, told and removed; what belongs to the living is not, whatever is
//! written down about them.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cabotage_link::names::{Kind, Leaving, RemoveError, Scope, What};
use cabotage_os::process::Pid;
use cabotage_os::process::{Pidfd, Signal};

use crate::random::Random;
use crate::worker::{self, Worker};
use crate::{Harbour, defaults, harbour, in_system, name, own_pid, own_uid, soon};

const CALLS_MAX: u64 = 80;

impl Harbour {
    fn leavings(&self, scope: Scope) -> Vec<Leaving> {
        self.registry.leavings(Kind::Link, scope).unwrap()
    }

    fn sweep(&self) -> usize {
        self.registry.remove_all_stale(Kind::Link, Scope::User, soon()).unwrap()
    }

    /// An owner of the name `one`, in a process of its own.
    fn owner(&self) -> Worker {
        let mut worker = worker::start(self.root.path());
        assert_eq!(worker.ask("publish one").unwrap(), "published");
        worker
    }

    fn write_record(&self, text: &str) {
        fs::write(self.folder(Scope::User).join(".one.lock"), text).unwrap();
    }
}

#[test]
fn a_leaving_tells_what_it_is_whose_it_was_and_why_it_is_stale() {
    let harbour = harbour();
    let mut owner = harbour.owner();
    assert_eq!(harbour.leavings(Scope::User), []);
    owner.kill();
    let [left] = &harbour.leavings(Scope::User)[..] else { panic!("one leaving") };
    assert_eq!((left.kind, left.scope, left.uid), (Kind::Link, Scope::User, own_uid()));
    assert_eq!((left.pid, left.name()), (Some(owner.pid()), Some(&name("one"))));
    assert_eq!(left.what, What::Name(name("one")));
    assert_eq!(left.path(), harbour.folder(Scope::User).join("one"));
    assert!(left.what.to_string().contains("nobody holds its lock"));
    assert_eq!(harbour.files(Scope::User), [".one.lock", "one"], "looking changes nothing");
    assert!(harbour.registry.remove_leaving(left, soon()).unwrap());
    assert!(!harbour.registry.remove_leaving(left, soon()).unwrap(), "twice is as good as once");
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn what_was_found_is_not_what_the_next_owner_leaves() {
    let harbour = harbour();
    harbour.owner().kill();
    let [left] = &harbour.leavings(Scope::User)[..] else { panic!("one leaving") };
    drop(harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap());
    let next = harbour.owner();
    assert!(!harbour.registry.remove_leaving(left, soon()).unwrap_or(false));
    harbour.connect("one").unwrap();
    drop(next);
}

#[test]
fn a_pid_that_was_given_to_another_process_decides_nothing() {
    let harbour = harbour();
    harbour.owner().kill();
    // The dead owner's record names a living process; then a living owner's names none.
    harbour.write_record(&format!("{} .new-0", own_pid()));
    assert_eq!(harbour.leavings(Scope::User)[0].pid, Some(own_pid()));
    assert_eq!(harbour.sweep(), 1);
    let _owner = harbour.owner();
    for forged in [i32::MAX.to_string(), "0 -".into(), String::new()] {
        harbour.write_record(&forged);
        assert_eq!(harbour.sweep(), 0, "{forged:?}");
        harbour.connect("one").unwrap();
    }
}

#[test]
fn an_owner_in_another_pid_namespace_is_seen_to_live_and_to_die() {
    let harbour = harbour();
    let Some(mut owner) = worker::start_in_a_pid_namespace(harbour.root.path()) else { return };
    assert_eq!(owner.ask("publish one").unwrap(), "published");
    assert_eq!(harbour.sweep(), 0);
    harbour.connect("one").unwrap();
    // And the other way round: a cleaner there, an owner here.
    let mine = harbour.registry.publish(Kind::Link, &name("mine"), defaults(), soon()).unwrap();
    assert_eq!(owner.ask("sweep user").unwrap(), "swept 0");
    assert!(mine.unpublish().unwrap());
    owner.kill();
    await_death_of(&harbour);
    assert_eq!(harbour.sweep(), 1);
    assert!(harbour.files(Scope::User).is_empty());
}

/// `unshare` is ended first, and its child with it, a moment later; and what this process closes, a child that
/// another test is starting just now closes a moment later.
fn await_death_of(harbour: &Harbour) {
    let patience = soon();
    while harbour.leavings(Scope::User).is_empty() {
        assert!(!patience.has_passed());
        std::thread::yield_now();
    }
}

#[test]
fn a_stopped_owner_lives() {
    let harbour = harbour();
    let mut owner = harbour.owner();
    let process = Pidfd::open(Pid::from_raw(owner.pid()).unwrap()).unwrap().unwrap();
    process.send_signal(Signal::STOP).unwrap();
    assert_eq!(harbour.sweep(), 0);
    harbour.connect("one").unwrap();
    process.send_signal(Signal::CONT).unwrap();
    assert_eq!(owner.ask("drop").unwrap(), "dropped");
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn a_publisher_killed_at_any_call_leaves_what_one_sweep_removes() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        let mut worker = worker::start(harbour.root.path());
        let has_ended = worker.ask(&format!("publish one {nth}")).is_some();
        worker.kill();
        let found = harbour.leavings(Scope::User).len();
        assert_eq!(found, usize::from(!harbour.files(Scope::User).is_empty()), "killed at call {nth}");
        assert_eq!(harbour.sweep(), found, "killed at call {nth}");
        assert!(harbour.files(Scope::User).is_empty(), "killed at call {nth}");
        if has_ended {
            assert!(nth > 20, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_cleaner_killed_at_any_call_leaves_what_the_next_one_removes() {
    for nth in 0..CALLS_MAX {
        let harbour = harbour();
        harbour.owner().kill();
        let mut cleaner = worker::start(harbour.root.path());
        let has_ended = cleaner.ask(&format!("sweep user {nth}")).is_some();
        cleaner.kill();
        harbour.sweep();
        assert!(harbour.files(Scope::User).is_empty(), "killed at call {nth}");
        if has_ended {
            assert!(nth > 12, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_name_whose_lock_file_was_removed_goes_when_its_owner_is_dead() {
    let harbour = harbour();
    let mut owner = harbour.owner();
    fs::remove_file(harbour.folder(Scope::User).join(".one.lock")).unwrap();
    assert_eq!(harbour.sweep(), 0);
    harbour.connect("one").unwrap();
    owner.kill();
    assert_eq!(harbour.leavings(Scope::User)[0].what, What::Unlocked(name("one")));
    assert_eq!(harbour.sweep(), 1);
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn a_stray_socket_goes_when_nobody_has_it_and_nobody_is_making_it() {
    let harbour = harbour();
    drop(harbour.registry.publish(Kind::Link, &name("x"), defaults(), soon()).unwrap());
    let stray = harbour.folder(Scope::User).join(".new-0123456789abcdef");
    let bound = UnixListener::bind(&stray).unwrap();
    assert_eq!(harbour.sweep(), 0, "somebody has it");
    drop(bound);
    let owner = harbour.owner();
    harbour.write_record("1 .new-0123456789abcdef");
    assert_eq!(harbour.sweep(), 0, "a living owner is making it");
    drop(owner);
    await_death_of(&harbour);
    assert_eq!(harbour.sweep(), 1, "its maker is dead, and it goes with the name");
    drop(UnixListener::bind(&stray).unwrap());
    await_death_of(&harbour);
    assert!(matches!(harbour.leavings(Scope::User)[0].what, What::Stray(_)));
    assert_eq!(harbour.sweep(), 1);
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn what_nobody_published_is_left_alone_and_a_dead_owners_lock_goes_from_beside_it() {
    let harbour = harbour();
    harbour.owner().kill();
    let path = harbour.folder(Scope::User).join("one");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "mine").unwrap();
    assert_eq!(harbour.leavings(Scope::User)[0].what, What::Unfinished(name("one")));
    assert_eq!(harbour.sweep(), 1);
    assert_eq!(harbour.files(Scope::User), ["one"]);
    assert_eq!(fs::read(path).unwrap(), b"mine");
}

#[test]
fn other_users_things_are_left_alone_but_by_root() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    assert_eq!(stranger.ask("publish-shared theirs").unwrap(), "published");
    harbour.owner_in_system().kill();
    assert_eq!(stranger.ask("sweep system").unwrap(), "swept 0", "root's is none of its business");
    let [left] = &harbour.leavings(Scope::System)[..] else { panic!("one leaving") };
    assert_eq!((left.uid, left.name()), (0, Some(&name("mine"))));
    stranger.kill();
    let left = harbour.leavings(Scope::System);
    assert_eq!(left.iter().map(|one| one.uid).collect::<Vec<_>>(), [0, 65_534]);
    assert_eq!(harbour.registry.remove_all_stale(Kind::Link, Scope::System, soon()).unwrap(), 2);
    assert!(harbour.files(Scope::System).is_empty());
}

impl Harbour {
    fn owner_in_system(&self) -> Worker {
        let mut worker = worker::start(self.root.path());
        assert_eq!(worker.ask("publish-shared mine").unwrap(), "published");
        worker
    }
}

const OWNERS: u64 = 4;
const LIVES: u64 = 200;

/// Two cleaners that never rest, beside owners that are killed at one of their calls or at any moment.
#[test]
fn beside_cleaners_that_never_rest_no_living_owner_loses_anything() {
    let harbour = harbour();
    let steady = harbour.registry.publish(Kind::Link, &name("steady"), defaults(), soon()).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    harbour.sweep();
                }
            });
        }
        let lives = std::panic::catch_unwind(|| live_and_die(harbour.root.path()));
        over.store(true, Ordering::Relaxed);
        lives.unwrap();
    });
    harbour.connect("steady").unwrap();
    assert!(steady.unpublish().unwrap());
    harbour.sweep();
    assert!(harbour.files(Scope::User).is_empty(), "{:?}", harbour.files(Scope::User));
}

fn live_and_die(root: &Path) {
    let mut random = Random::of_today();
    let mut crew: Vec<_> = (0..OWNERS).map(|_| worker::start(root)).collect();
    for life in 0..LIVES {
        let at = usize::try_from(life % OWNERS).unwrap();
        let nth = random.below(2 * CALLS_MAX);
        let answer = crew[at].ask(&format!("publish name{at} {nth}"));
        if let Some(answer) = answer {
            assert_eq!(answer, "published", "life {life}");
            let pid = crew[at].pid();
            let client = format!("connect name{at}");
            let next = (at + 1) % crew.len();
            let found = crew[next].ask(&client).unwrap();
            assert_eq!(found, format!("connected {pid}"), "life {life}: the living lost its name");
        }
        crew[at].kill();
        crew[at] = worker::start(root);
    }
}

#[test]
fn a_name_in_use_is_refused_with_its_owner_even_to_root() {
    let harbour = harbour();
    let owner = harbour.registry.publish(Kind::Link, &name("one"), in_system(), soon()).unwrap();
    let refused = harbour.registry.remove_stale(Kind::Link, &name("one"), Scope::System, soon());
    assert!(matches!(refused, Err(RemoveError::Living { pid: Some(pid), .. }) if pid == own_pid()));
    drop(owner);
}
