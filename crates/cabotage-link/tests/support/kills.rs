// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end of a busy link is killed at a random moment; the other counts what it got. Shared by the test and by the
//! example, which runs longer.
//!
//! Each message carries its number and a checksum, some come with a block, some with a descriptor. The victim notes
//! in memory that outlives it how many messages it was told were sent.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant};

use cabotage_link::{
    Deadline, Letter, Link, LinkError, Options, Parcel, ReceiveError, SendError, Unsent, Wait,
};
use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::memfd::Memfd;
use cabotage_os::spawn::Spawn;

use crate::support::{END, Random, Watched, holdings};

/// The number under which the victim finds the memory for its notes.
const NOTES: i32 = 41;
const NOTES_BYTES: usize = 4096;
const BLOCK_BYTES: usize = 70_000;
/// How long one who waits for its peer's death may wait, before the test fails.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) received: u64,
    /// The longest time from a kill to the survivor's knowledge.
    pub(crate) told_after: Duration,
}

/// How the two ends use their link in one round.
#[derive(Debug, Clone, Copy)]
struct Manner {
    victim_sends: bool,
    survivor_sends: bool,
    wait: Wait,
}

impl Manner {
    fn of(number: u64) -> Self {
        let (victim_sends, survivor_sends) =
            [(true, true), (true, false), (false, true)][(number % 3) as usize];
        let wait = [Wait::Block, Wait::Adaptive, Wait::Spin][(number / 3 % 3) as usize];
        Self { victim_sends, survivor_sends, wait }
    }
}

/// Kills `kills` victims that `start` makes ready; panics at the first broken promise.
pub(crate) fn supervise(
    kills: u64,
    random: &mut Random,
    start: &dyn Fn(&str) -> Command,
    progress: &mut dyn FnMut(&Tally),
) -> Tally {
    let mut tally = Tally::default();
    let before = holdings();
    while tally.kills < kills {
        let number = random.below(9);
        // From ten microseconds to some tens of milliseconds, each power of two as likely as the next.
        let delay =
            Duration::from_nanos(10_000 << random.below(12)) + Duration::from_nanos(random.below(10_000));
        kill_one(Manner::of(number), delay, start(&number.to_string()), &mut tally);
        assert_eq!(holdings(), before, "descriptors and maps after kill {}", tally.kills);
        tally.kills += 1;
        progress(&tally);
    }
    tally
}

fn kill_one(manner: Manner, delay: Duration, command: Command, tally: &mut Tally) {
    let (link, end) = Link::pair(Options::new().wait(manner.wait)).unwrap();
    let memory = Memfd::create("notes", NOTES_BYTES as u64).unwrap();
    let notes = MapOptions::new().read_write(&memory, NOTES_BYTES).unwrap();
    let spawn =
        Spawn::from(command).pass_as(end.into_fd().unwrap(), END).pass_as(OwnedFd::from(memory), NOTES);
    let mut victim = Watched(spawn.spawn().unwrap());
    let (ended, killed, received) = std::thread::scope(|scope| {
        let surviving = scope.spawn(move || survive(link, manner));
        while notes.load_u64(0).unwrap() == 0 {
            std::thread::yield_now();
        }
        let begin = Instant::now();
        while begin.elapsed() < delay {
            std::hint::spin_loop();
        }
        let killed = Instant::now();
        victim.0.kill().unwrap();
        let (ended, received) = surviving.join().unwrap();
        (ended, killed, received)
    });
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(victim.0.wait().unwrap().signal(), Some(9), "the victim ended by itself ({manner:?})");
    let sent = notes.load_u64(8).unwrap();
    assert!(received >= sent, "{sent} messages were sent, {received} received ({manner:?})");
    assert!(received <= sent + 1, "{sent} messages were sent, {received} received ({manner:?})");
    tally.received += received;
    tally.told_after = tally.told_after.max(ended.saturating_duration_since(killed));
}

