// SPDX-License-Identifier: MIT OR Apache-2.0
//! What strangers put where our directories, locks and names should be: refused by name, never followed, never
//! removed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use cabotage_link::names::{ConnectError, Kind, PlaceError, PublishError, RemoveError, Scope};
use cabotage_os::Fault;
use cabotage_os::directory::DirectoryError;
use cabotage_os::object;

use crate::worker;
use crate::{Harbour, defaults, harbour, in_system, name, own_uid, soon};

const STRANGER: u32 = 65_534;

/// The directory `place` of the user scope is refused by every call, with `expected`.
fn must_be_refused(harbour: &Harbour, expected: &DirectoryError) {
    let registry = &harbour.registry;
    let refused = registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
    assert_eq!(refused, PublishError::Place(PlaceError::Unsafe(expected.clone())));
    assert_eq!(refused.fault(), Fault::System);
    assert_eq!(harbour.connect("one").unwrap_err(), ConnectError::UnsafeDirectory(expected.clone()));
    assert_eq!(registry.list(Kind::Link).unwrap_err(), PlaceError::Unsafe(expected.clone()));
    let refused = registry.remove_stale(Kind::Link, &name("one"), Scope::User, soon()).unwrap_err();
    assert_eq!(refused, RemoveError::Place(PlaceError::Unsafe(expected.clone())));
}

#[test]
fn a_symbolic_link_where_the_directory_should_be_is_refused() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("link")).unwrap();
    for depth in ["user", "user/link"] {
        let harbour = harbour();
        let path = harbour.root.path().join(depth);
        if depth == "user/link" {
            fs::create_dir(harbour.root.path().join("user")).unwrap();
            fs::set_permissions(harbour.root.path().join("user"), Permissions::from_mode(0o700)).unwrap();
        }
        symlink(elsewhere.path(), &path).unwrap();
        must_be_refused(&harbour, &DirectoryError::NotADirectory { path });
    }
    assert_eq!(fs::read_dir(elsewhere.path().join("link")).unwrap().count(), 0);
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let harbour = harbour();
    let path = harbour.root.path().join("user");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    must_be_refused(&harbour, &DirectoryError::OthersMayWrite { path, mode: 0o777 });
}

#[test]
fn a_directory_that_another_user_made_is_refused_and_that_user_is_named() {
    if own_uid() != 0 {
        println!("skipped: only root can make a directory for another user");
        return;
    }
    let harbour = harbour();
    let path = harbour.root.path().join("user");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    chown(&path, Some(STRANGER), None).unwrap();
    must_be_refused(&harbour, &DirectoryError::ForeignOwner { path, owner: STRANGER, expected: 0 });
}

