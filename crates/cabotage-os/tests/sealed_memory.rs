// SPDX-License-Identifier: MIT OR Apache-2.0
//! Immutable memory: what a draft may do, what a taker refuses, and that nobody writes afterwards.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use cabotage_os::Deadline;
use cabotage_os::fork::child_answers;
use cabotage_os::map::MapOptions;
use cabotage_os::memfd::{AdmitError, IMMUTABLE, Memfd, ONE_WAY};
use cabotage_os::probe::{self, Feature};
use cabotage_os::sealed::{Draft, DraftError, Sealed, SealedError};
use cabotage_os::seam::{self, Errno};

const BYTES: u64 = 3 * 4096;

fn sealed(text: &[u8]) -> OwnedFd {
    let mut draft = Draft::create("test", BYTES).unwrap();
    draft.write_at(100, text).unwrap();
    draft.seal().unwrap()
}

#[test]
fn what_was_written_before_the_seal_is_a_slice_after_it() {
    let taken = Sealed::admit(sealed(b"cargo"), BYTES).unwrap();
    assert_eq!(taken.len(), 3 * 4096);
    assert_eq!(&taken[100..105], b"cargo");
    assert!(taken[..100].iter().chain(&taken[105..]).all(|byte| *byte == 0));
}

#[test]
fn on_kernels_without_shared_maps_of_sealed_memory_it_is_mapped_privately() {
    let _old_kernel = probe::without(Feature::SharedMapOfSealed);
    assert_eq!(&Sealed::admit(sealed(b"cargo"), BYTES).unwrap()[100..105], b"cargo");
}

#[test]
fn a_draft_is_not_written_beyond_its_end() {
    let mut draft = Draft::create("test", BYTES).unwrap();
    let refused = draft.write_at(BYTES - 2, b"long").unwrap_err();
    assert_eq!(refused, DraftError::OutOfRange { at: BYTES - 2, bytes: 4, draft_bytes: BYTES });
    assert!(matches!(draft.write_at(u64::MAX, b"far"), Err(DraftError::OutOfRange { .. })));
    draft.write_at(BYTES - 4, b"fits").unwrap();
    assert_eq!(&Sealed::admit(draft.seal().unwrap(), BYTES).unwrap()[3 * 4096 - 4..], b"fits");
}

#[test]
fn after_the_seal_even_the_maker_can_not_write() {
    let file = File::from(sealed(b"still"));
    let errno = |error: std::io::Error| error.raw_os_error();
    assert_eq!(file.write_at(b"x", 0).map_err(errno), Err(Some(Errno::PERM.raw_os_error())));
    assert_eq!(file.set_len(0).map_err(errno), Err(Some(Errno::PERM.raw_os_error())));
    assert!(MapOptions::new().read_write(&file, 4096).is_err());
}

#[test]
fn memory_that_its_maker_can_still_write_is_refused() {
    let memory = Memfd::create("test", BYTES).unwrap();
    let own = MapOptions::new().read_write(&memory, 4096).unwrap();
    memory.seal(ONE_WAY).unwrap();
    own.copy_from(0, b"I can still write").unwrap();
    let refused = Sealed::admit(memory.into(), BYTES).unwrap_err();
    assert!(matches!(refused, SealedError::Admit(AdmitError::Seals { needed: IMMUTABLE, .. })), "{refused}");
}

#[test]
fn a_seal_is_not_given_while_somebody_may_still_write() {
    let memory = Memfd::create("test", BYTES).unwrap();
    let _writer = MapOptions::new().read_write(&memory, 4096).unwrap();
    assert_eq!(memory.seal(IMMUTABLE).unwrap_err().errno(), Errno::BUSY);
}

#[test]
fn memory_of_another_size_or_with_holes_is_refused() {
    let refused = Sealed::admit(sealed(b""), BYTES + 4096).unwrap_err();
    assert!(matches!(refused, SealedError::Admit(AdmitError::Size { .. })), "{refused}");
    let sparse = Memfd::create_sparse("test", BYTES).unwrap();
    sparse.seal(IMMUTABLE).unwrap();
    let refused = Sealed::admit(sparse.into(), BYTES).unwrap_err();
    assert!(matches!(refused, SealedError::Admit(AdmitError::Sparse { allocated: 0, .. })), "{refused}");
}

#[test]
fn a_forked_child_reads_sealed_memory_too() {
    let taken = Sealed::admit(sealed(b"cargo"), BYTES).unwrap();
    assert!(child_answers(|| &taken[100..105] == b"cargo", Deadline::Never).unwrap());
}

#[test]
fn every_failing_call_is_reported_with_its_name() {
    let calls = ["memfd_create", "ftruncate", "pwrite", "fallocate", "fchmod", "fcntl"];
    for (nth, call) in calls.into_iter().enumerate() {
        let _plan = seam::fail_nth(nth as u64, Errno::NOMEM);
        let make = || {
            let mut draft = Draft::create("short", BYTES)?;
            draft.write_at(0, b"x").map_err(|error| match error {
                DraftError::System(refusal) => refusal,
                other => panic!("{other}"),
            })?;
            draft.seal()
        };
        assert_eq!(make().unwrap_err().call(), call);
    }
}
