// SPDX-License-Identifier: MIT OR Apache-2.0
//! A peer that speaks the protocol of links to the letter, but for one lie: its socket, its outbox, and what it has
//! heard of its victim.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cabotage_os::Deadline;
use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::memfd::{Memfd, ONE_WAY};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::socket::{Arrival, ReceiveError, Socket};

use super::field::Place;
use super::frames::{self, Purpose};
use super::heard::Heard;
use super::lie::{Lie, Told, Tongue};
use super::link_fields::{FIELDS, OUTBOX_BYTES, SEGMENT_BYTES, frame, tag, word};
use super::ring::{Eye, Pen, Record};

/// How long a liar waits for what need not come.
pub const A_MOMENT: Duration = Duration::from_millis(40);

/// How long a liar waits between two looks, and as how much one counts at most.
const BETWEEN_LOOKS: Duration = Duration::from_micros(200);
const LOOK_MAX: Duration = Duration::from_millis(5);

/// How many messages are heard at once: an honest victim has no more, and a liar has an end.
const MESSAGES_AT_ONCE: u32 = 4096;

/// See the [module](self).
#[derive(Debug)]
pub struct Liar {
    socket: Socket,
    own: Arc<MapMut>,
    memory: Memfd,
    tongue: Tongue,
    pen: Pen,
    /// What it has announced.
    segments: u32,
    parcels: u64,
    heard: Heard,
    /// Whether it tells how many bytes it has taken, and counts its own: as the end of a pipe does.
    keeps_accounts: bool,
    written_bytes: u64,
    /// How long the victim is waited for: once it did not answer, not at all.
    patience: Duration,
}

impl Liar {
    /// A liar over a socket on which nothing was said, which waits so long for answers of its victim.
    pub fn new(socket: Socket, lie: Option<Lie>, patience: Duration) -> Self {
        let (own, memory) = sealed(OUTBOX_BYTES);
        let tongue = Tongue::new(lie);
        // A lie about a word stands there from the start.
        for field in FIELDS {
            if let Place::Word { byte } = field.place {
                tongue.write_word(&own, byte, 0);
            }
        }
        let pen = Pen::of_outbox(own.clone());
        let heard = Heard::default();
        Self {
            socket,
            own,
            memory,
            tongue,
            pen,
            segments: 0,
            parcels: 0,
            heard,
            keeps_accounts: false,
            written_bytes: 0,
            patience,
        }
    }

    /// What became of the lie so far.
    pub fn told(&self) -> Told {
        self.tongue.told()
    }

    /// What the victim has said.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// From now on it tells how many bytes of writes it has taken, as the end of a pipe does.
    pub fn keep_accounts(&mut self) {
        self.keeps_accounts = true;
    }

    /// How many bytes of writes it has put into its ring.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// How far the victim says that it takes them.
    pub fn taking(&self) -> u64 {
        let outbox = self.heard.outbox.as_ref();
        outbox.and_then(|map| map.load_u64(word::TAKING).ok()).unwrap_or(0)
    }

