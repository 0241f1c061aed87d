// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an object is and does, in every way in which this kernel can make one.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use cabotage_os::probe::{self, Feature};
use cabotage_os::{Deadline, seam};
use cabotage_shm::{Directory, Name, Object, ObjectError, Won};
use common::{Scratch, in_each_way, name};

#[test]
fn a_new_object_is_full_of_zeroes_with_memory_behind_them() {
    in_each_way(|scratch| {
        let object = scratch.options().create(&name("zeroes"), 10_000).unwrap();
        let mut bytes = vec![1; 10_000];
        object.read_at(0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|&byte| byte == 0));
        let facts = object.stat().unwrap();
        assert_eq!((facts.bytes, facts.links), (10_000, 1));
        assert!(facts.real_bytes >= 10_000, "only {} bytes are allocated", facts.real_bytes);
        assert_eq!(scratch.file_names(), ["zeroes"]);
    });
}

#[test]
fn what_one_writes_another_reads() {
    in_each_way(|scratch| {
        let one = scratch.options().create(&name("talk"), 64).unwrap();
        one.write_at(60, b"ahoy").unwrap();
        let other = scratch.options().read_only().open(&name("talk")).unwrap();
        let mut bytes = [0; 4];
        other.read_at(60, &mut bytes).unwrap();
        assert_eq!(&bytes, b"ahoy");
        assert_eq!(one.identity().unwrap(), other.identity().unwrap());
    });
}

#[test]
fn a_taken_name_is_refused_and_its_object_untouched() {
    in_each_way(|scratch| {
        let first = scratch.options().create(&name("taken"), 8).unwrap();
        first.write_at(0, b"precious").unwrap();
        for bytes in [8, 64 << 20] {
            let refused = scratch.options().create(&name("taken"), bytes);
            assert!(matches!(refused, Err(ObjectError::Exists { .. })), "{refused:?}");
        }
        let mut bytes = [0; 8];
        first.read_at(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"precious");
        assert_eq!(scratch.file_names(), ["taken"]);
    });
}

#[test]
fn nobody_sees_an_object_while_it_is_filled() {
    in_each_way(|scratch| {
        let name = name("filled");
        let look = || scratch.options().open(&name);
        let object = scratch.options().create_filled(&name, 5, |object| {
            assert!(matches!(look(), Err(ObjectError::Missing { .. })));
            assert!(scratch.directory.list().unwrap().is_empty());
            object.write_at(0, b"ready")
        });
        let mut bytes = [0; 5];
        look().unwrap().read_at(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"ready");
        drop(object);
    });
}

