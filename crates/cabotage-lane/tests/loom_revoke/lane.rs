// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends of a lane whose writes are withdrawn, over a ring of a few words: what each of them learns is written down,
//! and must agree in the end.

use std::ops::{Range, RangeInclusive};
use std::sync::atomic::AtomicUsize;

use cabotage_lane::revoke::{Admission, Answer, Mark, Outcome, Reader, Writer};
use cabotage_lane::{Control, Controls};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;

const RECORDS: usize = 3;
const BYTES: usize = 8;
/// How many steps a write and its withdrawal are.
pub(super) const STEPS: usize = 7;
const IMMORTAL: usize = usize::MAX;

/// How many more steps an end does before it is dead.
#[derive(Clone)]
struct Life(Arc<AtomicUsize>);

impl Life {
    fn new(steps: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(steps)))
    }

    /// Does a step, if there is one left.
    fn step(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// The control words of both ends, from one of them. Each access is a step of its life.
struct View {
    own: Arc<Control>,
    peer: Arc<Control>,
    grave: Arc<Control>,
    life: Life,
}

impl Controls for View {
    fn own(&self) -> &Control {
        if self.life.step() { &self.own } else { &self.grave }
    }

    fn peer(&self) -> &Control {
        if self.life.step() { &self.peer } else { &self.grave }
    }
}

/// What a ring does for this protocol.
struct Ring {
    headers: [AtomicU64; RECORDS],
    bytes: [AtomicU64; BYTES],
    /// The writer's end of the socket is closed.
    is_gone: AtomicBool,
}

/// What the writer knows of a byte.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// It never learned.
    Open,
    Stands,
    Withdrawn,
}

pub(super) struct WriterEnd {
    writer: Writer<View>,
    ring: Arc<Ring>,
    life: Life,
    records: usize,
    fates: Vec<Fate>,
}

impl WriterEnd {
    /// Publishes a write of one record; `None` when it is held back.
    pub(super) fn write(&mut self, bytes: u64) -> Option<Range<u64>> {
        let admission = match self.writer.admit(bytes) {
            Ok(Admission::Held) => return None,
            Ok(admission) => admission,
            Err(violation) => return self.unless_dead(violation),
        };
        let range = self.writer.append(bytes);
        let (fate, firm) = match admission {
            Admission::Firm => (Fate::Stands, 1),
            _ => (Fate::Open, 0),
        };
        for at in range.clone() {
            self.ring.bytes[usize::try_from(at).unwrap()].store(at + 1, Ordering::Relaxed);
        }
        if self.life.step() {
            self.ring.headers[self.records].store(bytes << 8 | firm << 1 | 1, Ordering::Release);
            self.records += 1;
            self.fates.resize(usize::try_from(range.end).unwrap(), fate);
        }
        Some(range)
    }

    pub(super) fn withdraw(&mut self, write: Option<Range<u64>>) {
        let Some(write) = write else { return };
        let stands = match self.writer.withdraw(write.clone()) {
            Ok(Outcome::Complete) => write.end,
            Ok(Outcome::Withdrawn(range)) => {
                assert!(range.start >= write.start && range.end >= write.end);
                if !self.life.is_over() {
                    // What was published behind it goes with it.
                    let behind = self.fates.iter_mut().skip(index(range.start.max(write.end)));
                    behind.for_each(|fate| *fate = Fate::Withdrawn);
                }
                range.start.min(write.end)
            }
            Err(violation) => return self.unless_dead(violation).unwrap_or_default(),
        };
        if !self.life.is_over() {
            for at in write {
                let fate = if at < stands { Fate::Stands } else { Fate::Withdrawn };
                self.fates[usize::try_from(at).unwrap()] = fate;
            }
        }
    }

    fn unless_dead<T>(&self, violation: cabotage_lane::Violation) -> Option<T> {
        assert!(self.life.is_over(), "{violation}");
        None
    }
}

fn index(position: u64) -> usize {
    usize::try_from(position).unwrap()
}

struct ReaderEnd {
    reader: Reader<View>,
    ring: Arc<Ring>,
    life: Life,
    /// Which bytes it took.
    taken: Vec<bool>,
}

impl ReaderEnd {
    /// Reads pieces of `piece` bytes until the writer is gone and all is read, or its own life is over.
    fn read_all(&mut self, mut piece: u64) {
        for header in 0..RECORDS {
            let Some(word) = self.header(header) else { return };
            if self.life.is_over() {
                return;
            }
            let mark = if word & 2 != 0 { Mark::Firm } else { Mark::Revocable { rest: 0 } };
            self.reader.enter(word >> 8, mark).unwrap();
            while self.reader.left() > 0 {
                self.read(&mut piece);
                if self.life.is_over() {
                    return;
                }
            }
        }
    }

