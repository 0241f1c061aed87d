// SPDX-License-Identifier: MIT OR Apache-2.0
//! A full /dev/shm: a typed error that says how much is left, no signal, nothing left behind.
//!
//! A tmpfs of 1 MiB, or of 64 KiB for channels, is mounted in a mount namespace of the test's own, which needs root or
//! unprivileged user
//! namespaces; where there are none, only refused calls are tried.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use cabotage_os::Deadline;
use cabotage_os::seam::{self, Errno};
use cabotage_shm::{ChannelError, ChannelOptions, Directory, MappedFile, Object, ObjectError};
use common::{in_each_way, name, this_binary};

const MIB: usize = 1 << 20;

#[test]
fn a_refused_allocation_says_how_much_is_left() {
    in_each_way(|scratch| {
        let create_and_remove = || {
            scratch.options().create(&name("full"), 9).unwrap();
            scratch.directory.unlink(&name("full")).unwrap();
        };
        create_and_remove(); // what is asked once for the life of the process
        let trace = seam::trace();
        create_and_remove();
        let calls = trace.finish();
        let before = calls.iter().take_while(|(call, _)| *call != "fallocate");
        let plan = seam::fail_nth(before.map(|(_, times)| times).sum(), Errno::NOSPC);
        let refused = scratch.options().create(&name("full"), 9).unwrap_err();
        drop(plan);
        assert!(matches!(refused, ObjectError::NoSpace { wanted_bytes: 9, .. }), "{refused:?}");
        assert!(refused.to_string().contains("--shm-size"), "{refused}");
        assert_eq!(scratch.file_names(), [""; 0]);
    });
}

#[test]
fn a_full_file_system_is_an_error_and_stays_as_it_was() {
    play_on_a_small_tmpfs("on_a_small_tmpfs", "1m");
}

#[test]
fn channels_that_find_no_room_leave_nothing_and_those_that_have_it_need_no_more() {
    play_on_a_small_tmpfs("channels_on_a_small_tmpfs", "64k");
}

/// Plays a role on a tmpfs of its own of this size.
fn play_on_a_small_tmpfs(role: &str, size: &str) {
    let mount_point = tempfile::tempdir().unwrap();
    let role = this_binary(role);
    let script = format!(
        "mount -t tmpfs -o size={size},nr_inodes=64 none \"$CABOTAGE_TEST_MOUNT\" || exit 77; exec \"$0\" \"$@\""
    );
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(role.get_program())
        .args(role.get_args())
        .env("CABOTAGE_TEST_MOUNT", mount_point.path())
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) if output.status.success() => return,
        Ok(output) => output,
        Err(error) => {
            return eprintln!("skipped: no program `unshare` to mount a small tmpfs with ({error})");
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(101) | None => panic!("{} {said} {}", output.status, String::from_utf8_lossy(&output.stdout)),
        _ => eprintln!("skipped: a small tmpfs cannot be mounted here: {}", said.trim()),
    }
}