#[test]
fn a_filling_that_fails_or_panics_leaves_nothing() {
    in_each_way(|scratch| {
        let fill = |object: &Object| object.write_at(6, b"beyond");
        let refused = scratch.options().create_filled(&name("failed"), 5, fill);
        assert!(matches!(refused, Err(ObjectError::BeyondEnd { .. })), "{refused:?}");
        let panicked = std::panic::catch_unwind(|| {
            scratch.options().create_filled(&name("failed"), 5, |_| -> Result<(), ObjectError> {
                std::panic::panic_any("on purpose")
            })
        });
        assert!(panicked.is_err());
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}

#[test]
fn open_or_create_tells_who_won() {
    in_each_way(|scratch| {
        let (first, won) = scratch.options().open_or_create(&name("won"), 8).unwrap();
        assert_eq!(won, Won::Created);
        let (second, won) = scratch.options().open_or_create(&name("won"), 99).unwrap();
        assert_eq!((won, second.bytes().unwrap()), (Won::Opened, 8));
        assert_eq!(first.identity().unwrap(), second.identity().unwrap());
    });
}

#[test]
fn the_umask_counts_unless_the_mode_is_exact() {
    in_each_way(|scratch| {
        let mode = |text, options: cabotage_shm::Options| {
            options.create(&name(text), 1).unwrap().stat().unwrap().mode
        };
        let umask = umask();
        assert_eq!(mode("default", scratch.options()), 0o600 & !umask);
        assert_eq!(mode("open", scratch.options().mode(0o666)), 0o666 & !umask);
        assert_eq!(mode("exact", scratch.options().mode(0o666).exact_mode()), 0o666);
        assert_eq!(mode("masked", scratch.options().mode(0o7644).exact_mode()), 0o644);
    });
}

fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap();
    u32::from_str_radix(line.trim(), 8).unwrap()
}

#[test]
fn the_creator_may_write_to_an_object_whose_mode_forbids_it() {
    in_each_way(|scratch| {
        let object = scratch.options().mode(0o400).create(&name("read-only"), 4).unwrap();
        object.write_at(0, b"once").unwrap();
        object.map().unwrap();
    });
}

#[test]
fn a_size_of_0_or_beyond_all_files_is_refused_before_anything_is_made() {
    in_each_way(|scratch| {
        let zero = scratch.options().create(&name("zero"), 0);
        assert!(matches!(zero, Err(ObjectError::ZeroSize { .. })), "{zero:?}");
        let huge = scratch.options().create(&name("huge"), usize::MAX);
        assert!(matches!(huge, Err(ObjectError::TooLarge { .. })), "{huge:?}");
        let here = std::fs::File::open(scratch.path.path()).unwrap();
        if cabotage_os::object::free_bytes(&here, "the directory").unwrap().is_some() {
            let largest = scratch.options().create(&name("huge"), isize::MAX as usize);
            assert!(matches!(largest, Err(ObjectError::NoSpace { .. })), "{largest:?}");
        }
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}

#[test]
fn any_bytes_can_be_a_name() {
    let scratch = Scratch::new();
    for bytes in [&b"caf\xe9"[..], b"two words", "snø".as_bytes(), &[b'n'; 255], b"-rf", b"..."] {
        let name = Name::parse(bytes).unwrap();
        let object = scratch.options().create(&name, 1).unwrap();
        assert_eq!(scratch.directory.list().unwrap()[0].name, name);
        object.unlink_if_mine().unwrap();
    }
    assert_eq!(scratch.file_names(), [""; 0]);
}

#[test]
fn reads_and_writes_end_at_the_end() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("bounds"), 10).unwrap();
    object.write_at(6, b"last").unwrap();
    object.write_at(10, b"").unwrap();
    for (at, bytes) in [(7, 4), (10, 1), (usize::MAX, 2), (11, 0)] {
        let refused = object.write_at(at, &vec![0; bytes]).unwrap_err();
        assert!(matches!(refused, ObjectError::BeyondEnd { bytes_now: 10, .. }), "{refused:?}");
    }
    for (at, bytes) in [(7, 4), (10, 1), (usize::MAX, 2)] {
        let refused = object.read_at(at, &mut vec![0; bytes]).unwrap_err();
        assert!(matches!(refused, ObjectError::BeyondEnd { bytes_now: 10, .. }), "{at} {refused:?}");
    }
    assert_eq!(object.bytes().unwrap(), 10);
}

#[test]
fn an_object_that_a_peer_shrank_is_an_error_to_read_and_to_write() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("shrunk"), 8192).unwrap();
    let peer = Command::new("truncate").args(["-s", "100"]).arg(scratch.path.path().join("shrunk")).status();
    if !peer.is_ok_and(|status| status.success()) {
        let file = std::fs::File::options().write(true).open(scratch.path.path().join("shrunk")).unwrap();
        file.set_len(100).unwrap();
    }
    let refused = object.read_at(50, &mut [0; 100]).unwrap_err();
    assert!(matches!(refused, ObjectError::BeyondEnd { bytes_now: 100, .. }), "{refused:?}");
    let refused = object.write_at(4096, b"gone").unwrap_err();
    assert!(matches!(refused, ObjectError::BeyondEnd { bytes_now: 100, .. }), "{refused:?}");
    assert_eq!(object.bytes().unwrap(), 100, "a refused write makes nothing longer");
}

#[test]
fn a_read_only_end_neither_writes_nor_grows() {
    let scratch = Scratch::new();
    scratch.options().create(&name("look"), 10).unwrap();
    let object = scratch.options().read_only().open(&name("look")).unwrap();
    assert!(matches!(object.write_at(0, b"x"), Err(ObjectError::ReadOnly { .. })));
    assert!(matches!(object.grow(20), Err(ObjectError::ReadOnly { .. })));
    assert!(matches!(object.map(), Err(ObjectError::ReadOnly { .. })));
}