    fn header(&mut self, at: usize) -> Option<u64> {
        loop {
            let is_gone = self.ring.is_gone.load(Ordering::Acquire);
            if is_gone {
                self.hang_up();
            }
            match self.ring.headers[at].load(Ordering::Acquire) {
                0 if is_gone => return None,
                0 => thread::yield_now(),
                word => return Some(word),
            }
        }
    }

    fn hang_up(&mut self) {
        let settled = self.reader.hang_up();
        assert!(settled.is_ok() || self.life.is_over(), "{settled:?}");
    }

    /// Reads a piece; a read that has to wait is given up for a larger one.
    fn read(&mut self, piece: &mut u64) {
        let at = self.reader.position();
        let answer = self.reader.take(*piece);
        if self.life.is_over() {
            return;
        }
        match answer.unwrap() {
            Answer::Take(bytes) => {
                assert!((1..=*piece).contains(&bytes));
                for at in at..at + bytes {
                    let index = usize::try_from(at).unwrap();
                    assert_eq!(self.ring.bytes[index].load(Ordering::Relaxed), at + 1);
                    self.taken.resize(index + 1, false);
                    self.taken[index] = true;
                }
            }
            Answer::WaitForLast if self.ring.is_gone.load(Ordering::Acquire) => {
                self.hang_up();
            }
            Answer::WaitForLast => {
                *piece += 1;
                thread::yield_now();
            }
            Answer::NoFurther(from) => assert_eq!(from, at),
        }
    }
}

/// One situation, of which all interleavings are explored.
#[derive(Clone, Copy)]
pub(super) struct Case {
    quota: u64,
    /// How many bytes the reader asks for at a time.
    piece: u64,
    script: fn(&mut WriterEnd),
    writer_steps: usize,
    reader_steps: usize,
}

impl Case {
    pub(super) fn new(quota: u64, piece: u64, script: fn(&mut WriterEnd)) -> Self {
        Self { quota, piece, script, writer_steps: IMMORTAL, reader_steps: IMMORTAL }
    }

    pub(super) fn explore(self) {
        loom::model(move || self.run());
    }

    /// The same with the writer dead after each of these numbers of steps.
    pub(super) fn explore_deaths_of_the_writer(self, steps: RangeInclusive<usize>) {
        for writer_steps in steps {
            Self { writer_steps, ..self }.explore();
        }
    }

    pub(super) fn explore_deaths_of_the_reader(self, steps: RangeInclusive<usize>) {
        for reader_steps in steps {
            Self { reader_steps, ..self }.explore();
        }
    }

    fn run(self) {
        let controls = [0; 3].map(|_| Arc::new(Control::default()));
        let view = |own: usize, life: &Life| View {
            own: controls[own].clone(),
            peer: controls[1 - own].clone(),
            grave: controls[2].clone(),
            life: life.clone(),
        };
        let ring = Arc::new(Ring {
            headers: [0; RECORDS].map(AtomicU64::new),
            bytes: [0; BYTES].map(AtomicU64::new),
            is_gone: AtomicBool::new(false),
        });
        let lives = [Life::new(self.writer_steps), Life::new(self.reader_steps)];
        let mut writer = WriterEnd {
            writer: Writer::new(view(0, &lives[0]), self.quota),
            ring: ring.clone(),
            life: lives[0].clone(),
            records: 0,
            fates: Vec::new(),
        };
        let mut reader = ReaderEnd {
            reader: Reader::new(view(1, &lives[1]), self.quota),
            ring,
            life: lives[1].clone(),
            taken: Vec::new(),
        };
        let writing = thread::spawn(move || {
            (self.script)(&mut writer);
            writer.ring.is_gone.store(true, Ordering::Release);
            writer
        });
        reader.read_all(self.piece);
        agree(&writing.join().unwrap(), &mut reader);
    }
}

/// Each byte is taken or withdrawn, never both, never neither, as far as the ends lived to see.
fn agree(writer: &WriterEnd, reader: &mut ReaderEnd) {
    reader.taken.resize(writer.fates.len(), false);
    let told = (&writer.fates, &reader.taken);
    for (fate, taken) in writer.fates.iter().zip(&reader.taken) {
        match fate {
            Fate::Withdrawn => assert!(!taken, "taken and withdrawn: {told:?}"),
            Fate::Stands if !reader.life.is_over() => assert!(taken, "neither: {told:?}"),
            Fate::Stands | Fate::Open => {}
        }
    }
}
