// SPDX-License-Identifier: MIT OR Apache-2.0
//! A writer that begins, waits and takes back at random, while a reader reads at random: what each was told must agree.

use std::collections::VecDeque;
use std::thread;

use cabotage_link::metered::{
    Begun, Cancelled, Framing, Metered, ReadError, ReadMode, WriteError, WriteHalf, WriteId,
};
use cabotage_link::{Deadline, LinkError};

use crate::strangers;
use crate::support::{Random, shortly, soon};

const WRITES: u32 = 3_000;

/// A write that was begun: its bytes, and how many of them were to be read, once that is known.
struct Begin {
    data: Vec<u8>,
    read: Option<usize>,
    is_withdrawn: bool,
}

/// Each power of two as likely as the next.
fn some_bytes(random: &mut Random) -> usize {
    let magnitude = random.below(14);
    usize::try_from(random.below(1 << magnitude)).unwrap()
}

struct Writing {
    half: WriteHalf,
    random: Random,
    log: Vec<Begin>,
    pending: VecDeque<(WriteId, usize)>,
}

impl Writing {
    fn act(&mut self, number: u32) {
        let bytes = some_bytes(&mut self.random);
        let data: Vec<u8> = (0..bytes)
            .map(|at| number.wrapping_mul(31).wrapping_add(u32::try_from(at).unwrap()).to_le_bytes()[0])
            .collect();
        match self.random.below(4) {
            0 if self.pending.is_empty() => self.write(data),
            _ => self.begin(data),
        }
        match self.random.below(3) {
            0 => self.cancel(),
            1 => self.wait(shortly()),
            _ if self.pending.len() > 4 => self.wait(soon()),
            _ => {}
        }
    }

    fn write(&mut self, data: Vec<u8>) {
        let deadline = if self.random.below(2) == 0 { Deadline::Now } else { shortly() };
        let (read, is_withdrawn) = match self.half.write(&data, deadline) {
            Ok(()) => (data.len(), false),
            Err(WriteError::TimedOut { taken_bytes }) => (taken_bytes, true),
            Err(error) => panic!("{error}"),
        };
        self.log.push(Begin { data, read: Some(read), is_withdrawn });
    }

    fn begin(&mut self, data: Vec<u8>) {
        let read = match self.half.begin_write(&data).unwrap() {
            Begun::Complete => Some(data.len()),
            Begun::Pending(id) => {
                self.pending.push_back((id, self.log.len()));
                None
            }
        };
        self.log.push(Begin { data, read, is_withdrawn: false });
    }

    fn cancel(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let at = usize::try_from(self.random.below(self.pending.len() as u64)).unwrap();
        let (id, number) = self.pending.remove(at).unwrap();
        let write = &mut self.log[number];
        (write.read, write.is_withdrawn) = match self.half.cancel_write(id).unwrap() {
            Cancelled::Complete => (Some(write.data.len()), false),
            Cancelled::Withdrawn { taken_bytes } => (Some(taken_bytes), true),
        };
    }

    fn wait(&mut self, deadline: Deadline) {
        let Some((id, number)) = self.pending.pop_front() else { return };
        if self.half.wait_for_write(id, deadline).unwrap() {
            self.log[number].read = Some(self.log[number].data.len());
        } else {
            self.pending.push_front((id, number));
        }
    }
}

fn write_at_random(half: WriteHalf, random: Random) -> Vec<Begin> {
    let mut writing = Writing { half, random, log: Vec::new(), pending: VecDeque::new() };
    (0..WRITES).for_each(|number| writing.act(number));
    while !writing.pending.is_empty() {
        writing.wait(soon());
    }
    writing.log
}

/// All that can be read, message by message or in pieces at random.
fn read_at_random(mut reader: Metered, mode: ReadMode, mut random: Random) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut target = vec![0; 20_000];
    loop {
        let wanted = match mode {
            ReadMode::Message => target.len(),
            ReadMode::Bytes => 1 + some_bytes(&mut random),
        };
        if random.below(8) == 0 {
            let _ = reader.peek(&mut target[..wanted]);
        }
        match reader.read(&mut target[..wanted], mode, soon()) {
            Ok(read) => {
                assert!(!read.is_rest_left);
                all.push(target[..read.bytes].to_vec());
            }
            Err(ReadError::Link(LinkError::Closed)) => return all,
            Err(error) => panic!("{error}"),
        }
    }
}

fn race(framing: Framing, quota: u64, mode: ReadMode) -> (Vec<Begin>, Vec<Vec<u8>>) {
    let (writer, reader) = strangers(framing, quota);
    let mut random = Random::of_today();
    let (one, other) = (Random(random.below(u64::MAX)), Random(random.below(u64::MAX)));
    thread::scope(|scope| {
        let reading = scope.spawn(move || read_at_random(reader, mode, one));
        let (half, other_half) = writer.split();
        let log = write_at_random(half, other);
        drop(other_half);
        (log, reading.join().unwrap())
    })
}

#[test]
fn each_byte_is_read_or_was_taken_back() {
    for framing in [Framing::Bytes, Framing::Messages] {
        for quota in [0, 100, 5000] {
            let (log, read) = race(framing, quota, ReadMode::Bytes);
            let written: Vec<u8> =
                log.iter().flat_map(|write| &write.data[..write.read.unwrap()]).copied().collect();
            assert!(read.concat() == written, "quota {quota}, {framing:?}");
        }
    }
}

#[test]
fn no_message_is_read_in_halves_when_it_is_taken_back() {
    for quota in [0, 100, 5000] {
        let (log, read) = race(Framing::Messages, quota, ReadMode::Message);
        // An empty message keeps its place only as long as nothing before it is taken back.
        let written =
            log.iter().filter(|write| write.read == Some(write.data.len()) && !write.data.is_empty());
        let written: Vec<&Vec<u8>> = written.map(|write| &write.data).collect();
        let empty = log.iter().filter(|write| write.data.is_empty() && !write.is_withdrawn).count();
        assert_eq!(read.iter().filter(|message| message.is_empty()).count(), empty);
        let read: Vec<&Vec<u8>> = read.iter().filter(|message| !message.is_empty()).collect();
        assert!(read == written, "quota {quota}");
    }
}
