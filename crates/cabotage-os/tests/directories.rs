// SPDX-License-Identifier: MIT OR Apache-2.0
//! Directories for names: what is refused, and that nothing is followed or removed by mistake.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use cabotage_os::directory::{Directory, DirectoryError, Inode, Name, NameError, Rules};
use cabotage_os::lock::{Lock, LockError, Sharing};
use cabotage_os::{Deadline, Errno};
use rustix::fs::OFlags;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
}

fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[test]
fn a_missing_directory_is_made_for_us_alone_and_found_again() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("names");
    assert_eq!(
        Directory::open(&path, Rules::ours()).unwrap_err(),
        DirectoryError::Missing { path: path.clone() }
    );
    for _ in 0..2 {
        Directory::open_or_create(&path, Rules::ours()).unwrap();
        assert_eq!(mode_of(&path), 0o700);
    }
}

#[test]
fn the_mode_asked_for_is_exact_whatever_the_umask() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("shared");
    Directory::open_or_create(&path, Rules::ours().mode(0o1777).shared()).unwrap();
    assert_eq!(mode_of(&path), 0o1777);
}

#[test]
fn an_existing_directory_keeps_its_mode() {
    let root = tempfile::tempdir().unwrap();
    set_mode(root.path(), 0o755);
    Directory::open_or_create(root.path(), Rules::ours().mode(0o700)).unwrap();
    assert_eq!(mode_of(root.path()), 0o755);
}

#[test]
fn a_directory_of_another_user_is_refused_and_the_refusal_names_that_user() {
    let root = tempfile::tempdir().unwrap();
    let somebody = uid() + 1;
    let refused = Directory::open(root.path(), Rules::owned_by(somebody)).unwrap_err();
    let expected =
        DirectoryError::ForeignOwner { path: root.path().into(), owner: uid(), expected: somebody };
    assert_eq!(refused, expected);
    assert!(refused.to_string().contains(&format!("user {}", uid())), "{refused}");
}

#[test]
fn one_that_others_may_write_to_is_refused_unless_sticky_and_asked_for() {
    let root = tempfile::tempdir().unwrap();
    for (bits, alone, shared) in [
        (0o700, true, true),
        (0o755, true, true),
        (0o770, false, false),
        (0o702, false, false),
        (0o1770, false, true),
        (0o1777, false, true),
    ] {
        set_mode(root.path(), bits);
        assert_eq!(Directory::open(root.path(), Rules::ours()).is_ok(), alone, "{bits:o}");
        assert_eq!(Directory::open(root.path(), Rules::ours().shared()).is_ok(), shared, "{bits:o}");
    }
    set_mode(root.path(), 0o777);
    let refused = Directory::open(root.path(), Rules::ours()).unwrap_err();
    assert_eq!(refused, DirectoryError::OthersMayWrite { path: root.path().into(), mode: 0o777 });
}

