// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sealed memory: what it forbids its maker, and what a receiver refuses.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;

use cabotage_os::map::{MapError, MapOptions};
use cabotage_os::memfd::{AdmitError, IMMUTABLE, Memfd, ONE_WAY, Seals};
use cabotage_os::probe::{self, Feature};
use cabotage_os::seam::{self, Errno};

const BYTES: u64 = 8192;

fn sealed(seals: Seals) -> OwnedFd {
    let memory = Memfd::create("test", BYTES).unwrap();
    memory.seal(seals).unwrap();
    memory.into()
}

#[test]
fn the_owner_of_one_way_memory_still_writes_and_nobody_else_can() {
    let memory = Memfd::create("one way", BYTES).unwrap();
    let own = MapOptions::new().read_write(&memory, 8192).unwrap();
    memory.seal(ONE_WAY).unwrap();
    let refused = MapOptions::new().read_write(&memory, 8192).unwrap_err();
    assert!(matches!(refused, MapError::System(error) if error.errno() == Errno::PERM));
    let theirs = MapOptions::new().read_only(&memory, 8192).unwrap();
    own.copy_from(100, b"cargo").unwrap();
    let mut seen = [0; 5];
    theirs.copy_to(100, &mut seen).unwrap();
    assert_eq!(&seen, b"cargo");
}

#[test]
fn a_receiver_takes_what_is_sealed_sized_and_allocated() {
    let memory = Memfd::admit(sealed(ONE_WAY), ONE_WAY, BYTES).unwrap();
    assert_eq!((memory.bytes(), memory.seals().unwrap().contains(ONE_WAY)), (BYTES, true));
}

#[test]
fn a_receiver_refuses_missing_seals() {
    let refused = Memfd::admit(sealed(Seals::SHRINK), ONE_WAY, BYTES).unwrap_err();
    assert!(matches!(refused, AdmitError::Seals { needed: ONE_WAY, .. }), "{refused}");
}

#[test]
fn a_receiver_refuses_another_size_than_announced() {
    let refused = Memfd::admit(sealed(ONE_WAY), ONE_WAY, BYTES * 2).unwrap_err();
    assert_eq!(refused, AdmitError::Size { found: BYTES, announced: BYTES * 2 });
}

#[test]
fn a_receiver_refuses_memory_with_holes() {
    let memory = Memfd::create("holes", BYTES).unwrap();
    file_of(&memory).set_len(BYTES * 1024).unwrap();
    memory.seal(ONE_WAY).unwrap();
    let refused = Memfd::admit(memory.into(), ONE_WAY, BYTES * 1024).unwrap_err();
    assert!(matches!(refused, AdmitError::Sparse { allocated: BYTES, .. }), "{refused}");
}

#[test]
fn a_receiver_refuses_what_is_no_memory_object() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let disk = tempfile::tempfile().unwrap();
    let directory = File::open("/").unwrap();
    for fd in [reader.into(), OwnedFd::from(disk), directory.into()] {
        let refused = Memfd::admit(fd, ONE_WAY, BYTES).unwrap_err();
        assert!(matches!(refused, AdmitError::NotMemory | AdmitError::Seals { .. }), "{refused}");
    }
}

#[test]
fn immutable_memory_can_not_be_written_even_by_its_maker() {
    let memory = Memfd::create("still", BYTES).unwrap();
    memory.seal(IMMUTABLE).unwrap();
    assert!(MapOptions::new().read_write(&memory, 1).is_err());
    assert!(MapOptions::new().private(&memory, 1).is_ok());
}

#[test]
fn restricted_memory_can_not_be_opened_for_writing_by_others() {
    let memory = Memfd::create("mode", BYTES).unwrap();
    memory.restrict_mode().unwrap();
    let mode = file_of(&memory).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o400);
}

#[test]
fn without_the_noexec_seal_memory_is_made_all_the_same() {
    let _old_kernel = probe::without(Feature::NoexecSeal);
    assert!(Memfd::create("old", BYTES).is_ok());
}

#[test]
fn a_question_that_a_signal_interrupts_is_asked_again() {
    let fd = sealed(ONE_WAY);
    // The seals, the kind, and then the file system, which is the one that a signal may interrupt (fstatfs(2)).
    let plan = seam::fail_nth(2, Errno::INTR);
    Memfd::admit(fd, ONE_WAY, BYTES).unwrap();
    assert!(plan.has_struck());
}

#[test]
fn every_failing_call_is_reported_with_its_name() {
    for (nth, call) in ["memfd_create", "fallocate"].into_iter().enumerate() {
        let _plan = seam::fail_nth(nth as u64, Errno::NOMEM);
        assert_eq!(Memfd::create("short", BYTES).unwrap_err().call(), call);
    }
}

/// A second descriptor, for the questions that only [`File`] asks.
fn file_of(memory: &Memfd) -> File {
    memory.as_fd().try_clone_to_owned().unwrap().into()
}
