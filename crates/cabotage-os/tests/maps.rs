// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps: what they show, what they refuse, and what becomes of them when the object is shrunk.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::futex::Woken;
use cabotage_os::map::{MapError, MapOptions};
use cabotage_os::sigbus;

fn file_of(bytes: usize) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let content: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 251).unwrap()).collect();
    file.write_all(&content).unwrap();
    file
}

#[test]
fn a_part_that_begins_inside_a_page_shows_the_right_bytes() {
    let file = file_of(20_000);
    let part = MapOptions::new().starting_at(5001).read_only(&file, 9000).unwrap();
    let mut seen = [0; 3];
    part.copy_to(8997, &mut seen).unwrap();
    assert_eq!(seen.map(usize::from), [13_998 % 251, 13_999 % 251, 14_000 % 251]);
}

#[test]
fn a_part_beyond_the_end_is_refused_with_the_size() {
    let refused = MapOptions::new().starting_at(50).read_only(file_of(100), 51).unwrap_err();
    assert_eq!(refused, MapError::BeyondEnd { from: 50, to: 101, object_bytes: 100 });
    let refused = MapOptions::new().starting_at(u64::MAX).read_only(file_of(100), 1).unwrap_err();
    assert!(matches!(refused, MapError::BeyondEnd { .. }), "{refused}");
}

#[test]
fn no_bytes_and_no_files_are_refused() {
    assert_eq!(MapOptions::new().read_only(file_of(1), 0).unwrap_err(), MapError::Empty);
    let (reader, _writer) = std::io::pipe().unwrap();
    assert_eq!(MapOptions::new().read_only(reader, 1).unwrap_err(), MapError::NotMappable("a pipe"));
}

#[test]
fn access_outside_the_map_is_refused_at_every_edge() {
    let map = MapOptions::new().read_write(file_of(64), 64).unwrap();
    for at in [1, 64, usize::MAX] {
        let refused = map.copy_to(at, &mut [0; 64]).unwrap_err();
        assert_eq!(refused, MapError::OutOfRange { at, bytes: 64, map_bytes: 64 });
        assert!(map.copy_from(at, &[0; 64]).is_err());
    }
    assert_eq!(map.copy_to(64, &mut []), Ok(()));
    assert!(map.load_u64(57).is_err() && map.load_u64(56).is_ok());
    assert_eq!(map.store_u32(2, 7), Err(MapError::Misaligned { at: 2, bytes: 4 }));
}

#[test]
fn a_private_map_keeps_its_writes_to_itself() {
    let file = file_of(4096);
    let private = MapOptions::new().private(&file, 4096).unwrap();
    let shared = MapOptions::new().read_only(&file, 4096).unwrap();
    private.store_u64(0, u64::MAX).unwrap();
    assert_ne!(shared.load_u64(0).unwrap(), u64::MAX);
}

#[test]
fn words_are_exchanged_only_when_they_are_as_expected() {
    let map = MapOptions::new().read_write(file_of(4096), 4096).unwrap();
    map.store_u32(8, 5).unwrap();
    assert_eq!(map.compare_exchange_u32(8, 4, 9).unwrap(), Err(5));
    assert_eq!(map.compare_exchange_u32(8, 5, 9).unwrap(), Ok(5));
    assert_eq!(map.swap_u32(8, u32::MAX).unwrap(), 9);
    assert_eq!(map.fetch_add_u32(8, 2).unwrap(), u32::MAX);
    assert_eq!(map.load_u32(8).unwrap(), 1);
}

#[test]
fn two_maps_of_one_file_wake_each_other() {
    let file = file_of(4096);
    let [sleeper, waker] = [0, 1].map(|_| MapOptions::new().read_write(&file, 4096).unwrap());
    sleeper.store_u32(0, 0).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            waker.store_u32(0, 1).unwrap();
            waker.wake_u32(0, 1).unwrap();
        });
        let deadline = Deadline::within(Duration::from_secs(60));
        while sleeper.load_u32(0).unwrap() == 0 {
            assert_ne!(sleeper.wait_u32(0, 0, deadline).unwrap(), Woken::TimedOut);
        }
    });
}

