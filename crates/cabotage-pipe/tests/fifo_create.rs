// SPDX-License-Identifier: MIT OR Apache-2.0
//! Making and removing FIFOs: modes, names that are taken, directories that are not safe.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::PathBuf;

use cabotage_pipe::Fault;
use cabotage_pipe::fifo::{self, CreateError, Fifo, Kind, OpenError, Options, RemoveError, Won};

fn somewhere() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    (directory, path)
}

fn mode_of(path: &PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The user this test runs as.
fn me() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

#[test]
fn a_new_fifo_is_the_owners_alone() {
    let (_directory, path) = somewhere();
    let fifo = fifo::create(&path).unwrap();
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!((fifo.mode(), mode_of(&path), fifo.owner()), (0o600, 0o600, me()));
}

#[test]
fn an_exact_mode_is_had_whatever_the_umask_takes_away() {
    let (_directory, path) = somewhere();
    let fifo = Options::new().exact_mode(0o622).create(&path).unwrap();
    assert_eq!((fifo.mode(), mode_of(&path)), (0o622, 0o622));
    let (_directory, path) = somewhere();
    let fifo = Options::new().mode(0o666).create(&path).unwrap();
    assert_eq!(fifo.mode(), mode_of(&path));
    assert_eq!(fifo.mode() & !0o666, 0);
}

#[test]
fn bits_that_are_no_permissions_are_refused() {
    let (_directory, path) = somewhere();
    for mode in [0o1000, 0o4600, u32::MAX] {
        let error = Options::new().exact_mode(mode).create(&path).unwrap_err();
        assert!(matches!(error, CreateError::Mode { .. }), "{error}");
    }
    assert!(!path.exists());
}

#[test]
fn a_taken_name_is_refused_and_the_error_says_what_has_it() {
    let (_directory, path) = somewhere();
    let _first = fifo::create(&path).unwrap();
    let error = fifo::create(&path).unwrap_err();
    assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    let (_directory, path) = somewhere();
    fs::write(&path, "content").unwrap();
    for error in [fifo::create(&path).unwrap_err(), Options::new().create_or_reuse(&path).unwrap_err()] {
        assert!(matches!(error, CreateError::NotAFifo { found: Kind::File, .. }), "{error}");
        assert_eq!(error.fault(), Fault::Caller);
    }
    assert_eq!(fs::read(&path).unwrap(), b"content");
}

#[test]
fn a_link_to_a_fifo_is_not_followed() {
    let (directory, path) = somewhere();
    let target = directory.path().join("target");
    let _target = fifo::create(&target).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    let error = Options::new().create_or_reuse(&path).unwrap_err();
    assert!(matches!(error, CreateError::NotAFifo { found: Kind::Symlink, .. }), "{error}");
    // A dangling one would otherwise be created through.
    fs::remove_file(&target).unwrap();
    assert!(fifo::create(&path).is_err());
    assert!(!target.exists());
}

#[test]
fn open_or_create_tells_who_made_it() {
    let (_directory, path) = somewhere();
    let (first, won) = Options::new().create_or_reuse(&path).unwrap();
    assert_eq!(won, Won::Created);
    let (_second, won) = Options::new().mode(0o666).create_or_reuse(&path).unwrap();
    assert_eq!(won, Won::Reused);
    assert_eq!(first.mode(), mode_of(&path), "the mode of an existing one stays");
}

#[test]
fn of_many_that_create_or_reuse_one_wins() {
    let (_directory, path) = somewhere();
    let wins: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| Options::new().create_or_reuse(&path).unwrap().1 == Won::Created))
            .collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(wins, 1);
}

#[test]
fn a_directory_where_everybody_replaces_everything_is_refused() {
    let (directory, path) = somewhere();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let error = fifo::create(&path).unwrap_err();
    assert!(matches!(error, CreateError::UnsafeDirectory { .. }), "{error}");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777)).unwrap();
    fifo::create(&path).unwrap();
}

#[test]
fn a_fifo_that_a_stranger_planted_in_a_common_directory_is_refused() {
    let (directory, path) = somewhere();
    let _fifo = fifo::create(&path).unwrap();
    const STRANGER: u32 = 54_321;
    if std::os::unix::fs::chown(&path, Some(STRANGER), None).is_err() {
        eprintln!("skipped: only root can make a FIFO that belongs to somebody else");
        return;
    }
    let error = Options::new().create_or_reuse(&path).unwrap_err();
    assert!(matches!(error, CreateError::NotMine { owner: STRANGER, .. }), "{error}");
    assert_eq!(error.fault(), Fault::Peer);
    // In a directory of one's own it was put on purpose; in a common one it may be a trap.
    Fifo::at(&path).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777)).unwrap();
    let error = Fifo::at(&path).unwrap_err();
    assert!(matches!(error, OpenError::Planted { owner: STRANGER, .. }), "{error}");
    Fifo::at_any_owner(&path).unwrap();
}

#[test]
fn only_the_fifo_that_is_held_is_removed() {
    let (_directory, path) = somewhere();
    let mine = fifo::create(&path).unwrap();
    assert!(mine.is_linked().unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!mine.is_linked().unwrap());
    assert!(matches!(mine.remove(), Err(RemoveError::Gone { .. })));
    let other = fifo::create(&path).unwrap();
    let error = mine.remove().unwrap_err();
    assert!(matches!(error, RemoveError::Replaced { found: Kind::Fifo, .. }), "{error}");
    assert!(path.exists());
    other.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn removal_by_name_removes_a_fifo_and_nothing_else() {
    let (_directory, path) = somewhere();
    fifo::create(&path).unwrap();
    fifo::remove(&path).unwrap();
    assert!(matches!(fifo::remove(&path), Err(RemoveError::Gone { .. })));
    fs::create_dir(&path).unwrap();
    assert!(matches!(fifo::remove(&path), Err(RemoveError::NotAFifo { found: Kind::Directory, .. })));
}
