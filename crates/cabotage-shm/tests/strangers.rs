// SPDX-License-Identifier: MIT OR Apache-2.0
//! Something else stands where our object should be, or belongs to somebody else.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_shm::{Directory, Kind, Object, ObjectError, Won};
use common::copied::copy_of_this_program;
use common::{Scratch, Watchdog, in_each_way, name, this_binary};

#[test]
fn what_is_not_a_regular_file_is_named_and_neither_opened_nor_replaced() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    in_each_way(|scratch| {
        let path = |text: &str| scratch.path.path().join(text);
        std::fs::write(path("target"), "not for us").unwrap();
        std::os::unix::fs::symlink("target", path("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
        std::fs::create_dir(path("directory")).unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        let mut strangers = vec![
            ("link", Kind::SymbolicLink),
            ("dangling", Kind::SymbolicLink),
            ("directory", Kind::Directory),
            ("socket", Kind::Socket),
        ];
        if Command::new("mkfifo").arg(path("fifo")).status().is_ok_and(|status| status.success()) {
            strangers.push(("fifo", Kind::Fifo));
        }
        for (stranger, kind) in strangers {
            for options in [scratch.options(), scratch.options().read_only()] {
                let refused = options.open(&name(stranger)).unwrap_err();
                assert!(
                    matches!(refused, ObjectError::NotAnObject { kind: found, .. } if found == kind),
                    "{stranger}: {refused:?}"
                );
                let refused = options.open_or_create(&name(stranger), 1).unwrap_err();
                assert!(matches!(refused, ObjectError::NotAnObject { .. }), "{stranger}: {refused:?}");
            }
            let refused = scratch.options().create(&name(stranger), 1).unwrap_err();
            assert!(matches!(refused, ObjectError::Exists { .. }), "{stranger}: {refused:?}");
        }
        assert_eq!(std::fs::read(path("target")).unwrap(), b"not for us");
        assert!(matches!(
            scratch.directory.unlink(&name("directory")),
            Err(ObjectError::NotAnObject { kind: Kind::Directory, .. })
        ));
    });
}

#[test]
fn an_object_without_a_size_is_refused_or_waited_for() {
    let scratch = Scratch::new();
    let path = scratch.path.path().join("half");
    let half = std::fs::File::create(&path).unwrap();
    assert!(matches!(scratch.options().open(&name("half")), Err(ObjectError::NotYetSized { .. })));
    let impatient = scratch.options().wait_until_sized(Duration::from_millis(1));
    assert!(matches!(impatient.open_or_create(&name("half"), 1), Err(ObjectError::NotYetSized { .. })));
    std::thread::scope(|threads| {
        let waiting =
            threads.spawn(|| scratch.options().wait_until_sized(Deadline::Never).open(&name("half")));
        half.set_len(77).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().bytes().unwrap(), 77);
    });
}

#[test]
fn waiting_for_a_size_ends_when_the_name_goes() {
    let scratch = Scratch::new();
    let path = scratch.path.path().join("half");
    std::fs::write(&path, "").unwrap();
    std::thread::scope(|threads| {
        let waiting =
            threads.spawn(|| scratch.options().wait_until_sized(Deadline::Never).open(&name("half")));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(waiting.join().unwrap(), Err(ObjectError::Missing { .. })));
    });
}

#[test]
fn the_object_of_another_user_is_refused_with_its_owner_and_mode() {
    let mine = Scratch::new();
    std::fs::set_permissions(mine.path.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    mine.options().create(&name("secret"), 8).unwrap();
    mine.options().mode(0o444).exact_mode().create(&name("public"), 8).unwrap();
    // The test binary itself lies where the other user may not look; a copy does not.
    let copies = tempfile::tempdir().unwrap();
    let binary = copy_of_this_program(copies.path());
    let as_nobody = |role: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).args(role);
        command.env("CABOTAGE_TEST_DIRECTORY", mine.path.path()).current_dir("/");
        command
    };
    if !as_nobody(&["--list"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: another user's view needs root, setpriv, and a temporary directory for programs");
        return;
    }
    let status = as_nobody(&["as_another_user", "--exact", "--ignored", "--nocapture"]).status().unwrap();
    assert!(status.success(), "the other user found something else");
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn as_another_user() {
    let Ok(directory) = std::env::var("CABOTAGE_TEST_DIRECTORY") else { return };
    let directory = Directory::open(directory).unwrap();
    let options = Object::options().directory(&directory);
    let denied = |outcome: Result<(), ObjectError>| {
        let refused = outcome.unwrap_err();
        assert!(matches!(refused, ObjectError::Denied { uid: 0, .. }), "{refused:?}");
    };
    denied(options.open(&name("secret")).map(drop));
    denied(options.clone().read_only().open(&name("secret")).map(drop));
    denied(options.open_or_create(&name("secret"), 8).map(drop));
    denied(options.open(&name("public")).map(drop));
    let public = options.clone().read_only().open(&name("public")).unwrap();
    denied(public.unlink_if_mine());
    denied(directory.unlink(&name("secret")));
    let (_, won) = options.clone().open_or_create(&name("own"), 8).unwrap();
    assert_eq!(won, Won::Created);
    let list = directory.list().unwrap();
    let owners: Vec<_> = list.iter().map(|entry| (entry.name.to_string(), entry.uid)).collect();
    assert!(
        owners.contains(&("/own".into(), 65534)) && owners.contains(&("/secret".into(), 0)),
        "{owners:?}"
    );
}

#[test]
fn an_object_bigger_than_the_file_size_limit_is_refused_without_a_signal() {
    let scratch = Scratch::new();
    scratch.options().create(&name("bigger"), 1 << 20).unwrap();
    // `ulimit -f` counts blocks of 512 or 1024 bytes, so at most 64 KiB; the role asks for more.
    let role = this_binary("under_a_file_size_limit");
    // Its output goes into pipes: a log file that is longer than the limit would refuse it.
    let played = Command::new("sh")
        .args(["-c", "ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(role.get_program())
        .args(role.get_args())
        .env("CABOTAGE_TEST_DIRECTORY", scratch.path.path())
        .output()
        .unwrap();
    assert!(played.status.success(), "a signal, or another error: {played:?}");
    assert_eq!(scratch.file_names(), ["bigger"]);
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn under_a_file_size_limit() {
    let Ok(directory) = std::env::var("CABOTAGE_TEST_DIRECTORY") else { return };
    let options = Object::options().directory(&Directory::open(directory).unwrap());
    let refused = options.create(&name("small"), 1 << 20).unwrap_err();
    assert!(matches!(refused, ObjectError::TooLarge { .. }), "{refused:?}");
    let bigger = options.open(&name("bigger")).unwrap();
    assert!(matches!(bigger.grow(2 << 20), Err(ObjectError::TooLarge { .. })));
    assert!(matches!(bigger.write_at(1 << 19, b"beyond the limit"), Err(ObjectError::System(_))));
    bigger.write_at(0, b"within").unwrap();
}
