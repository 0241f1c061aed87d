// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random turns of a writer and a reader against a model that is simple on purpose: a list of writes, each with what is
//! left of it.

use cabotage_link::metered::{
    Begun, Cancelled, Framing, Metered, Peeked, ReadError, ReadMode, WriteError, WriteId,
};
use cabotage_link::{Deadline, LinkError};
use proptest::prelude::*;

use crate::support::soon;
use crate::{pair, strangers};

#[derive(Debug, Clone)]
enum Turn {
    Begin(usize),
    Write(usize),
    TryWrite(usize),
    Cancel(usize),
    Read(usize, ReadMode),
    Peek(usize),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let bytes = || prop_oneof![Just(0_usize), 1_usize..20, 20_usize..300];
    let mode = prop_oneof![Just(ReadMode::Bytes), Just(ReadMode::Message)];
    let turn = prop_oneof![
        3 => bytes().prop_map(Turn::Begin),
        1 => bytes().prop_map(Turn::Write),
        1 => bytes().prop_map(Turn::TryWrite),
        2 => (0_usize..4).prop_map(Turn::Cancel),
        4 => (0_usize..200, mode).prop_map(|(bytes, mode)| Turn::Read(bytes, mode)),
        1 => (0_usize..50).prop_map(Turn::Peek),
    ];
    proptest::collection::vec(turn, 1..60)
}

/// More than this is not written, so that all of it is in the ring.
const UNREAD_MAX: usize = 2000;

#[derive(Debug)]
struct Write {
    number: usize,
    left: Vec<u8>,
    bytes: usize,
    /// While it is pending.
    id: Option<WriteId>,
}

struct Bench {
    writer: Option<Metered>,
    reader: Metered,
    framing: Framing,
    quota: usize,
    writes: Vec<Write>,
    count: usize,
    /// Something was taken back, and the writer holds writes back until a byte of a write from this one on is read.
    held_until: Option<usize>,
}

impl Bench {
    fn writer(&mut self) -> &mut Metered {
        self.writer.as_mut().unwrap()
    }

    fn unread(&self) -> usize {
        self.writes.iter().map(|write| write.left.len()).sum()
    }

    fn fits(&self, bytes: usize) -> bool {
        bytes == 0 || self.unread() + bytes <= self.quota
    }

    fn has_pending(&self) -> bool {
        self.writes.iter().any(|write| write.id.is_some())
    }

    /// The next bytes to write, if there are not too many.
    fn next(&mut self, bytes: usize) -> Option<Vec<u8>> {
        // An empty message behind a pending write would come before those that have to be written again.
        if self.unread() + bytes > UNREAD_MAX || self.writes.len() > 20 || bytes == 0 && self.has_pending() {
            return None;
        }
        self.count += 1;
        Some((0..bytes).map(|at| self.count.wrapping_mul(31).wrapping_add(at).to_le_bytes()[0]).collect())
    }

    fn keep(&mut self, data: Vec<u8>, id: Option<WriteId>) {
        if !data.is_empty() || self.framing == Framing::Messages {
            self.writes.push(Write { number: self.count, bytes: data.len(), left: data, id });
        }
    }

    fn play(&mut self, turn: &Turn) {
        match *turn {
            Turn::Begin(bytes) => {
                let Some(data) = self.next(bytes) else { return };
                let id = match self.writer().begin_write(&data).unwrap() {
                    Begun::Complete => None,
                    Begun::Pending(id) => Some(id),
                };
                assert_eq!(id.is_none(), self.fits(bytes));
                self.keep(data, id);
            }
            Turn::Write(bytes) => {
                let Some(data) = self.next(bytes) else { return };
                let done = self.writer().write(&data, Deadline::Now);
                if self.fits(bytes) {
                    assert_eq!(done, Ok(()));
                    self.keep(data, None);
                } else {
                    assert_eq!(done, Err(WriteError::TimedOut { taken_bytes: 0 }));
                    self.held_until = Some(self.count + 1);
                }
            }
            Turn::TryWrite(bytes) => {
                let Some(data) = self.next(bytes) else { return };
                let fits = self.fits(bytes);
                assert_eq!(self.writer().try_write(&data), Ok(if fits { bytes } else { 0 }));
                if fits {
                    self.keep(data, None);
                }
            }
            Turn::Cancel(number) => self.cancel(number),
            Turn::Read(bytes, mode) => self.read(bytes, mode),
            Turn::Peek(bytes) => self.peek(bytes),
        }
        self.settle();
    }

    fn cancel(&mut self, number: usize) {
        let mut pending = self.writes.iter_mut().filter(|write| write.id.is_some());
        let Some(write) = pending.nth(number) else { return };
        let taken_bytes = write.bytes - write.left.len();
        let cancelled = self.writer.as_mut().unwrap().cancel_write(write.id.take().unwrap());
        assert_eq!(cancelled, Ok(Cancelled::Withdrawn { taken_bytes }));
        write.left.clear();
        self.held_until = Some(write.number + 1);
        self.writes.retain(|write| !write.left.is_empty() || write.bytes == 0);
    }

