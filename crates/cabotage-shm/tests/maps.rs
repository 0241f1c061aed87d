// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps of objects and of regular files, and what others can do to them.

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use cabotage_os::map::{MapError, MapOptions};
use cabotage_os::seam::{self, Errno};
use cabotage_os::sigbus;
use cabotage_shm::{Directory, FileError, Kind, MappedFile, NameError, Object, ObjectError};
use common::{Scratch, Watchdog, in_each_way, name, this_binary};

#[test]
fn what_one_map_writes_all_shared_maps_and_calls_see() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("shared"), 10_000).unwrap();
    let writing = object.map().unwrap();
    let reading = scratch.options().read_only().open(&name("shared")).unwrap().map_read_only().unwrap();
    assert_eq!((writing.bytes(), reading.bytes()), (10_000, 10_000));
    writing.copy_from(9_996, b"last").unwrap();
    let mut bytes = [0; 4];
    reading.copy_to(9_996, &mut bytes).unwrap();
    assert_eq!(&bytes, b"last");
    object.read_at(9_996, &mut bytes).unwrap();
    assert_eq!(&bytes, b"last");
    assert!(matches!(writing.copy_from(9_997, b"last"), Err(MapError::OutOfRange { .. })));
}

#[test]
fn an_object_created_with_its_map_is_whole_or_absent() {
    in_each_way(|scratch| {
        let (object, map) = scratch.options().create_mapped(&name("both"), 5000).unwrap();
        map.copy_from(4990, b"by the map").unwrap();
        let mut bytes = [0; 10];
        object.read_at(4990, &mut bytes).unwrap();
        assert_eq!((&bytes, map.bytes()), (b"by the map", 5000));
        let taken = scratch.options().create_mapped(&name("both"), 1);
        assert!(matches!(taken, Err(ObjectError::Exists { .. })), "{taken:?}");
        object.unlink_if_mine().unwrap();

        let calls_before_the_map = {
            let trace = seam::trace();
            drop(scratch.options().create_mapped(&name("both"), 1).unwrap());
            let calls = trace.finish();
            calls.iter().take_while(|(call, _)| *call != "mmap").map(|(_, times)| times).sum()
        };
        scratch.directory.unlink(&name("both")).unwrap();
        let plan = seam::fail_nth(calls_before_the_map, Errno::NOMEM);
        let refused = scratch.options().create_mapped(&name("both"), 1);
        drop(plan);
        assert!(matches!(refused, Err(ObjectError::Map { .. })), "{refused:?}");
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}

#[test]
fn a_private_map_shows_its_writes_to_nobody() {
    let scratch = Scratch::new();
    scratch.options().create_filled(&name("private"), 4, |object| object.write_at(0, b"ours")).unwrap();
    let object = scratch.options().read_only().open(&name("private")).unwrap();
    let private = object.map_private().unwrap();
    private.copy_from(0, b"mine").unwrap();
    let mut bytes = [0; 4];
    private.copy_to(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"mine");
    object.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"ours");
}

#[test]
fn a_part_can_be_mapped_and_none_beyond_the_end() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("parts"), 8192).unwrap();
    object.write_at(5000, b"part").unwrap();
    let part = MapOptions::new().starting_at(5000).read_only(&object, 4).unwrap();
    let mut bytes = [0; 4];
    part.copy_to(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"part");
    let beyond = MapOptions::new().starting_at(5000).read_only(&object, 4000);
    assert!(matches!(beyond, Err(MapError::BeyondEnd { object_bytes: 8192, .. })), "{beyond:?}");
}

#[test]
fn a_grown_object_is_seen_whole_when_it_is_mapped_again() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("grown"), 4096).unwrap();
    let before = object.map().unwrap();
    scratch.options().open(&name("grown")).unwrap().grow(12_288).unwrap();
    assert_eq!(before.bytes(), 4096);
    let after = object.map().unwrap();
    after.copy_from(12_280, b"far away").unwrap();
    before.copy_from(0, b"as before").unwrap();
    let mut bytes = [0; 9];
    after.copy_to(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"as before");
}

#[test]
fn a_guarded_map_that_another_process_shrinks_is_an_error() {
    assert_eq!(shrink_under("a_reader_with_a_guard"), "truncated");
}

#[test]
fn an_unguarded_map_that_another_process_shrinks_kills_as_documented() {
    let killed = shrink_under("a_reader_without_a_guard");
    assert_eq!(killed, "killed by signal 7");
}