/// Something at `path` that no registry has made.
type Plant = (&'static str, fn(&Path), object::Kind);

const PLANTS: &[Plant] = &[
    ("a file", |path| fs::write(path, "mine").unwrap(), object::Kind::Regular),
    ("a directory", |path| fs::create_dir(path).unwrap(), object::Kind::Directory),
    ("a link", |path| symlink("/nowhere", path).unwrap(), object::Kind::SymbolicLink),
    ("a FIFO", make_fifo, object::Kind::Fifo),
    ("a stream socket", |path| std::mem::forget(UnixListener::bind(path).unwrap()), object::Kind::Socket),
];

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A registry with its directory of links.
fn furnished() -> Harbour {
    let harbour = harbour();
    drop(harbour.registry.publish(Kind::Link, &name("x"), defaults(), soon()).unwrap());
    harbour
}

#[test]
fn what_nobody_published_keeps_its_name() {
    for (what, plant, found) in PLANTS {
        let harbour = furnished();
        let path = harbour.folder(Scope::User).join("one");
        plant(&path);
        let refused = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
        assert_eq!(refused, PublishError::Occupied { path, found: *found, uid: own_uid() }, "{what}");
        let refused =
            harbour.registry.remove_stale(Kind::Link, &name("one"), Scope::User, soon()).unwrap_err();
        assert_eq!(refused, RemoveError::NotOurs { name: name("one"), uid: own_uid() }, "{what}");
        assert!(harbour.files(Scope::User).contains(&"one".into()), "{what} is still there");
    }
}

#[test]
fn whatever_stands_where_the_lock_should_be_is_left_alone() {
    // A regular file of ours is a lock file.
    for (what, plant, _) in &PLANTS[1..] {
        let harbour = furnished();
        plant(&harbour.folder(Scope::User).join(".one.lock"));
        let refused = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
        assert_eq!(refused, PublishError::Taken { name: name("one"), uid: own_uid(), pid: None }, "{what}");
        assert_eq!(harbour.files(Scope::User), [".one.lock"], "{what}");
    }
}

#[test]
fn a_second_name_of_a_file_of_ours_is_not_written_to() {
    let harbour = furnished();
    let treasure = harbour.root.path().join("treasure");
    fs::write(&treasure, "gold").unwrap();
    fs::hard_link(&treasure, harbour.folder(Scope::User).join(".one.lock")).unwrap();
    let refused = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
    assert!(matches!(refused, PublishError::Taken { .. }), "{refused}");
    assert_eq!(fs::read(&treasure).unwrap(), b"gold");
}

#[test]
fn a_name_that_comes_between_the_look_and_the_move_is_not_replaced() {
    let harbour = furnished();
    let path = harbour.folder(Scope::User).join("one");
    let planted = path.clone();
    let _plan = cabotage_os::seam::before("listen", move || fs::write(planted, "mine").unwrap());
    let refused = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap_err();
    assert!(matches!(refused, PublishError::Occupied { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(harbour.files(Scope::User), ["one"]);
}

#[test]
fn users_share_the_system_scope_and_cannot_touch_each_others_names() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    let theirs = |uid| PublishError::Taken { name: name("theirs"), uid, pid: None };
    assert_eq!(stranger.ask("publish-shared theirs").unwrap(), "published");
    let publish = || harbour.registry.publish(Kind::Link, &name("theirs"), in_system(), soon());
    let remove = || harbour.registry.remove_stale(Kind::Link, &name("theirs"), Scope::System, soon());
    assert_eq!(publish().unwrap_err(), theirs(STRANGER));
    assert!(matches!(remove(), Err(RemoveError::Living { uid: STRANGER, pid: Some(_), .. })));
    harbour.connect("theirs").unwrap();

    let mine = harbour.registry.publish(Kind::Link, &name("mine"), in_system(), soon()).unwrap();
    let answer = stranger.ask("remove-shared mine").unwrap();
    assert!(answer.starts_with("NotOurs"), "{answer}");
    let listed = stranger.ask("list").unwrap();
    assert_eq!(listed, "mine=None theirs=Some(true)", "another user's lock is not ours to look at");

    stranger.kill();
    assert_eq!(publish().unwrap_err(), theirs(STRANGER), "left behind, but another user's");
    assert!(remove().unwrap(), "root cleans up");
    publish().unwrap();
    drop(mine);
    assert!(harbour.files(Scope::System).is_empty());
}

#[test]
fn a_stranger_makes_root_remove_nothing_of_others() {
    let harbour = harbour();
    let Some(stranger) = worker::stranger(&harbour) else { return };
    drop(stranger);
    let folder = harbour.folder(Scope::System);
    let victim = folder.join(".new-0123456789abcdef");
    drop(UnixListener::bind(&victim).unwrap());
    fs::write(folder.join(".bait.lock"), "1 .new-0123456789abcdef").unwrap();
    chown(folder.join(".bait.lock"), Some(STRANGER), None).unwrap();
    assert!(harbour.registry.remove_stale(Kind::Link, &name("bait"), Scope::System, soon()).unwrap());
    assert_eq!(harbour.files(Scope::System), [".new-0123456789abcdef"]);
}