    /// What a read should give: the bytes, and whether more of the message is left.
    fn expected(&mut self, bytes: usize, mode: ReadMode) -> Option<(Vec<u8>, bool)> {
        let mut got = Vec::new();
        while let Some(first) = self.writes.first_mut() {
            if first.left.is_empty() {
                if got.is_empty() {
                    self.writes.remove(0);
                }
                return Some((got, false));
            }
            let taken = first.left.len().min(bytes - got.len());
            got.extend(first.left.drain(..taken));
            let is_rest_left = !first.left.is_empty();
            if !is_rest_left {
                self.writes.remove(0);
            }
            if mode == ReadMode::Message {
                return Some((got, is_rest_left));
            }
            if got.len() == bytes {
                return Some((got, false));
            }
        }
        if got.is_empty() { None } else { Some((got, false)) }
    }

    fn read(&mut self, bytes: usize, mode: ReadMode) {
        if self.framing == Framing::Bytes && mode == ReadMode::Message {
            return;
        }
        // With writes held back, no more is asked for than what is there for certain.
        let first = self.writes.iter().map(|write| write.left.len()).find(|left| *left > 0).unwrap_or(0);
        let bytes = if self.held_until.is_some() { bytes.min(first) } else { bytes };
        let mut target = vec![0; bytes];
        let front = self.writes.first().map_or(0, |write| write.number);
        let read = self.reader.read(&mut target, mode, Deadline::Now);
        match self.expected(bytes, mode) {
            Some((expected, is_rest_left)) => {
                let read = read.unwrap();
                assert_eq!(target[..read.bytes], expected);
                assert_eq!(read.is_rest_left, is_rest_left);
                if self.held_until.is_some_and(|number| number <= front && read.bytes > 0) {
                    self.held_until = None;
                }
            }
            None => assert_eq!(read, Err(ReadError::Nothing)),
        }
    }

    fn peek(&mut self, bytes: usize) {
        let mut target = vec![0; bytes];
        let seen = self.reader.peek(&mut target).unwrap();
        if self.held_until.is_some() {
            return;
        }
        let available_bytes = self.unread() as u64;
        let all: Vec<u8> = match self.framing {
            Framing::Bytes => self.writes.iter().flat_map(|write| write.left.clone()).collect(),
            Framing::Messages => self
                .writes
                .iter()
                .find(|write| !write.left.is_empty())
                .map_or(Vec::new(), |write| write.left.clone()),
        };
        let copied = all.len().min(bytes);
        let message_bytes_left =
            if self.framing == Framing::Messages { (all.len() - copied) as u64 } else { 0 };
        assert_eq!(seen, Peeked { bytes: copied, available_bytes, message_bytes_left });
        assert_eq!(target[..copied], all[..copied]);
    }

    /// Each write is complete when it should be.
    fn settle(&mut self) {
        assert_eq!(self.writer().unread_bytes().unwrap(), self.unread() as u64);
        let mut unread = 0;
        for write in &mut self.writes {
            unread += write.left.len();
            if let Some(id) = write.id {
                assert_eq!(self.writer.as_mut().unwrap().is_complete(id), Ok(unread <= self.quota));
                if unread <= self.quota {
                    write.id = None;
                }
            }
        }
        // A write that was read to its end is complete, and forgotten here.
    }

    /// The writer closes: what was complete is still there, and nothing else.
    fn close(mut self) {
        self.writes.retain(|write| write.id.is_none());
        self.writer = None;
        loop {
            let mut target = [0; 100];
            let read = self.reader.read(&mut target, ReadMode::Bytes, soon());
            match self.expected(100, ReadMode::Bytes) {
                Some((expected, _)) => assert_eq!(target[..read.unwrap().bytes], expected),
                None => return assert_eq!(read, Err(ReadError::Link(LinkError::Closed))),
            }
        }
    }
}

proptest! {
    #[test]
    fn random_turns_go_as_in_a_simple_model(
        quota in prop_oneof![Just(0_usize), 1_usize..50, 50_usize..1000],
        is_framed in any::<bool>(),
        has_met in any::<bool>(),
        turns in turns(),
    ) {
        let framing = if is_framed { Framing::Messages } else { Framing::Bytes };
        let make = if has_met { pair } else { strangers };
        let (writer, reader) = make(framing, quota as u64);
        let mut bench =
            Bench { writer: Some(writer), reader, framing, quota, writes: Vec::new(), count: 0, held_until: None };
        turns.iter().for_each(|turn| bench.play(turn));
        bench.close();
    }
}