/// Lets `role` map an object, shrinks it, lets `role` touch it: what `role` says, or how it died.
fn shrink_under(role: &str) -> String {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("victim"), 8192).unwrap();
    let role = this_binary(role);
    let mut reader = Command::new("sh");
    reader.args(["-c", "ulimit -c 0; exec \"$0\" \"$@\""]).arg(role.get_program()).args(role.get_args());
    reader.env("CABOTAGE_TEST_DIRECTORY", scratch.path.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut reader = reader.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = || lines.by_ref().find_map(|line| line.strip_prefix("@ ").map(str::to_owned));
    assert_eq!(said().as_deref(), Some("mapped"));
    std::fs::File::from(std::os::fd::OwnedFd::from(object)).set_len(0).unwrap();
    drop(reader.stdin.take());
    let last_words = said();
    let status = reader.wait().unwrap();
    last_words.unwrap_or_else(|| format!("killed by signal {}", status.signal().unwrap_or(0)))
}

#[test]
#[ignore = "a role, played by another process of the tests above"]
fn a_reader_with_a_guard() {
    touch_when_told(MapOptions::new().guarded(sigbus::install().unwrap()));
}

#[test]
#[ignore = "a role, played by another process of the tests above"]
fn a_reader_without_a_guard() {
    touch_when_told(MapOptions::new());
}

fn touch_when_told(options: MapOptions) {
    let Ok(directory) = std::env::var("CABOTAGE_TEST_DIRECTORY") else { return };
    let directory = Directory::open(directory).unwrap();
    let object = Object::options().directory(&directory).read_only().open(&name("victim")).unwrap();
    let map = options.read_only(&object, 8192).unwrap();
    println!("\n@ mapped");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    match map.copy_to(4096, &mut [0; 8]) {
        Err(MapError::Truncated) => println!("\n@ truncated"),
        other => println!("\n@ {other:?}"),
    }
}

#[test]
fn a_file_is_created_whole_mapped_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("numbers");
    let file = MappedFile::create(&path, 9000).unwrap();
    let map = file.map().unwrap();
    map.copy_from(8990, b"the end").unwrap();
    map.sync().unwrap();
    file.sync().unwrap();
    assert_eq!(&std::fs::read(&path).unwrap()[8990..8997], b"the end");
    let again = MappedFile::create(&path, 1).unwrap_err();
    assert!(matches!(again, FileError::Create { source: ObjectError::Exists { .. }, .. }), "{again:?}");

    let reading = MappedFile::open_read_only(&path).unwrap();
    assert_eq!((reading.bytes().unwrap(), reading.path()), (9000, path.as_path()));
    let mut bytes = [0; 7];
    reading.map_read_only().unwrap().copy_to(8990, &mut bytes).unwrap();
    assert_eq!(&bytes, b"the end");
    assert!(matches!(reading.map(), Err(FileError::Map { .. })));

    let private = MappedFile::open(&path).unwrap().map_private().unwrap();
    private.copy_from(8990, b"my own ").unwrap();
    reading.map_read_only().unwrap().copy_to(8990, &mut bytes).unwrap();
    assert_eq!(&bytes, b"the end");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_may_be_reached_through_a_symbolic_link() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
    assert_eq!(MappedFile::open(directory.path().join("link")).unwrap().bytes().unwrap(), 4);
}

#[test]
fn what_cannot_be_mapped_is_told_by_kind() {
    let _watchdog = Watchdog::new(Duration::from_secs(60));
    let directory = tempfile::tempdir().unwrap();
    let path = |text: &str| directory.path().join(text);
    let _listener = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    let mut strangers = vec![
        (directory.path().to_owned(), Kind::Directory),
        (path("socket"), Kind::Socket),
        ("/dev/null".into(), Kind::Device),
    ];
    if Command::new("mkfifo").arg(path("fifo")).status().is_ok_and(|status| status.success()) {
        strangers.push((path("fifo"), Kind::Fifo));
    }
    for (stranger, kind) in strangers {
        for outcome in [MappedFile::open(&stranger), MappedFile::open_read_only(&stranger)] {
            let refused = outcome.unwrap_err();
            assert!(
                matches!(refused, FileError::NotAFile { kind: found, .. } if found == kind),
                "{stranger:?}: {refused:?}"
            );
        }
    }
    std::fs::write(path("empty"), "").unwrap();
    let empty = MappedFile::open(path("empty")).unwrap();
    assert!(matches!(empty.map_read_only(), Err(FileError::Empty { .. })));
    let missing = MappedFile::open(path("missing")).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
    let nameless = MappedFile::create(path(".."), 1).unwrap_err();
    assert!(matches!(nameless, FileError::Name { source: NameError::Empty, .. }), "{nameless:?}");
}