#[test]
fn whatever_stands_where_the_directory_should_be_is_neither_followed_nor_removed() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = root.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    set_mode(&elsewhere, 0o700);
    symlink(&elsewhere, root.path().join("link")).unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    fs::write(root.path().join("file"), "mine").unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, root.path().join("fifo"), rustix::fs::Mode::RWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    let before = fs::read_dir(root.path()).unwrap().count();
    for place in ["link", "dangling", "file", "fifo", "socket"] {
        let path = root.path().join(place);
        let refused = Directory::open_or_create(&path, Rules::ours()).unwrap_err();
        assert_eq!(refused, DirectoryError::NotADirectory { path }, "{place}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), before);
    assert!(fs::read_dir(&elsewhere).unwrap().next().is_none());
}

#[test]
fn entries_are_all_names_of_any_number_and_kind() {
    let root = tempfile::tempdir().unwrap();
    let mut expected: Vec<_> = (0..500).map(|at| name(&format!("{at:0>100}"))).collect();
    for name in &expected {
        fs::write(root.path().join(name.as_path()), "").unwrap();
    }
    let odd = std::ffi::OsStr::from_bytes(b".\xff\n");
    use std::os::unix::ffi::OsStrExt;
    fs::write(root.path().join(odd), "").unwrap();
    expected.push(Name::parse(odd).unwrap());
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    for _ in 0..2 {
        let mut found: Vec<_> = directory.entries().unwrap().into_iter().map(|entry| entry.name).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn what_lies_below_is_reached_through_the_open_directory() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    assert!(matches!(
        directory.subdirectory(&name("below"), Rules::ours()),
        Err(DirectoryError::Missing { path }) if path == root.path().join("below")
    ));
    let below = directory.subdirectory_or_create(&name("below"), Rules::ours().mode(0o755)).unwrap();
    assert_eq!(mode_of(below.path()), 0o755);
    assert!(below.open_to_write(&name("file")).unwrap().is_none());
    assert!(below.create_private(&name("file")).unwrap().is_some());
    assert!(below.create_private(&name("file")).unwrap().is_none(), "taken");
    let facts = below.facts(&name("file")).unwrap().unwrap();
    assert_eq!((facts.mode, facts.uid, facts.links), (0o600, uid(), 1));
    symlink("file", below.path().join("link")).unwrap();
    assert_eq!(below.open_to_read(&name("link")).unwrap_err().errno(), Errno::LOOP);
    symlink("below", root.path().join("link")).unwrap();
    let refused = directory.subdirectory_or_create(&name("link"), Rules::ours()).unwrap_err();
    assert_eq!(refused, DirectoryError::NotADirectory { path: root.path().join("link") });
}

#[test]
fn a_file_without_a_name_gets_one_if_that_is_free() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    let Some(file) = directory.create_private_unnamed().unwrap() else {
        println!("skipped: no files without names in {:?}", root.path());
        return;
    };
    assert!(directory.entries().unwrap().is_empty());
    assert!(directory.give_name(&file, &name("file")).unwrap());
    assert_eq!(mode_of(&root.path().join("file")), 0o600);
    let second = directory.create_private_unnamed().unwrap().unwrap();
    assert!(!directory.give_name(&second, &name("file")).unwrap(), "taken");
    assert_eq!(directory.inode(&name("file")).unwrap(), Some(Inode::of(&file).unwrap()));
}

#[test]
fn names_are_one_component() {
    assert_eq!(Name::parse(""), Err(NameError::Empty));
    assert_eq!(Name::parse("."), Err(NameError::Dots));
    assert_eq!(Name::parse(".."), Err(NameError::Dots));
    assert_eq!(Name::parse("a/b"), Err(NameError::ForbiddenByte));
    assert_eq!(Name::parse("a\0b"), Err(NameError::ForbiddenByte));
    assert_eq!(Name::parse("x".repeat(256)), Err(NameError::TooLong { bytes: 256 }));
    for good in ["a", "...", ".hidden", "with space", &"x".repeat(255)] {
        assert_eq!(name(good).as_path(), Path::new(good));
    }
}

#[test]
fn a_link_put_where_a_file_should_be_is_not_followed() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("target"), "secret").unwrap();
    symlink("target", root.path().join("link")).unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    for access in [OFlags::RDONLY, OFlags::RDWR | OFlags::CREATE, OFlags::WRONLY | OFlags::TRUNC] {
        let refused = directory.open_file(&name("link"), access, 0o600).unwrap_err();
        assert_eq!(refused.errno(), Errno::LOOP);
    }
    directory.open_file(&name("new"), OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, 0o600).unwrap();
    assert_eq!(fs::read_to_string(root.path().join("target")).unwrap(), "secret");
}

#[test]
fn a_fifo_put_where_a_file_should_be_does_not_hold_us_up() {
    let root = tempfile::tempdir().unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, root.path().join("fifo"), rustix::fs::Mode::RWXU).unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    directory.open_file(&name("fifo"), OFlags::RDONLY, 0).unwrap();
}