#[test]
fn a_sleep_on_a_word_that_is_gone_answers_truncated() {
    let file = file_of(2 * 4096);
    let map = MapOptions::new().read_write(&file, 2 * 4096).unwrap();
    file.set_len(0).unwrap();
    assert_eq!(map.wait_u32(4096, 0, Deadline::Never), Err(MapError::Truncated));
    assert_eq!(map.wake_u32(4096, 1), Err(MapError::Truncated));
}

#[test]
fn bytes_move_between_a_map_and_a_descriptor_without_a_buffer() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let map = MapOptions::new().read_write(file_of(4096), 4096).unwrap();
    writer.write_all(b"by the kernel").unwrap();
    assert_eq!(map.fill_from(10, 13, &reader).unwrap(), 13);
    assert_eq!(map.write_to(13, 10, &writer).unwrap(), 10);
    let mut seen = [0; 10];
    reader.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"the kernel");
}

#[test]
fn a_guarded_map_of_a_shrunk_file_answers_truncated_for_ever() {
    let file = file_of(3 * 4096);
    let guard = sigbus::install().unwrap();
    let map = MapOptions::new().guarded(guard).read_write(&file, 3 * 4096).unwrap();
    let bystander = MapOptions::new().guarded(guard).read_only(file_of(4096), 4096).unwrap();
    file.set_len(4096).unwrap();
    assert_eq!(map.copy_to(0, &mut [0; 16]), Ok(()), "the first page is still there");
    assert_eq!(map.copy_to(4096, &mut [0; 5000]), Err(MapError::Truncated));
    assert_eq!(map.copy_to(0, &mut [0; 16]), Err(MapError::Truncated));
    assert_eq!(map.load_u64(0), Err(MapError::Truncated));
    assert_eq!(map.copy_from(8192, &[1; 16]), Err(MapError::Truncated));
    assert!(map.is_truncated() && !bystander.is_truncated());
    assert_eq!(bystander.copy_to(0, &mut [0; 16]), Ok(()));
}

#[test]
fn many_threads_may_find_the_same_map_truncated() {
    let file = file_of(64 * 4096);
    let guard = sigbus::install().unwrap();
    let map = MapOptions::new().guarded(guard).read_only(&file, 64 * 4096).unwrap();
    file.set_len(0).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let map = &map;
            scope.spawn(move || {
                assert_eq!(map.copy_to(thread * 4096, &mut [0; 4096]), Err(MapError::Truncated));
            });
        }
    });
}

#[test]
fn a_zero_that_the_guard_put_there_is_never_taken_for_the_objects_byte() {
    const READERS: usize = 6;
    let guard = sigbus::install().unwrap();
    for _ in 0..100 {
        let file = file_of(2 * 4096);
        let map = MapOptions::new().guarded(guard).read_only(&file, 2 * 4096).unwrap();
        let reading = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| {
                    reading.fetch_add(1, Ordering::AcqRel);
                    let mut seen = [0];
                    while map.copy_to(7, &mut seen) == Ok(()) {
                        assert_eq!(seen, [7], "the first page stays, so what is read there is what is in it");
                    }
                });
            }
            while reading.load(Ordering::Acquire) < READERS {
                std::thread::yield_now();
            }
            file.set_len(4096).unwrap();
            assert_eq!(map.copy_to(4096, &mut [0; 8]), Err(MapError::Truncated));
        });
    }
}

#[test]
fn the_kernels_own_copies_survive_a_shrink_without_a_guard() {
    let file = file_of(2 * 4096);
    let map = MapOptions::new().read_write(&file, 2 * 4096).unwrap();
    file.set_len(0).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    assert_eq!(map.write_to(4096, 100, &writer), Err(MapError::Truncated));
    writer.write_all(&[7; 100]).unwrap();
    assert_eq!(map.fill_from(4096, 100, &reader), Err(MapError::Truncated));
}

#[test]
fn a_map_kept_from_children_refuses_to_work_there() {
    let map = MapOptions::new().not_in_children().read_write(file_of(4096), 4096).unwrap();
    // SAFETY: the child asks the map and leaves by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            let refused = map.copy_to(0, &mut [0; 8]) == Err(MapError::Forked);
            drop(map);
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(i32::from(!refused)) }
        }
        child => {
            let mut status = 0;
            // SAFETY: waits for the child just made.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0);
            assert_eq!(map.copy_to(0, &mut [0; 8]), Ok(()));
        }
    }
}