/// Uses the link until the peer is dead; answers when that was known, and how many messages came.
fn survive(mut link: Link, manner: Manner) -> (Instant, u64) {
    let (mut received, mut sent) = (0, 0);
    let (mut told, mut may_send) = (None, manner.survivor_sends);
    let give_up = Instant::now() + TOLD_WITHIN * 2;
    loop {
        assert!(Instant::now() < give_up, "nobody told of the death ({manner:?})");
        // One that only sends waits for room; others wait for messages, or for neither.
        let patience = if may_send { Deadline::Now } else { Deadline::within(TOLD_WITHIN) };
        match link.receive(patience) {
            Ok(message) => {
                check(message.into_letter(), received);
                received += 1;
            }
            Err(ReceiveError::Nothing) => {}
            Err(ReceiveError::Link(LinkError::Died)) => break,
            Err(error) => panic!("{error} ({manner:?})"),
        }
        if may_send {
            let patience = if manner.victim_sends { Deadline::Now } else { Deadline::within(TOLD_WITHIN) };
            match say(&mut link, sent, patience) {
                Ok(()) => sent += 1,
                Err(SendError::Full) if manner.victim_sends => {}
                Err(SendError::Link(LinkError::Died)) => {
                    told.get_or_insert_with(Instant::now);
                    may_send = false;
                }
                Err(error) => panic!("{error} ({manner:?})"),
            }
        }
    }
    (told.unwrap_or_else(Instant::now), received)
}

/// The life of a victim: it sends and receives until it is killed.
pub(crate) fn victim(role: &str) {
    let manner = Manner::of(role.parse().unwrap());
    let memory = cabotage_os::inherited::take(NOTES).unwrap();
    let notes: MapMut = MapOptions::new().read_write(&memory, NOTES_BYTES).unwrap();
    drop(memory);
    let mut link = crate::support::inherited(Options::new().wait(manner.wait));
    link.wait_for_peer(Deadline::within(TOLD_WITHIN)).unwrap();
    notes.store_u64(0, 1).unwrap();
    let (mut received, mut sent) = (0, 0);
    loop {
        let patience = if manner.victim_sends { Deadline::Now } else { Deadline::within(TOLD_WITHIN) };
        match link.receive(patience) {
            Ok(message) => {
                check(message.into_letter(), received);
                received += 1;
            }
            Err(ReceiveError::Nothing) => {}
            Err(_) => return,
        }
        if manner.victim_sends {
            let patience = if manner.survivor_sends { Deadline::Now } else { Deadline::within(TOLD_WITHIN) };
            match say(&mut link, sent, patience) {
                Ok(()) => {
                    sent += 1;
                    notes.store_u64(8, sent).unwrap();
                }
                Err(SendError::Full) => {}
                Err(_) => return,
            }
        }
    }
}

/// Sends message `number`: what it has follows from the number.
fn say(link: &mut Link, number: u64, patience: Deadline) -> Result<(), SendError> {
    let body = body(number);
    if !number.is_multiple_of(8) {
        return link.send(&body, patience);
    }
    let mut parcel = Parcel::new(&body);
    if number.is_multiple_of(16) {
        let mut block = link.block(BLOCK_BYTES, patience)?;
        block.write(0, &number).unwrap();
        block.write(BLOCK_BYTES - 8, &number).unwrap();
        parcel = parcel.block(block);
    } else {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&number.to_le_bytes()).unwrap();
        parcel = parcel.descriptor(reader);
    }
    link.send_parcel(parcel, patience).map_err(|Unsent { error, .. }| error)
}

/// The number, bytes that follow from it, and a checksum.
fn body(number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let magnitude = random.below(12);
    let bytes = usize::try_from(random.below(1 << magnitude)).unwrap();
    let mut body = number.to_le_bytes().to_vec();
    body.extend((0..bytes).map(|at| at.to_le_bytes()[0] ^ body[0]).collect::<Vec<_>>());
    let sum = checksum(&body);
    body.extend(sum.to_le_bytes());
    body
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What came is message `number`, whole.
fn check(letter: Letter, number: u64) {
    assert_eq!(letter.bytes, body(number), "message {number}");
    let (bytes, sum) = letter.bytes.split_at(letter.bytes.len() - 8);
    assert_eq!(checksum(bytes).to_le_bytes(), sum);
    let has_block = number.is_multiple_of(16);
    let has_descriptor = number % 16 == 8;
    assert_eq!(letter.blocks.len(), usize::from(has_block), "message {number}");
    assert_eq!(letter.descriptors.len(), usize::from(has_descriptor), "message {number}");
    for block in letter.blocks {
        assert_eq!(block.read::<u64>(0).unwrap(), number);
        assert_eq!(block.read::<u64>(BLOCK_BYTES - 8).unwrap(), number);
    }
    for descriptor in letter.descriptors {
        let mut found = [0; 8];
        File::from(descriptor).read_exact(&mut found).unwrap();
        assert_eq!(u64::from_le_bytes(found), number);
    }
}