#[test]
fn an_object_grows_and_never_shrinks() {
    let scratch = Scratch::new();
    let object = scratch.options().create(&name("grow"), 100).unwrap();
    object.write_at(0, b"kept").unwrap();
    object.grow(9000).unwrap();
    object.grow(9000).unwrap();
    let facts = object.stat().unwrap();
    assert_eq!(facts.bytes, 9000);
    assert!(facts.real_bytes >= 9000);
    let mut bytes = [1; 9000];
    object.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes[..4], b"kept");
    assert!(bytes[4..].iter().all(|&byte| byte == 0));
    let refused = object.grow(8999).unwrap_err();
    assert!(matches!(refused, ObjectError::Shrink { bytes_now: 9000, .. }), "{refused:?}");
    assert!(matches!(object.grow(usize::MAX), Err(ObjectError::TooLarge { .. })));
}

#[test]
fn unlink_if_mine_leaves_the_object_of_a_successor_alone() {
    in_each_way(|scratch| {
        let old = scratch.options().create(&name("restart"), 8).unwrap();
        scratch.directory.unlink(&name("restart")).unwrap();
        assert!(!old.is_linked().unwrap());
        assert!(matches!(old.unlink_if_mine(), Err(ObjectError::Missing { .. })));
        let new = scratch.options().create(&name("restart"), 8).unwrap();
        assert!(matches!(old.unlink_if_mine(), Err(ObjectError::NotMine { .. })));
        assert!(new.is_linked().unwrap());
        new.unlink_if_mine().unwrap();
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}

#[test]
fn a_successor_that_comes_between_the_two_looks_keeps_its_name() {
    let scratch = Scratch::new();
    let old = scratch.options().create(&name("swap"), 8).unwrap();
    scratch.options().create(&name("other"), 9).unwrap();
    let directory = scratch.path.path().to_owned();
    let swap = move || std::fs::rename(directory.join("other"), directory.join("swap")).unwrap();
    let _intrusion = seam::before("renameat2", swap);
    let refused = old.unlink_if_mine();
    assert!(matches!(refused, Err(ObjectError::NotMine { .. })), "{refused:?}");
    assert_eq!(scratch.file_names(), ["swap"]);
    assert_eq!(scratch.options().open(&name("swap")).unwrap().bytes().unwrap(), 9);
}

#[test]
fn where_nothing_can_be_moved_safely_a_removed_successor_is_reported() {
    let scratch = Scratch::new();
    let old = scratch.options().create(&name("swap"), 8).unwrap();
    scratch.options().create(&name("other"), 9).unwrap();
    let directory = scratch.path.path().to_owned();
    let swap = move || {
        std::fs::rename(directory.join("swap"), directory.join("elsewhere")).unwrap();
        std::fs::rename(directory.join("other"), directory.join("swap")).unwrap();
    };
    let _without = probe::without(Feature::RenameNoReplace);
    let _intrusion = seam::before("unlinkat", swap);
    let refused = old.unlink_if_mine();
    assert!(matches!(refused, Err(ObjectError::Displaced { kept_as: None, .. })), "{refused:?}");
}

#[test]
fn a_list_has_objects_and_nothing_else() {
    let scratch = Scratch::new();
    let path = scratch.path.path();
    scratch.options().mode(0o640).exact_mode().create(&name("b"), 5000).unwrap();
    std::fs::File::create(path.join("a")).unwrap().set_len(1 << 40).unwrap();
    std::fs::create_dir(path.join("directory")).unwrap();
    std::os::unix::fs::symlink("b", path.join("link")).unwrap();
    std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
    std::fs::write(path.join(".cabotage-making-0123456789abcdef"), "").unwrap();
    let list = scratch.directory.list().unwrap();
    let names: Vec<_> = list.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names, ["/a", "/b"]);
    assert_eq!((list[0].bytes, list[0].real_bytes), (1 << 40, 0));
    assert_eq!((list[1].bytes, list[1].mode), (5000, 0o640));
    assert!(list[1].real_bytes >= 5000);
    assert!(list[1].modified.elapsed().unwrap().as_secs() < 600);
}

#[test]
fn a_list_survives_objects_that_come_and_go() {
    let scratch = Scratch::new();
    scratch.options().create(&name("stays"), 1).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                for number in 0..20 {
                    let object = scratch.options().create(&name(&format!("goes{number}")), 1).unwrap();
                    object.unlink_if_mine().unwrap();
                }
            }
        });
        for _ in 0..300 {
            let list = scratch.directory.list().unwrap();
            assert!(list.iter().any(|entry| entry.name == name("stays")));
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn a_published_object_is_not_locked() {
    let scratch = Scratch::new();
    let _without = probe::without(Feature::UnnamedFiles);
    let _made = scratch.options().create(&name("free"), 1).unwrap();
    let other = scratch.options().open(&name("free")).unwrap();
    assert!(cabotage_os::object::try_lock(&other, "free").unwrap());
}

#[test]
fn the_default_directory_is_where_c_programs_look() {
    let name = name(&format!("cabotage-test-{}", std::process::id()));
    let object = Object::create(&name, 3).unwrap();
    let path = std::path::Path::new("/dev/shm").join(str::from_utf8(name.file_name()).unwrap());
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (3, 0o600 & !umask()));
    assert!(cabotage_shm::list().unwrap().iter().any(|entry| entry.name == name));
    assert_eq!(Object::open_read_only(&name).unwrap().bytes().unwrap(), 3);
    object.unlink_if_mine().unwrap();
    assert!(matches!(cabotage_shm::unlink(&name), Err(ObjectError::Missing { .. })));
}