    /// The socket, for what no protocol allows.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Says something on the socket, with descriptors or without. A victim that is gone or full is no reason to stop.
    pub fn say(&self, mut message: Vec<u8>, descriptors: &[BorrowedFd<'_>]) -> bool {
        self.tongue.bend_frame(&mut message);
        self.socket.send(&message, descriptors, Deadline::Now).is_ok()
    }

    /// Hands the outbox over.
    pub fn hand_over(&self) -> bool {
        self.say(frames::outbox(8192), &[self.memory.as_fd()])
    }

    /// Writes a word of the outbox.
    pub fn set(&self, at: usize, truth: u64) {
        self.tongue.write_word(&self.own, at, truth);
    }

    /// Announces a segment; answers its number and its map.
    pub fn segment(&mut self, purpose: Purpose) -> (u32, Arc<MapMut>) {
        let (map, memory) = sealed(SEGMENT_BYTES);
        self.segments += 1;
        self.say(frames::segment(self.segments, purpose, SEGMENT_BYTES as u64), &[memory.as_fd()]);
        (self.segments, map)
    }

    /// Goes on in a new ring, if there is room in the old one to say so.
    pub fn change_ring(&mut self) {
        let (number, map) = self.segment(Purpose::Ring);
        if self.write(tag::CONTINUE, &number.to_le_bytes()) {
            self.pen.go_on_in(map);
        }
    }

    /// Sends descriptors ahead of their record; answers their number.
    pub fn send_descriptors(&mut self, descriptors: &[BorrowedFd<'_>]) -> u64 {
        self.parcels += 1;
        let count = u8::try_from(descriptors.len()).unwrap_or(u8::MAX);
        self.say(frames::descriptors(self.parcels, count), descriptors);
        self.parcels
    }

    /// Writes a record, without a bell, if there is room for it in time; answers whether there was.
    pub fn write(&mut self, tag: u8, body: &[u8]) -> bool {
        let bytes = body.len();
        let has_room = self.wait_until(|liar| liar.pen.has_room(bytes, liar.taken()));
        if has_room {
            self.written_bytes += bytes_of_write(tag, bytes);
            self.pen.write(&self.tongue, tag, body);
        }
        has_room
    }

    /// Writes a record, without a bell and without listening, if there is room for it now.
    pub fn write_if_room(&mut self, tag: u8, body: &[u8]) -> bool {
        let has_room = self.pen.has_room(body.len(), self.taken());
        if has_room {
            self.pen.write(&self.tongue, tag, body);
        }
        has_room
    }

    /// Writes a record under any header, whether or not there is room.
    pub fn write_under(&mut self, header: u64, body: &[u8]) {
        self.pen.write_under(&self.tongue, header, body);
    }

    /// Writes a record and rings.
    pub fn send(&mut self, tag: u8, body: &[u8]) {
        self.write(tag, body);
        self.ring();
    }

    /// Rings.
    pub fn ring(&self) {
        self.say(vec![frame::BELL], &[]);
    }

    /// How far the victim says that it has taken our ring.
    fn taken(&self) -> u64 {
        let outbox = self.heard.outbox.as_ref();
        outbox.and_then(|map| map.load_u64(word::CONSUMED).ok()).unwrap_or(0)
    }

    /// Waits until the victim has taken everything.
    pub fn settle(&mut self) -> bool {
        self.wait_until(Self::is_settled)
    }

    /// Whether the victim has taken everything.
    pub fn is_settled(&self) -> bool {
        self.heard.outbox.is_some() && self.taken() >= self.pen.written()
    }

    /// Listens until this holds or the victim has hung up; not for long, and once it was in vain not at all. Answers
    /// whether it holds.
    pub fn wait_until(&mut self, holds: impl FnMut(&Self) -> bool) -> bool {
        let found = self.wait_for(self.patience, holds);
        if !found {
            self.patience = Duration::ZERO;
        }
        found
    }

    /// Listens until the victim has hung up, for so long.
    pub fn wait_for_end(&mut self, patience: Duration) -> bool {
        self.wait_for(patience, |liar| liar.heard.has_hung_up)
    }

    /// Listens until this holds or the victim has hung up, for so long; answers whether it holds. Time in which this
    /// process was stopped does not count: the victim was stopped too, as a rule, by whoever stops all.
    pub fn wait_for(&mut self, patience: Duration, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let mut left = patience;
        loop {
            self.hear();
            if holds(self) {
                return true;
            }
            if self.heard.has_hung_up || left.is_zero() {
                return false;
            }
            let began = Instant::now();
            // The victim writes into its ring without a bell, unless we say that we sleep; so look again soon.
            let _ = poll::wait([(self.socket.as_fd(), Readiness::IN)], Deadline::within(BETWEEN_LOOKS));
            left = left.saturating_sub(began.elapsed().min(LOOK_MAX));
        }
    }

    /// Takes what the victim has sent, as a good peer would.
    pub fn hear(&mut self) {
        self.listen();
        self.read();
    }

    /// Takes what came over the socket.
    fn listen(&mut self) {
        let mut buffer = vec![0; 5000];
        for _ in 0..MESSAGES_AT_ONCE {
            match self.socket.receive(&mut buffer, Deadline::Now) {
                Ok(arrival) => self.file(&buffer[..arrival.bytes.min(5000)], arrival),
                Err(ReceiveError::HungUp) => {
                    self.heard.has_hung_up = true;
                    break;
                }
                Err(_) => break,
            }
        }
    }

    fn file(&mut self, message: &[u8], mut arrival: Arrival) {
        let descriptor = arrival.descriptors.pop();
        let number = |at: usize| message.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        match (message.first().copied(), descriptor) {
            (Some(frame::HELLO), _) => {
                self.heard.hellos += 1;
                // The first message may have come with it.
                self.heard.note(message.get(28));
            }
            // Said while the victim was accepting, it came without the kernel's word of who said it. What went with it
            // has come.
            (Some(frame::AGAIN), _) => drop(self.say(frames::hello(None), &[])),
            (Some(frame::EARLY), _) => {
                self.heard.early += 1;
                self.heard.note(message.get(1));
            }
            (Some(frame::REFUSED), _) => self.heard.has_refused = true,
            (Some(frame::OUTBOX), Some(memory)) => {
                let Ok(map) = MapOptions::new().read_only(&memory, OUTBOX_BYTES).map(Arc::new) else {
                    return;
                };
                self.heard.eye = Some(Eye::of_outbox(map.clone()));
                self.heard.outbox = Some(map);
            }
            (Some(frame::SEGMENT), Some(memory)) => {
                let bytes = message.get(6..14).and_then(|bytes| bytes.try_into().ok());
                let (Some(number), Some(bytes)) = (number(1), bytes.map(u64::from_le_bytes)) else { return };
                let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                if let Ok(map) = MapOptions::new().read_only(&memory, bytes) {
                    self.heard.segments.insert(u32::from_le_bytes(number), Arc::new(map));
                }
            }
            _ => {}
        }
    }

    /// From now on the victim's ring is not read.
    pub fn stop_reading(&mut self) {
        self.heard.eye = None;
    }

    /// Takes the records of the victim's ring and tells it so.
    fn read(&mut self) {
        let Some(mut eye) = self.heard.eye.take() else { return };
        let before = eye.taken();
        while let Some(record) = eye.take() {
            self.take(&mut eye, &record);
        }
        if eye.taken() != before {
            self.set(word::CONSUMED, eye.taken());
            self.set(word::TAKEN, eye.taken());
            if self.keeps_accounts {
                self.set(word::TAKING, self.heard.bytes);
                self.set(word::FREED, eye.taken());
            }
        }
        self.heard.eye = Some(eye);
    }

    fn take(&mut self, eye: &mut Eye, record: &Record) {
        let at = |at: usize| record.body.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        let word_at = |place: usize| at(place).map_or(0, u64::from_le_bytes);
        let number = u32::try_from(word_at(0) & u64::from(u32::MAX)).unwrap_or(0);
        match record.tag {
            tag::CONTINUE => {
                let number = record.body.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
                // It was announced before it was named, perhaps since we looked at the socket.
                if number != 0 && !self.heard.segments.contains_key(&number) {
                    self.listen();
                }
                let next = match number {
                    0 => self.heard.outbox.clone(),
                    _ => self.heard.segments.get(&number).cloned(),
                };
                if let Some(map) = next {
                    eye.go_on_in(map, number == 0);
                }
            }
            tag::RETIRE => drop(self.heard.segments.remove(&number)),
            tag::BLOCK => self.give_back(word_at(0), word_at(8)),
            tag::ATTACHED => {
                if word_at(0) != 0 {
                    self.set(word::FILED, word_at(0));
                    self.heard.parcels += 1;
                }
                for block in 0..usize::try_from(word_at(8)).unwrap_or(0).min(16) {
                    self.give_back(word_at(16 + block * 24), word_at(24 + block * 24));
                }
            }
            _ => {}
        }
        self.heard.messages += u32::from(record.tag >= tag::PLAIN);
        if record.tag == tag::PLAIN {
            self.heard.note(record.body.first());
        }
        self.heard.bytes += bytes_of_write(record.tag, record.body.len());
    }

    /// Gives a block back: its segment and slot, and the number of its loan.
    fn give_back(&mut self, segment_and_slot: u64, loan: u64) {
        self.heard.blocks += 1;
        let slot = usize::try_from(segment_and_slot >> 32).unwrap_or(0) % 64;
        self.set(word::RETURNED + slot * 8, loan);
    }
}

/// How many bytes of a write a record holds, in a pipe.
fn bytes_of_write(tag: u8, body_bytes: usize) -> u64 {
    const HEAD_BYTES: usize = 8;
    match tag {
        tag::PLAIN => body_bytes as u64,
        tag::FIRST | tag::MORE => body_bytes.saturating_sub(HEAD_BYTES) as u64,
        _ => 0,
    }
}

/// Memory as the protocol wants it, and its only writable map.
pub fn sealed(bytes: usize) -> (Arc<MapMut>, Memfd) {
    let memory = Memfd::create("hostile", bytes as u64).expect("memory");
    let map = MapOptions::new().read_write(&memory, bytes).expect("a map");
    memory.seal(ONE_WAY).expect("seals");
    (Arc::new(map), memory)
}