#[test]
fn a_name_is_removed_only_while_it_names_the_file_held() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    let create = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let first = directory.open_file(&name("n"), create, 0o600).unwrap();
    let held = Inode::of(&first).unwrap();
    fs::rename(root.path().join("n"), root.path().join("moved")).unwrap();
    assert!(!directory.remove_if_same(&name("n"), held).unwrap(), "nothing has the name");
    fs::write(root.path().join("n"), "another's").unwrap();
    assert!(!directory.remove_if_same(&name("n"), held).unwrap(), "another file has it");
    assert_eq!(fs::read_to_string(root.path().join("n")).unwrap(), "another's");
    symlink("moved", root.path().join("link")).unwrap();
    assert!(!directory.remove_if_same(&name("link"), held).unwrap(), "a link to the file is not the file");
    assert!(directory.remove_if_same(&name("moved"), held).unwrap());
    assert!(!root.path().join("moved").exists());
}

#[test]
fn a_directory_can_be_locked_by_one() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    let lock = || Lock::whole(directory.reopen().unwrap(), Sharing::Exclusive, Deadline::Now);
    let held = lock().unwrap();
    assert!(matches!(lock(), Err(LockError::Held { .. })));
    drop(held);
    lock().unwrap();
}

#[test]
fn a_fifo_that_somebody_reads_is_told_from_one_that_nobody_reads_and_its_end_is_seen() {
    use cabotage_os::poll::{self, Readiness};

    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    assert!(directory.create_fifo(&name("sign")).unwrap());
    assert!(!directory.create_fifo(&name("sign")).unwrap(), "a name is given once");
    assert_eq!(mode_of(&root.path().join("sign")), 0o600);
    assert!(directory.open_fifo_with_reader(&name("sign")).unwrap().is_none());
    assert!(directory.open_fifo_with_reader(&name("none")).unwrap().is_none());

    let reader = directory.open_to_write(&name("sign")).unwrap().unwrap();
    let watch = directory.open_fifo_with_reader(&name("sign")).unwrap().unwrap();
    let look =
        |deadline| poll::wait([(std::os::fd::AsFd::as_fd(&watch), Readiness::empty())], deadline).unwrap();
    assert_eq!(look(Deadline::Now), [Readiness::empty()]);
    drop(reader);
    let patience = Deadline::within(std::time::Duration::from_secs(60));
    assert_eq!(look(patience), [Readiness::ERR]);
}

#[test]
fn a_directory_is_moved_to_a_name_that_no_full_one_has() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    for made in ["one", "full", "empty"] {
        fs::create_dir(root.path().join(made)).unwrap();
    }
    for file in ["one/x", "full/y", "file"] {
        fs::write(root.path().join(file), "").unwrap();
    }
    let moves = |from: &str, to: &str| directory.move_subdirectory(&name(from), &name(to));
    assert_eq!(moves("one", "full"), Ok(false));
    assert_eq!(moves("one", "file").unwrap_err().errno(), Errno::NOTDIR);
    assert_eq!(moves("none", "new").unwrap_err().errno(), Errno::NOENT);
    assert_eq!(moves("one", "empty"), Ok(true));
    assert_eq!(moves("empty", "new"), Ok(true));
    assert!(root.path().join("new/x").exists());

    assert_eq!(directory.remove_subdirectory(&name("new")).unwrap_err().errno(), Errno::NOTEMPTY);
    fs::remove_file(root.path().join("new/x")).unwrap();
    let open = directory.subdirectory(&name("new"), Rules::ours()).unwrap();
    assert!(directory.remove_subdirectory(&name("new")).unwrap());
    assert_eq!(open.entries(), Ok(Vec::new()));
    assert!(!directory.remove_subdirectory(&name("new")).unwrap());
    assert!(directory.remove_file(&name("file")).unwrap());
    assert!(!directory.remove_file(&name("file")).unwrap());
}

#[test]
fn rights_are_given_exactly() {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    let own_group = rustix::process::getegid().as_raw();
    directory.set_rights(&name("folder"), 0o1777, None).unwrap();
    directory.set_rights(&name("file"), 0o642, Some(own_group)).unwrap();
    assert_eq!(mode_of(&root.path().join("folder")), 0o1777);
    assert_eq!(mode_of(&root.path().join("file")), 0o642);
}
