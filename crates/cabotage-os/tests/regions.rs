// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of one's own that is given away as immutable memory: what moves, what is copied, who sees which bytes.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use cabotage_os::Deadline;
use cabotage_os::fork::child_answers;
use cabotage_os::map::{MapError, MapOptions};
use cabotage_os::memfd::{AdmitError, Memfd, ONE_WAY};
use cabotage_os::sealed::{Draft, Region, SealedPart};
use cabotage_os::seam::{self, Errno};

const BYTES: usize = 3 * 4096 + 5;

fn region(byte: u8) -> Region {
    let mut region = Region::create("test", BYTES).unwrap();
    region.fill(byte);
    region
}

/// As another process takes it.
fn taken(part: SealedPart) -> SealedPart {
    let (object_bytes, start, bytes) = (part.object_bytes(), part.start(), part.bytes());
    SealedPart::admit(part.into(), object_bytes, start, bytes).unwrap()
}

#[test]
fn what_is_written_in_place_is_immutable_memory_once_it_is_sealed() {
    let part = taken(region(7).seal().unwrap());
    let map = part.map().unwrap();
    assert!(map.len() == BYTES && map.iter().all(|byte| *byte == 7));
    let mut copy = [0; 6];
    part.copy_at(BYTES - 6, &mut copy).unwrap();
    assert_eq!(copy, [7; 6]);
    assert!(matches!(part.copy_at(BYTES - 5, &mut copy), Err(MapError::OutOfRange { .. })));
}

#[test]
fn no_bytes_are_a_region_and_a_part_too() {
    let part = taken(Region::create("test", 0).unwrap().seal().unwrap());
    assert_eq!((part.bytes(), part.map().unwrap().len()), (0, 0));
    assert_eq!(part.map_private().unwrap().len(), 0);
}

#[test]
fn whoever_keeps_the_memory_writes_on_and_the_part_stays_as_it_was() {
    let mut own = region(1);
    let first = own.snapshot().unwrap();
    let again = own.snapshot().unwrap();
    own[0] = 2;
    let second = own.snapshot().unwrap();
    own[0] = 3;
    let of = |part: &SealedPart| part.map().unwrap()[0];
    assert_eq!((of(&first), of(&again), of(&second), own[0]), (1, 1, 2, 3));
    assert!(second.map().unwrap()[1..].iter().all(|byte| *byte == 1));
    assert_eq!(own.seal().unwrap().map().unwrap()[..2], [3, 1]);
}

#[test]
fn memory_that_came_is_written_where_nobody_else_sees_it() {
    let part = taken(region(1).seal().unwrap());
    let mut own = part.map_private().unwrap();
    own[4096] = 2;
    assert_eq!((own[4095], own[4096], part.map().unwrap()[4096]), (1, 2, 1));
    assert_eq!(own.seal().unwrap().map().unwrap()[4095..4098], [1, 2, 1]);
}

#[test]
fn memory_that_came_and_was_not_written_goes_on_as_the_same_object() {
    let part = taken(region(1).seal().unwrap());
    let number = |part: &SealedPart| {
        let file = std::fs::File::from(part.as_fd().try_clone_to_owned().unwrap());
        file.metadata().unwrap().ino()
    };
    let before = number(&part);
    assert_eq!(number(&part.map_private().unwrap().seal().unwrap()), before);
}

#[test]
fn a_part_lies_as_far_behind_a_page_as_in_its_object() {
    let mut own = region(1);
    own[5000] = 9;
    let part = own.seal().unwrap().part(4999, 3).unwrap().unwrap();
    let part = taken(part.part(1, 2).unwrap().unwrap());
    let map = part.map().unwrap();
    assert_eq!((&map[..], map.as_ptr().addr() % 4096), (&[9, 1][..], 5000 % 4096));
    assert_eq!(part.part(1, 2).unwrap().map(|part| part.bytes()), None, "it ends before");
    assert_eq!(&part.map_private().unwrap()[..], [9, 1]);
}

#[test]
fn a_part_that_lies_about_itself_is_refused() {
    let part = || OwnedFd::from(region(1).seal().unwrap());
    let bytes = BYTES as u64;
    let refusal = |start, bytes_told| SealedPart::admit(part(), bytes, start, bytes_told).unwrap_err();
    assert!(matches!(refusal(1, BYTES), AdmitError::Size { .. }));
    assert!(matches!(refusal(u64::MAX, 2), AdmitError::Size { .. }));
    assert!(matches!(SealedPart::admit(part(), bytes - 1, 0, 1), Err(AdmitError::Size { .. })));
    let writable = Memfd::create("test", 4096).unwrap();
    writable.seal(ONE_WAY).unwrap();
    assert!(matches!(SealedPart::admit(writable.into(), 4096, 0, 1), Err(AdmitError::Seals { .. })));
}

#[test]
fn a_draft_is_frozen_into_a_part_of_what_was_written() {
    let mut draft = Draft::create("test", 8192).unwrap();
    draft.write_at(0, b"cargo").unwrap();
    assert_eq!(&*taken(draft.freeze(5).unwrap()).map().unwrap(), b"cargo");
}

#[test]
fn memory_that_is_still_written_elsewhere_is_not_given_away_and_not_lost() {
    let own = region(4);
    // After the mode was restricted the kernel refuses the seal, as it does while a device may still write there.
    let plan = seam::fail_nth(1, Errno::BUSY);
    let refused = own.seal().unwrap_err();
    assert!(plan.has_struck());
    drop(plan);
    let mut own = refused.region.unwrap();
    assert!(own.iter().all(|byte| *byte == 4));
    own[0] = 5;
    assert_eq!(own.snapshot().unwrap().map().unwrap()[..2], [5, 4]);
}

#[test]
fn a_forked_child_has_what_was_given_away_and_nothing_else() {
    let (mut ours, mut given) = (region(1), region(2));
    let part = given.snapshot().unwrap();
    given[0] = 3;
    let right = child_answers(
        || {
            let is_empty = ours.is_empty() && matches!(ours.snapshot(), Err(MapError::Forked));
            let before = given[..2] == [3, 2] && part.map().unwrap()[0] == 2;
            given[0] = 4;
            is_empty && before && given[0] == 4
        },
        Deadline::Never,
    );
    assert!(right.unwrap());
    assert_eq!((ours[0], given[0]), (1, 3));
}

#[test]
fn nobody_can_write_what_was_given_away() {
    let part = region(1).seal().unwrap();
    assert!(MapOptions::new().read_write(&part, 4096).is_err());
    let file = std::fs::File::from(OwnedFd::from(part));
    assert!(std::os::unix::fs::FileExt::write_at(&file, b"x", 0).is_err());
}
