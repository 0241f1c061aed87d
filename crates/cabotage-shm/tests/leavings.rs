// SPDX-License-Identifier: MIT OR Apache-2.0
//! What killed makers and removers of objects leave, and what a cleaner makes of it: everything of the dead goes,
//! nothing that anybody may need does.

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use cabotage_os::object::Identity;
use cabotage_os::probe::{self, Feature};
use cabotage_os::seam;
use cabotage_shm::leavings::{Swept, Unread, What};
use cabotage_shm::{Directory, ObjectError};
use common::{Killed, Scratch, in_each_way, name, this_binary};

/// More calls than anything here makes.
const CALLS_MAX: u64 = 40;

/// A hidden name as one leaves it that was removing the object with this inode number.
fn removing(inode: u64, name: &str) -> String {
    format!(".cabotage-removing-0123456789abcdef-{inode:016x}-{name}")
}

#[test]
fn cleaning_takes_the_leavings_of_the_dead_and_the_work_of_no_living() {
    let scratch = Scratch::new();
    let path = scratch.path.path();
    std::fs::write(path.join(".cabotage-making-0123456789abcdef"), "half made").unwrap();
    let half_removed = scratch.options().create(&name("going"), 8).unwrap();
    let Identity { inode, .. } = half_removed.identity().unwrap();
    std::fs::rename(path.join("going"), path.join(removing(inode, "going"))).unwrap();
    let others = [".cabotage-making-", ".cabotage-making-0123456789abcdeg", "frames"];
    for other in others {
        std::fs::write(path.join(other), "not ours").unwrap();
    }
    let found: Vec<_> = scratch.directory.leavings().unwrap().into_iter().map(|left| left.what).collect();
    assert_eq!(found, [What::Unfinished, What::HalfRemoved]);
    let _without = probe::without(Feature::UnnamedFiles);
    let made = scratch.options().create_filled(&name("made"), 1, |_| {
        assert_eq!(scratch.directory.clean().unwrap(), 2);
        Ok::<_, ObjectError>(())
    });
    made.unwrap();
    assert_eq!(scratch.file_names(), [&others[..], &["made"]].concat());
    assert!(!half_removed.is_linked().unwrap());
}

#[test]
fn an_object_that_lost_its_name_to_a_killed_remover_gets_it_back() {
    let scratch = Scratch::new();
    let path = scratch.path.path();
    let living = scratch.options().create(&name("frames"), 8).unwrap();
    let Identity { inode, .. } = living.identity().unwrap();
    let hidden = removing(inode + 1, "frames");
    std::fs::rename(path.join("frames"), path.join(&hidden)).unwrap();
    let [left] = &scratch.directory.leavings().unwrap()[..] else { panic!("one leaving") };
    assert_eq!(left.what, What::Displaced { name: Some(name("frames")) });
    assert_eq!(scratch.directory.remove_leaving(left, Unread::Keep).unwrap(), Swept::PutBack);
    assert_eq!(scratch.file_names(), ["frames"]);
    assert_eq!(scratch.directory.remove_leaving(left, Unread::Keep).unwrap(), Swept::Gone);
    living.unlink_if_mine().unwrap();
}

#[test]
fn an_object_whose_name_is_taken_by_now_is_kept() {
    let scratch = Scratch::new();
    let path = scratch.path.path();
    let living = scratch.options().create(&name("frames"), 8).unwrap();
    let Identity { inode, .. } = living.identity().unwrap();
    let without_name = format!(".cabotage-removing-0123456789abcdef-{:016x}", inode + 1);
    for hidden in [removing(inode + 1, "frames"), without_name] {
        std::fs::rename(path.join("frames"), path.join(&hidden)).unwrap();
        let third = scratch.options().create(&name("frames"), 9).unwrap();
        assert_eq!(scratch.directory.clean().unwrap(), 0);
        assert_eq!(scratch.file_names(), [&*hidden, "frames"]);
        third.unlink_if_mine().unwrap();
        std::fs::rename(path.join(&hidden), path.join("frames")).unwrap();
    }
    assert!(living.is_linked().unwrap());
}

/// What another process may do at any moment.
fn cleaner(scratch: &Scratch) -> impl Fn() + use<> {
    let path = scratch.path.path().to_owned();
    move || {
        Directory::open(&path).unwrap().clean().unwrap();
    }
}

