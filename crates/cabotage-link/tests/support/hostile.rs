// SPDX-License-Identifier: MIT OR Apache-2.0
//! A peer that keeps to no rule: it writes the bytes of the protocol by hand, from the description and not by the
//! library's code, and may write any word of its outbox at any time.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use cabotage_link::{End, Link, Options};
use cabotage_os::Deadline;
use cabotage_os::map::{Map, MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};
use cabotage_os::socket::{Arrival, Socket};

/// Where the control words lie in an outbox.
pub(crate) const CONSUMED: usize = 0;
pub(crate) const ARMED: usize = 128;
pub(crate) const WANTS_ROOM: usize = 256;
pub(crate) const FILED: usize = 384;
pub(crate) const CLOSED: usize = 392;
pub(crate) const WANTS_BLOCK: usize = 400;
pub(crate) const RETURNED: usize = 640;
pub(crate) const CONTROL_END: usize = 640 + 64 * 8;
/// Where the first ring lies, and how many words it has.
pub(crate) const RING: usize = 4096;
pub(crate) const RING_WORDS: usize = 512;
pub(crate) const OUTBOX_BYTES: usize = 8192;

/// Tags of records.
pub(crate) const PAD: u8 = 1;
pub(crate) const CONTINUE: u8 = 2;
pub(crate) const RETIRE: u8 = 3;
pub(crate) const PLAIN: u8 = 16;
pub(crate) const BLOCK: u8 = 17;
pub(crate) const ATTACHED: u8 = 18;

/// Messages of the socket, byte by byte.
pub(crate) mod frames {
    pub(crate) const BELL: &[u8] = &[0];
    pub(crate) const AGAIN: &[u8] = &[6];
    pub(crate) const BYE: &[u8] = &[7];

    pub(crate) fn hello_of(
        oldest: u16,
        newest: u16,
        message_bytes_max: u32,
        first: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut message = b"\x01cabotag".to_vec();
        message.extend(18_u16.to_le_bytes());
        message.extend(oldest.to_le_bytes());
        message.extend(newest.to_le_bytes());
        message.extend(0_u32.to_le_bytes());
        message.extend(message_bytes_max.to_le_bytes());
        message.extend(0_u32.to_le_bytes());
        let bytes = first.map_or(u16::MAX, |first| u16::try_from(first.len()).unwrap());
        message.extend(bytes.to_le_bytes());
        message.extend(first.unwrap_or_default());
        message
    }

    pub(crate) fn hello() -> Vec<u8> {
        hello_of(1, 1, 256 << 20, None)
    }

    pub(crate) fn outbox(bytes: u32) -> Vec<u8> {
        [&[2][..], &bytes.to_le_bytes()].concat()
    }

    pub(crate) fn segment(number: u32, purpose: u8, bytes: u64) -> Vec<u8> {
        [&[3][..], &number.to_le_bytes(), &[purpose], &bytes.to_le_bytes()].concat()
    }

    pub(crate) fn descriptors(sequence: u64, count: u8) -> Vec<u8> {
        [&[4][..], &sequence.to_le_bytes(), &[count]].concat()
    }

    pub(crate) const RING: u8 = 0;
    pub(crate) const BLOCK: u8 = 1;
}

/// The word that stands before a record.
pub(crate) fn header(tag: u8, bytes: usize) -> u64 {
    u64::from(tag) << 32 | bytes as u64
}

/// The record of a block, as it names it.
pub(crate) fn sent(segment: u32, slot: u32, loan: u64, bytes: u64) -> Vec<u8> {
    [&segment.to_le_bytes()[..], &slot.to_le_bytes(), &loan.to_le_bytes(), &bytes.to_le_bytes()].concat()
}

/// The head of a record with attachments.
pub(crate) fn head(sequence: u64, blocks: u32) -> Vec<u8> {
    [&sequence.to_le_bytes()[..], &blocks.to_le_bytes(), &[0; 4]].concat()
}

