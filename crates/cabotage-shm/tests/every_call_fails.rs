// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each system call of each operation is refused once, for each likely reason: the answer is an error, no descriptor
//! and no file is left over, and the operation works right after.
//!
//! One test, alone in its process, because it counts the descriptors of the process.

mod common;

use cabotage_os::seam::{self, Errno};
use cabotage_shm::{MappedFile, ObjectError};
use common::{Scratch, in_each_way, name};

const REASONS: [Errno; 7] =
    [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOSPC, Errno::ACCESS, Errno::IO, Errno::INTR];

#[test]
fn whichever_call_is_refused_nothing_is_left_over() {
    // What is opened once for the life of the process is opened before the count.
    in_each_way(|scratch| drop(scratch.options().create(&name("first"), 1).unwrap()));
    in_each_way(|scratch| {
        let options = scratch.options();
        let made = || options.create(&name("made"), 100).unwrap();
        let gone = || scratch.directory.unlink(&name("made"));

        refuse_each_call("create", scratch, || options.create(&name("made"), 100).map(drop), gone);
        refuse_each_call(
            "create and fill",
            scratch,
            || options.create_filled(&name("made"), 100, |object| object.write_at(0, b"x")).map(drop),
            gone,
        );
        refuse_each_call(
            "open or create",
            scratch,
            || options.open_or_create(&name("made"), 9).map(drop),
            gone,
        );
        refuse_each_call(
            "exact mode",
            scratch,
            || options.clone().exact_mode().create(&name("made"), 9).map(drop),
            gone,
        );

        let object = made();
        let nothing = || Ok(());
        refuse_each_call("open", scratch, || options.open(&name("made")).map(drop), nothing);
        refuse_each_call("read", scratch, || object.read_at(0, &mut [0; 100]), nothing);
        refuse_each_call("write", scratch, || object.write_at(0, &[0; 100]), nothing);
        refuse_each_call("map", scratch, || object.map().map(drop), nothing);
        refuse_each_call(
            "list",
            scratch,
            || scratch.directory.list().map(drop).map_err(ObjectError::from),
            nothing,
        );
        refuse_each_call(
            "clean",
            scratch,
            || scratch.directory.clean().map(drop).map_err(ObjectError::from),
            nothing,
        );
        let mut bytes = object.bytes().unwrap();
        refuse_each_call(
            "grow",
            scratch,
            || {
                bytes += 5000;
                object.grow(bytes)
            },
            nothing,
        );
        gone().unwrap();
        refuse_each_removal(scratch);

        refuse_each_call(
            "create a file",
            scratch,
            || MappedFile::create(scratch.path.path().join("made"), 100).map(drop).map_err(into_refusal),
            gone,
        );
    });
}

fn into_refusal(error: cabotage_shm::FileError) -> ObjectError {
    match error {
        cabotage_shm::FileError::System(refusal) => refusal.into(),
        cabotage_shm::FileError::Create { source, .. } => source,
        other => panic!("an error of another kind: {other}"),
    }
}

/// Refuses the first call of `act`, then the second, until it runs out of calls; `undo` undoes a success.
fn refuse_each_call(
    what: &str,
    scratch: &Scratch,
    mut act: impl FnMut() -> Result<(), ObjectError>,
    undo: impl Fn() -> Result<(), ObjectError>,
) {
    for errno in REASONS {
        for nth in 0.. {
            let before = (open_descriptors(), scratch.file_names());
            let plan = seam::fail_nth(nth, errno);
            let outcome = act();
            let has_struck = plan.has_struck();
            drop(plan);
            let context = format!("{what}, call {nth}, {errno:?}: {outcome:?}");
            assert!(errno != Errno::INTR || !is_refusal_of_a_retried_call(&outcome), "{context}");
            if outcome.is_ok() {
                undo().expect(&context);
            }
            // What a refused removal left of an unfinished object, a clean takes away.
            scratch.directory.clean().expect(&context);
            assert_eq!(before, (open_descriptors(), scratch.file_names()), "{context}");
            if !has_struck {
                outcome.expect(&context);
                assert!(nth > 0, "{what} makes no system call");
                break;
            }
        }
    }
}

/// A removal that is refused half-way has removed the object or left it under its own name.
fn refuse_each_removal(scratch: &Scratch) {
    for errno in REASONS {
        for nth in 0.. {
            let object = scratch.options().create(&name("removed"), 1).unwrap();
            let plan = seam::fail_nth(nth, errno);
            let outcome = object.unlink_if_mine();
            let has_struck = plan.has_struck();
            drop(plan);
            let context = format!("call {nth}, {errno:?}: {outcome:?}");
            match object.is_linked().unwrap() {
                true => assert_eq!(scratch.file_names(), ["removed"], "{context}"),
                false => assert_eq!(scratch.file_names(), [""; 0], "{context}"),
            }
            let _ = scratch.directory.unlink(&name("removed"));
            if !has_struck {
                outcome.expect(&context);
                break;
            }
        }
    }
}

/// Whether the refused call is one that a signal can interrupt, so that it should have been asked again.
fn is_refusal_of_a_retried_call(outcome: &Result<(), ObjectError>) -> bool {
    let calls = ["openat", "fallocate", "pread", "pwrite", "flock", "getrandom", "fstatfs"];
    matches!(outcome, Err(ObjectError::System(refusal)) if calls.contains(&refusal.call()))
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