/// Runs `act` again and again, each time with a cleaner in another gap, until it has no more gaps.
fn with_a_cleaner_in_each_gap(act: impl Fn(&Scratch, u64)) {
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        let plan = seam::before_nth(nth, cleaner(&scratch));
        act(&scratch, nth);
        if !plan.has_come() {
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_cleaner_in_any_gap_of_making_an_object_takes_nothing_that_counts() {
    for missing in common::WAYS {
        let _without: Vec<_> = missing.iter().copied().map(probe::without).collect();
        with_a_cleaner_in_each_gap(|scratch, gap| {
            let made = scratch.options().create(&name("made"), 8);
            let made = made.unwrap_or_else(|error| panic!("gap {gap} without {missing:?}: {error}"));
            assert!(made.is_linked().unwrap(), "gap {gap} without {missing:?}");
            assert_eq!(scratch.file_names(), ["made"], "gap {gap} without {missing:?}");
        });
    }
}

#[test]
fn a_cleaner_in_any_gap_of_a_removal_finishes_it_or_lets_it_finish() {
    with_a_cleaner_in_each_gap(|scratch, gap| {
        let made = scratch.options().create(&name("going"), 8).unwrap();
        made.unlink_if_mine().unwrap_or_else(|error| panic!("gap {gap}: {error}"));
        assert!(!made.is_linked().unwrap(), "gap {gap}");
        assert_eq!(scratch.file_names(), [""; 0], "gap {gap}");
    });
}

/// At the move a successor has the name; then comes a cleaner in each gap that is left.
#[test]
fn a_cleaner_in_any_gap_of_a_removal_that_takes_the_wrong_object_puts_it_back_or_lets_that_happen() {
    for nth in 0..CALLS_MAX {
        let scratch = Scratch::new();
        let old = scratch.options().create(&name("swap"), 8).unwrap();
        scratch.options().create(&name("other"), 9).unwrap();
        let (directory, clean) = (scratch.path.path().to_owned(), cleaner(&scratch));
        let later = Rc::new(RefCell::new(None));
        let planned = Rc::clone(&later);
        let _swap = seam::before("renameat2", move || {
            std::fs::rename(directory.join("other"), directory.join("swap")).unwrap();
            *planned.borrow_mut() = Some(seam::before_nth(nth, clean));
        });
        let refused = old.unlink_if_mine();
        let has_come = later.borrow().as_ref().unwrap().has_come();
        assert!(matches!(refused, Err(ObjectError::NotMine { .. })), "gap {nth}: {refused:?}");
        assert_eq!(scratch.file_names(), ["swap"], "gap {nth}");
        assert_eq!(scratch.options().open(&name("swap")).unwrap().bytes().unwrap(), 9, "gap {nth}");
        if !has_come {
            assert!(nth >= 2, "only {nth} calls");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

#[test]
fn a_second_cleaner_in_any_gap_of_the_first_leaves_nothing_either() {
    with_a_cleaner_in_each_gap(|scratch, gap| {
        let path = scratch.path.path();
        std::fs::write(path.join(".cabotage-making-0123456789abcdef"), "half made").unwrap();
        std::fs::write(path.join("going"), "").unwrap();
        let inode = std::os::unix::fs::MetadataExt::ino(&path.join("going").metadata().unwrap());
        std::fs::rename(path.join("going"), path.join(removing(inode, "going"))).unwrap();
        scratch.directory.clean().unwrap();
        assert_eq!(scratch.file_names(), [""; 0], "gap {gap}");
    });
}

#[test]
fn a_remover_or_a_cleaner_killed_at_any_call_leaves_what_the_next_cleaner_removes() {
    for role in ["as_a_remover", "as_a_cleaner"] {
        let mut kills = 0;
        for nth in 0..CALLS_MAX {
            let scratch = Scratch::new();
            let made = scratch.options().create(&name("going"), 8).unwrap();
            if role == "as_a_cleaner" {
                let hidden = removing(made.identity().unwrap().inode, "going");
                std::fs::rename(scratch.path.path().join("going"), scratch.path.path().join(hidden)).unwrap();
            }
            let mut command = this_binary(role);
            command.env("CABOTAGE_TEST_DIRECTORY", scratch.path.path()).env("NTH", nth.to_string());
            let status =
                Killed(command.stdout(std::process::Stdio::null()).spawn().unwrap()).0.wait().unwrap();
            kills += u64::from(!status.success());
            scratch.directory.clean().unwrap();
            let is_whole = made.is_linked().unwrap();
            assert_eq!(
                scratch.file_names(),
                if is_whole { vec!["going"] } else { vec![] },
                "{role}, call {nth}"
            );
            if status.success() {
                assert!(!is_whole, "{role}");
                break;
            }
        }
        assert!(kills >= 3, "{role}: only {kills} calls");
    }
}

fn role() -> Option<(Directory, u64)> {
    let directory = std::env::var("CABOTAGE_TEST_DIRECTORY").ok()?;
    Some((Directory::open(directory).unwrap(), std::env::var("NTH").unwrap().parse().unwrap()))
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_remover() {
    let Some((directory, nth)) = role() else { return };
    let object = cabotage_shm::Object::options().directory(&directory).open(&name("going")).unwrap();
    let _death = seam::kill_nth(nth);
    object.unlink_if_mine().unwrap();
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_a_cleaner() {
    let Some((directory, nth)) = role() else { return };
    let _death = seam::kill_nth(nth);
    directory.clean().unwrap();
}

#[test]
fn other_users_files_are_left_alone_but_by_root() {
    if cabotage_os::fifo::own_user() != 0 {
        eprintln!("skipped: only root can make a file of another user");
        return;
    }
    let scratch = Scratch::new();
    let theirs = scratch.path.path().join(".cabotage-making-0123456789abcdef");
    std::fs::write(&theirs, "half made").unwrap();
    std::os::unix::fs::chown(&theirs, Some(65_534), None).unwrap();
    let [left] = &scratch.directory.leavings().unwrap()[..] else { panic!("one leaving") };
    assert_eq!((left.uid, &left.path), (65_534, &theirs));
    assert_eq!(scratch.directory.clean().unwrap(), 1);
}

#[test]
fn every_way_to_make_and_remove_an_object_leaves_nothing_to_find() {
    in_each_way(|scratch| {
        let made = scratch.options().create(&name("made"), 8).unwrap();
        assert_eq!(scratch.directory.leavings().unwrap(), []);
        made.unlink_if_mine().unwrap();
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}
