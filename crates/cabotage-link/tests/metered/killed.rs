// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ends that are killed at a random moment, with a write waiting: what was complete stays, and nothing is read in halves.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage_link::metered::{Framing, Metered, ReadError, ReadMode, Shape, WriteError};
use cabotage_link::{Link, LinkError, Options};
use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::memfd::Memfd;
use cabotage_os::spawn::Spawn;

use crate::pattern;
use crate::support::{END, Random, Watched, command, inherited, role, soon};

const NOTES: i32 = 41;
const NOTES_BYTES: usize = 4096;
/// How many writes were complete, or messages read, says the victim here.
const COUNT: usize = 8;
const KILLS: u64 = 24;
const SHAPE: Shape = Shape { framing: Framing::Messages, out_quota_bytes: 700, in_quota_bytes: 700 };

/// The message of this number: within the quota, above it, or longer than the ring.
fn numbered(number: u64) -> Vec<u8> {
    let bytes = [9, 90, 900, 9000][usize::try_from(number % 4).unwrap()];
    let mut message = pattern(bytes);
    message[..8].copy_from_slice(&number.to_le_bytes());
    message
}

/// Starts a victim; answers the other end and the victim's notes, once it has begun.
fn start_victim(test: &str, role: &str) -> (Metered, MapMut, Watched) {
    let (link, end) = Link::pair(Options::new()).unwrap();
    let memory = Memfd::create("notes", NOTES_BYTES as u64).unwrap();
    let notes = MapOptions::new().read_write(&memory, NOTES_BYTES).unwrap();
    let spawn = Spawn::from(command(test, role))
        .pass_as(end.into_fd().unwrap(), END)
        .pass_as(OwnedFd::from(memory), NOTES);
    let victim = Watched(spawn.spawn().unwrap());
    (Metered::over(link, SHAPE), notes, victim)
}

fn victim() -> (Metered, MapMut) {
    let memory = cabotage_os::inherited::take(NOTES).unwrap();
    let notes = MapOptions::new().read_write(&memory, NOTES_BYTES).unwrap();
    (Metered::over(inherited(Options::new()), SHAPE), notes)
}

/// Kills the victim a random while after it has begun.
fn kill(mut victim: Watched, notes: &MapMut, random: &mut Random) -> u64 {
    while notes.load_u64(COUNT).unwrap() == 0 {
        std::thread::sleep(Duration::from_micros(50));
    }
    let magnitude = random.below(11);
    std::thread::sleep(Duration::from_nanos(1000 << magnitude));
    victim.kill();
    notes.load_u64(COUNT).unwrap()
}

#[test]
fn what_a_killed_writer_had_completed_is_read_and_nothing_of_what_it_had_not() {
    const TEST: &str = "killed::what_a_killed_writer_had_completed_is_read_and_nothing_of_what_it_had_not";
    if role().is_some() {
        let (mut pipe, notes) = victim();
        for number in 0.. {
            if pipe.write(&numbered(number), soon()).is_err() {
                return;
            }
            notes.store_u64(COUNT, number + 1).unwrap();
        }
    }
    let mut random = Random::of_today();
    for _ in 0..KILLS {
        let (mut reader, notes, child) = start_victim(TEST, "write");
        let (complete, read) = std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut target = vec![0; 10_000];
                for number in 0.. {
                    match reader.read(&mut target, ReadMode::Message, soon()) {
                        Ok(read) => {
                            assert!(!read.is_rest_left);
                            assert_eq!(target[..read.bytes], numbered(number), "message {number}");
                        }
                        Err(ReadError::Link(LinkError::Died)) => return number,
                        Err(error) => panic!("{error}"),
                    }
                }
                unreachable!("numbers do not end")
            });
            (kill(child, &notes, &mut random), reading.join().unwrap())
        });
        assert!((complete..=complete + 1).contains(&read), "{complete} were complete, {read} read");
    }
}

#[test]
fn a_writer_whose_reader_is_killed_is_told_while_it_waits() {
    const TEST: &str = "killed::a_writer_whose_reader_is_killed_is_told_while_it_waits";
    if role().is_some() {
        let (mut pipe, notes) = victim();
        let mut target = vec![0; 10_000];
        for number in 0.. {
            if pipe.read(&mut target, ReadMode::Message, soon()).is_err() {
                return;
            }
            notes.store_u64(COUNT, number + 1).unwrap();
        }
    }
    let mut random = Random::of_today();
    for _ in 0..KILLS {
        let (mut writer, notes, child) = start_victim(TEST, "read");
        let (read, (written, error)) = std::thread::scope(|scope| {
            let writing = scope.spawn(move || {
                for number in 0.. {
                    if let Err(error) = writer.write(&numbered(number), soon()) {
                        return (number, error);
                    }
                }
                unreachable!("numbers do not end")
            });
            (kill(child, &notes, &mut random), writing.join().unwrap())
        });
        assert!(
            matches!(
                error,
                WriteError::Link(LinkError::Died) | WriteError::Broken { error: LinkError::Died, .. }
            ),
            "{error}"
        );
        // What waits to be read is at most what the quota allows.
        assert!(read <= written + 1 && written <= read + 1 + 700 / 9, "{written} were written, {read} read");
    }
}
