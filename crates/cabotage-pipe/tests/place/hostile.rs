// SPDX-License-Identifier: MIT OR Apache-2.0
//! What strangers put where our folders and files should be: refused in words, never followed, never removed. And what
//! another user can do to a pipe, which is nothing but what its rights say.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use cabotage_link::names::Scope;
use cabotage_os::Deadline;
use cabotage_pipe::named::PipeError;
use cabotage_pipe::named::error::Denial;
use cabotage_pipe::named::place::{self, Creators, Rights};

use crate::worker::{self, STRANGER};
use crate::{Harbour, harbour, mode_of, moment, name, soon, sweep};

fn refusal(error: PipeError) -> String {
    match error {
        PipeError::AccessDenied(Denial::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}

/// Something at `path` that nobody has created as a pipe.
type Plant = (&'static str, fn(&Path));

const PLANTS: &[Plant] = &[
    ("a regular file", |path| fs::write(path, "mine").unwrap()),
    ("a symbolic link", |path| symlink(elsewhere(path), path).unwrap()),
    ("a FIFO", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("a socket", |path| std::mem::forget(UnixListener::bind(path).unwrap())),
    ("no folder of a pipe", |path| fs::create_dir(path).unwrap()),
];

/// A folder with a treasure in it, whatever is planted where.
fn elsewhere(path: &Path) -> PathBuf {
    let elsewhere = path.parent().unwrap().join(".treasury");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("treasure"), "gold").unwrap();
    elsewhere
}

/// A registry with its directory of pipes.
fn furnished() -> Harbour {
    let harbour = harbour();
    drop(harbour.create("x").unwrap());
    harbour
}

#[test]
fn what_is_no_pipe_keeps_its_name_and_is_refused_in_words() {
    for (what, plant) in PLANTS {
        let harbour = furnished();
        let path = harbour.folder(Scope::User).join("one");
        plant(&path);
        for refused in [harbour.create("one").unwrap_err(), harbour.connect("one").unwrap_err()] {
            let words = refusal(refused);
            assert!(words.contains("one") && words.contains(what), "{what}: {words}");
        }
        assert_eq!(sweep(&harbour.registry, Scope::User), 0, "{what}");
        assert!(place::list(&harbour.registry).unwrap().is_empty(), "{what}");
        assert!(place::show(&harbour.registry, &name("one"), None).is_err(), "{what}");
        assert!(harbour.names(Scope::User).contains(&"one".into()), "{what}");
    }
}

#[test]
fn whatever_stands_where_a_file_of_a_pipe_should_be_is_not_followed() {
    for file in ["record", "lock", "instances", "listening"] {
        for (what, plant) in PLANTS {
            if (*what == "a regular file") == ["record", "lock"].contains(&file) {
                continue;
            }
            let harbour = furnished();
            let instance = harbour.create("one").unwrap();
            let path = harbour.folder(Scope::User).join("one").join(file);
            fs::rename(&path, harbour.root.path().join("aside")).unwrap();
            plant(&path);
            let case = format!("{what} for {file}");
            assert!(harbour.create("one").is_err(), "{case}");
            // A client needs no lock, nor, where it finds a post, a sign.
            let connected = harbour.connect_by("one", moment());
            assert_eq!(connected.is_ok(), ["lock", "instances"].contains(&file), "{case}: {connected:?}");
            assert_eq!(sweep(&harbour.registry, Scope::User), 0, "{case}");
            drop(instance);
            let treasury = harbour.folder(Scope::User).join("one/.treasury");
            assert!(!treasury.exists() || fs::read(treasury.join("treasure")).unwrap() == b"gold", "{case}");
        }
    }
}

#[test]
fn a_record_that_makes_no_sense_is_refused_in_words() {
    let harbour = furnished();
    let _instance = harbour.create("one").unwrap();
    let record = harbour.folder(Scope::User).join("one/record");
    for text in ["", "nonsense", "cabotage named pipe 2\n"] {
        fs::write(&record, text).unwrap();
        for refused in [harbour.create("one").unwrap_err(), harbour.connect("one").unwrap_err()] {
            assert!(refusal(refused).contains("no folder of a pipe that this version knows"));
        }
    }
}

#[test]
fn strange_names_among_the_instances_and_posts_are_passed_over() {
    let harbour = furnished();
    let instance = harbour.create("one").unwrap();
    let folder = harbour.folder(Scope::User).join("one");
    for (at, (_, plant)) in PLANTS.iter().enumerate() {
        // Lower numbers than any of ours, so that they are looked at first.
        plant(&folder.join(format!("listening/0000000000000000000{at}-1-m-0-0")));
        plant(&folder.join(format!("listening/strange-{at}")));
        plant(&folder.join(format!("instances/strange-{at}")));
    }
    harbour.wait("one", Deadline::Now).unwrap();
    let _client = harbour.connect("one").unwrap();
    assert!(instance.has_client().unwrap());
    assert_eq!(harbour.connect("one").unwrap_err(), PipeError::AllBusy);
}

#[test]
fn a_second_name_of_a_file_of_ours_is_not_written_to() {
    let harbour = furnished();
    let _instance = harbour.create("one").unwrap();
    let treasure = harbour.root.path().join("treasure");
    fs::write(&treasure, "gold").unwrap();
    let lock = harbour.folder(Scope::User).join("one/lock");
    fs::remove_file(&lock).unwrap();
    fs::hard_link(&treasure, &lock).unwrap();
    assert!(refusal(harbour.create("one").unwrap_err()).contains("no folder of a pipe"));
    assert_eq!(fs::read(&treasure).unwrap(), b"gold");
}

#[test]
fn a_directory_of_pipes_that_others_may_write_to_is_refused() {
    let harbour = furnished();
    fs::set_permissions(harbour.folder(Scope::User), Permissions::from_mode(0o777)).unwrap();
    for refused in [harbour.create("one").unwrap_err(), harbour.connect("one").unwrap_err()] {
        assert!(refusal(refused).contains("others may write to it"));
    }
}

#[test]
fn who_may_connect_does_not_depend_on_the_umask_and_holds_for_all_instances() {
    let harbour = harbour();
    let rights = Rights { mode: 0o660, ..Rights::default() };
    let first = harbour.create_shared("one", rights).unwrap();
    let second = harbour.create_shared("one", Rights { mode: 0o777, ..rights }).unwrap();
    assert_eq!(second.definition().rights, rights, "the first one's count");
    let folder = first.path();
    assert_eq!(mode_of(&folder), 0o750);
    for (file, mode) in [("record", 0o640), ("lock", 0o600), ("instances", 0o750), ("listening", 0o750)] {
        assert_eq!(mode_of(&folder.join(file)), mode, "{file}");
    }
    for (below, mode) in [("instances", 0o620), ("listening", 0o660)] {
        for file in crate::files(&folder.join(below)) {
            assert_eq!(mode_of(&folder.join(below).join(file)), mode, "{below}");
        }
    }
}

#[test]
fn a_client_of_another_user_connects_and_creates_no_instance() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    let mut open = harbour.create_shared("open", Rights { mode: 0o666, ..Rights::default() }).unwrap();
    let _closed = harbour.create_shared("closed", Rights::default()).unwrap();
    stranger.must("connect open", &format!("connected {}", std::process::id()));
    assert_eq!(open.accept(soon()).unwrap().peer().unwrap().pid, stranger.pid());
    stranger.must("connect open", "AllBusy");
    // Nor does it pose as an instance that is alive, nor hold the lock.
    stranger.must("create-shared open", "AccessDenied(CreateInstance)");
    assert!(stranger.ask("connect closed").unwrap().starts_with("AccessDenied(Refused("));
    stranger.must("list", "closed=closed open=1");
    open.listen(soon()).unwrap();
    stranger.must("wait open", "waited");
    drop(open);
    stranger.must("connect open", "NotFound");
    // A right to create is one of its own.
    let rights = Rights { mode: 0o666, creators: Creators::Everyone, ..Rights::default() };
    let mine = harbour.create_shared("shared", rights).unwrap();
    stranger.must("create-for-all shared", "created");
    assert_eq!(mine.instances().unwrap(), 2);
    // The stranger's instance outlives ours, and is the pipe then.
    drop(mine);
    let client = harbour.connect("shared").unwrap();
    assert_eq!(client.socket.peer().unwrap().uid, STRANGER);
    stranger.must("close", "closed");
    assert_eq!(harbour.connect("shared").unwrap_err(), PipeError::NotFound);
    // The folder was not the stranger's to remove: its maker defines the pipe anew.
    let anew = harbour.create_shared("shared", Rights::default()).unwrap();
    assert_eq!(anew.definition().rights, Rights::default());
}

#[test]
fn users_share_the_system_scope_and_cannot_touch_each_others_pipes() {
    let harbour = harbour();
    let Some(mut stranger) = worker::stranger(&harbour) else { return };
    stranger.must("create-shared theirs", "created");
    let create = || harbour.create_shared("theirs", Rights::default());
    assert_eq!(create().unwrap_err(), PipeError::AccessDenied(Denial::CreateInstance));
    let client = harbour.connect("theirs").unwrap();
    assert_eq!(client.socket.peer().unwrap().uid, STRANGER);
    stranger.kill();
    assert_eq!(harbour.connect("theirs").unwrap_err(), PipeError::NotFound);
    // Left behind, but another user's: root tidies up by a sweep.
    assert_eq!(create().unwrap_err(), PipeError::AccessDenied(Denial::CreateInstance));
    assert_eq!(sweep(&harbour.registry, Scope::System), 1);
    create().unwrap();
}

#[test]
fn a_stranger_makes_root_remove_nothing_of_others() {
    let harbour = harbour();
    if worker::stranger(&harbour).is_none() {
        return;
    }
    let elsewhere = harbour.root.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("treasure"), "gold").unwrap();
    let bait = harbour.folder(Scope::System).join(".new-0123456789abcdef");
    fs::create_dir(&bait).unwrap();
    fs::write(bait.join("lock"), "").unwrap();
    symlink(&elsewhere, bait.join("instances")).unwrap();
    for path in [bait.clone(), bait.join("lock")] {
        std::os::unix::fs::chown(path, Some(STRANGER), None).unwrap();
    }
    // Nor does it keep root from sweeping the rest.
    let mut mine = worker::start(harbour.root.path());
    mine.must("create-shared mine", "created");
    mine.kill();
    let found = place::leavings(&harbour.registry, Scope::System).unwrap();
    let removed = found.iter().filter(|left| place::remove_leaving(&harbour.registry, left, soon()).is_ok());
    assert_eq!(removed.count(), 1);
    assert_eq!(fs::read(elsewhere.join("treasure")).unwrap(), b"gold");
}