#[test]
#[ignore = "a role, played by another process of the test above"]
fn on_a_small_tmpfs() {
    let Some(mount) = std::env::var_os("CABOTAGE_TEST_MOUNT") else { return };
    let path = Path::new(&mount);
    let directory = Directory::open(path).unwrap();
    let options = Object::options().directory(&directory);
    let is_as_before = || free_of(&directory) == MIB as u64 && std::fs::read_dir(path).unwrap().count() == 0;
    assert!(is_as_before());

    for bytes in [MIB + 1, 4 * MIB, 64 * MIB, 1 << 50] {
        let refused = options.create(&name("big"), bytes).unwrap_err();
        let wanted = bytes as u64;
        assert!(
            matches!(refused, ObjectError::NoSpace { wanted_bytes, free_bytes: 0x10_0000, .. } if wanted_bytes == wanted),
            "{refused:?}"
        );
        let refused = options.open_or_create(&name("big"), bytes).unwrap_err();
        assert!(matches!(refused, ObjectError::NoSpace { .. }), "{refused:?}");
        MappedFile::create(path.join("big"), bytes).unwrap_err();
        assert!(is_as_before());
    }

    let object = options.create(&name("whole"), MIB).unwrap();
    let map = object.map().unwrap();
    for at in (0..MIB).step_by(4096) {
        map.copy_from(at, b"backed by memory").unwrap();
    }
    assert!(matches!(options.create(&name("more"), 1), Err(ObjectError::NoSpace { free_bytes: 0, .. })));
    let refused = object.grow(MIB + 1).unwrap_err();
    assert!(matches!(refused, ObjectError::NoSpace { wanted_bytes: 1, free_bytes: 0, .. }), "{refused:?}");
    assert_eq!(object.bytes().unwrap(), MIB);
    let taken = options.create(&name("whole"), MIB).unwrap_err();
    assert!(matches!(taken, ObjectError::Exists { .. }), "{taken:?}");

    // The promise of another program: long, and with nothing behind it.
    std::fs::File::create(path.join("promise")).unwrap().set_len(8192).unwrap();
    let promise = options.open(&name("promise")).unwrap();
    promise.read_at(0, &mut [0; 8192]).unwrap();
    let refused = promise.write_at(0, b"nothing behind it").unwrap_err();
    assert!(
        matches!(&refused, ObjectError::System(refusal) if refusal.errno() == Errno::NOSPC),
        "{refused:?}"
    );

    for taken in ["whole", "promise"] {
        directory.unlink(&name(taken)).unwrap();
    }
    drop((map, object, promise));
    assert!(is_as_before());
}

#[test]
#[ignore = "a role, played by another process of a test above"]
fn channels_on_a_small_tmpfs() {
    let Some(mount) = std::env::var_os("CABOTAGE_TEST_MOUNT") else { return };
    let path = Path::new(&mount);
    let directory = Directory::open(path).unwrap();
    let options = || ChannelOptions::new().directory(&directory);
    // The reader's object has room, the ring has none.
    for capacity_bytes in [64 << 10, 1 << 20, 1 << 30] {
        let refused = options().capacity_bytes(capacity_bytes).create_trusting(&name("big")).unwrap_err();
        assert!(matches!(refused, ChannelError::Object(ObjectError::NoSpace { .. })), "{refused:?}");
        assert_eq!((free_of(&directory), std::fs::read_dir(path).unwrap().count()), (64 << 10, 0));
    }

    let mut producer = options().capacity_bytes(4096).create_trusting(&name("small")).unwrap();
    let mut consumer = options().open_trusting(&name("small")).unwrap();
    let free_bytes = usize::try_from(free_of(&directory)).unwrap();
    let rest = Object::options().directory(&directory).create(&name("rest"), free_bytes).unwrap();
    assert_eq!(free_of(&directory), 0);
    let refused = options().create_trusting(&name("other")).unwrap_err();
    assert!(
        matches!(refused, ChannelError::Object(ObjectError::NoSpace { free_bytes: 0, .. })),
        "{refused:?}"
    );
    for round in 0..1000_u32 {
        producer.send_value(&round, Deadline::Now).unwrap();
        assert_eq!(consumer.receive_value::<u32>(Deadline::Now).unwrap(), round);
        if round % 100 == 0 {
            // Successors need no memory of the file system's.
            drop((producer, consumer));
            producer = options().create_trusting(&name("small")).unwrap();
            consumer = options().open_trusting(&name("small")).unwrap();
        }
    }
    consumer.remove().unwrap();
    directory.unlink(&name("rest")).unwrap();
    drop((producer, rest));
    assert_eq!((free_of(&directory), std::fs::read_dir(path).unwrap().count()), (64 << 10, 0));
}

fn free_of(directory: &Directory) -> u64 {
    let fd = std::fs::File::open(directory.path()).unwrap();
    cabotage_os::object::free_bytes(&fd, "a small tmpfs").unwrap().unwrap()
}