/// Memory as the protocol wants it, and its only writable map.
pub(crate) fn sealed(bytes: usize) -> (Arc<MapMut>, Memfd) {
    let memory = Memfd::create("hostile", bytes as u64).unwrap();
    let map = MapOptions::new().read_write(&memory, bytes).unwrap();
    memory.seal(ONE_WAY).unwrap();
    (Arc::new(map), memory)
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct RawPeer {
    pub(crate) socket: Socket,
    pub(crate) outbox: Arc<MapMut>,
    memory: Memfd,
    /// The victim's outbox, once it has come.
    pub(crate) theirs: Option<Map>,
    /// Where the next record goes in the first ring.
    at: usize,
    /// Which sleep of the victim was answered last.
    answered: u64,
}

impl RawPeer {
    /// A raw peer and its victim.
    pub(crate) fn with_victim(options: Options) -> (Self, Link) {
        let (raw, end) = Self::with_end();
        (raw, end.link(options).unwrap())
    }

    pub(crate) fn with_end() -> (Self, End) {
        let (socket, end) = Socket::pair().unwrap();
        (Self::over(socket), End::received(end.into_fd().unwrap()).unwrap())
    }

    pub(crate) fn over(socket: Socket) -> Self {
        let (outbox, memory) = sealed(OUTBOX_BYTES);
        Self { socket, outbox, memory, theirs: None, at: 0, answered: 0 }
    }

    /// Sends a message on the socket; a victim that is gone or full is no reason to stop.
    pub(crate) fn say(&self, message: &[u8]) -> bool {
        self.say_with(message, &[])
    }

    pub(crate) fn say_with(&self, message: &[u8], descriptors: &[BorrowedFd<'_>]) -> bool {
        self.socket.send(message, descriptors, Deadline::Now).is_ok()
    }

    /// Says HELLO and hands the outbox over.
    pub(crate) fn greet(&self) {
        assert!(self.say(&frames::hello()) && self.hand_over());
    }

    pub(crate) fn hand_over(&self) -> bool {
        self.say_with(&frames::outbox(8192), &[self.memory.as_fd()])
    }

    /// The memory of the outbox.
    pub(crate) fn outbox_memory(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    /// Announces a segment of so many bytes; answers its map.
    pub(crate) fn segment(&self, number: u32, purpose: u8, bytes: usize) -> Arc<MapMut> {
        let (map, memory) = sealed(bytes);
        assert!(self.say_with(&frames::segment(number, purpose, bytes as u64), &[memory.as_fd()]));
        map
    }

    /// The next message of the victim, if there is one: its bytes and what came with it.
    pub(crate) fn hear(&mut self) -> Option<(Vec<u8>, Arrival)> {
        let mut buffer = vec![0; 5000];
        let mut arrival = self.socket.receive(&mut buffer, Deadline::Now).ok()?;
        buffer.truncate(arrival.bytes);
        if buffer.first() == Some(&2) {
            let memory: OwnedFd = arrival.descriptors.pop().unwrap();
            self.theirs = Some(MapOptions::new().read_only(&memory, OUTBOX_BYTES).unwrap());
        }
        Some((buffer, arrival))
    }

    /// Reads everything that the victim has sent.
    pub(crate) fn hear_all(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.hear().map(|(bytes, _)| bytes)).collect()
    }

    pub(crate) fn set(&self, at: usize, word: u64) {
        self.outbox.store_u64(at, word).unwrap();
    }

    pub(crate) fn word_at(at: usize) -> usize {
        RING + at % RING_WORDS * 8
    }

    /// Writes a record as a good peer would, as long as it does not reach the end of the ring.
    pub(crate) fn write(&mut self, tag: u8, body: &[u8]) {
        self.write_header(header(tag, body.len()), body);
    }

    /// Writes a record under any header.
    pub(crate) fn write_header(&mut self, header: u64, body: &[u8]) {
        let words = 1 + body.len().div_ceil(8);
        assert!(self.at + words < RING_WORDS, "the kit does not wrap");
        self.outbox.copy_from(Self::word_at(self.at + 1), body).unwrap();
        self.set(Self::word_at(self.at + words), 0);
        self.set(Self::word_at(self.at), header);
        self.at += words;
    }

    /// Looks whether the victim sleeps, and rings once for each sleep, as a good peer does behind each record.
    pub(crate) fn ring_if_asked(&mut self) {
        let armed = self.theirs.as_ref().unwrap().load_u64(ARMED).unwrap() & (u64::MAX >> 1);
        if armed != 0 && std::mem::replace(&mut self.answered, armed) != armed {
            self.say(frames::BELL);
        }
    }

    /// Writes a record and rings.
    pub(crate) fn send(&mut self, tag: u8, body: &[u8]) {
        self.write(tag, body);
        self.say(frames::BELL);
    }
}