#[test]
fn an_object_that_is_replaced_is_there_old_or_new_at_every_moment() {
    in_each_way(|scratch| {
        let replace = |bytes| {
            scratch.options().replace_filled(&name("frames"), bytes, |object| {
                object.write_at(0, &bytes.to_ne_bytes())?;
                Ok::<_, ObjectError>(())
            })
        };
        let first = replace(100).unwrap();
        for gap in 0.. {
            let path = scratch.path.path().to_owned();
            let plan = seam::before_nth(gap, move || {
                let directory = Directory::open(path).unwrap();
                directory.clean().unwrap();
                let seen = Object::options().directory(&directory).open(&name("frames")).unwrap();
                let mut bytes = [0; size_of::<usize>()];
                seen.read_at(0, &mut bytes).unwrap();
                assert_eq!(usize::from_ne_bytes(bytes), seen.bytes().unwrap(), "gap {gap}");
            });
            let replaced = replace(200 + usize::try_from(gap).unwrap());
            let has_come = plan.has_come();
            drop(plan);
            replaced.unwrap_or_else(|error| panic!("gap {gap}: {error}"));
            assert_eq!(scratch.file_names(), ["frames"], "gap {gap}");
            if !has_come {
                break;
            }
        }
        assert!(!first.is_linked().unwrap());
    });
}

#[test]
fn what_is_no_object_is_not_replaced() {
    in_each_way(|scratch| {
        std::os::unix::fs::symlink("nowhere", scratch.path.path().join("frames")).unwrap();
        let refused = scratch.options().replace_filled(&name("frames"), 1, |_| Ok::<_, ObjectError>(()));
        assert!(matches!(refused, Err(ObjectError::NotAnObject { .. })), "{refused:?}");
        assert_eq!(scratch.file_names(), ["frames"]);
    });
}

#[test]
fn an_object_can_be_waited_for_whenever_it_comes() {
    // Before there is a watch, just when it is made, and when it is waited on.
    for call in ["openat", "inotify_add_watch", "poll"] {
        let scratch = Scratch::new();
        let path = scratch.path.path().to_owned();
        let plan = seam::before(call, move || {
            let directory = Directory::open(path).unwrap();
            Object::options().directory(&directory).create(&name("late"), 8).unwrap();
        });
        let patient =
            scratch.options().wait_until_there(Deadline::within(std::time::Duration::from_secs(60)));
        assert_eq!(patient.open(&name("late")).unwrap().bytes().unwrap(), 8, "{call}");
        assert!(plan.has_come(), "{call}");
    }
    let scratch = Scratch::new();
    let impatient = scratch.options().wait_until_there(Deadline::within(std::time::Duration::from_millis(1)));
    assert!(matches!(impatient.open(&name("never")), Err(ObjectError::Missing { .. })));
}
