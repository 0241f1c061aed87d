// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of a crowd: two pairs of processes bounce messages on two processors, so that whoever waits too
//! eagerly keeps others from their work.
//!
//! The near end's process sleeps meanwhile. A round lasts a time, not a number of trips, so that all four are busy
//! together; what counts is how many trips all make.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::descriptors::expect;
use super::note::Note;
use super::peer::Peer;

/// One end of something that carries messages of 64 bytes both ways.
pub(crate) trait Bounce: Sized + 'static {
    /// Both ends, for two other processes.
    fn pair() -> Result<[OwnedFd; 2]>;
    /// One of them, there.
    fn join(descriptor: OwnedFd) -> Result<Self>;
    /// Sends one message.
    fn send(&mut self, message: &Message) -> Result<()>;
    /// Receives one, waiting for it.
    fn receive(&mut self, message: &mut Message) -> Result<()>;
}

/// What is bounced; its first byte says whether it is the round's last.
pub(crate) type Message = [u8; 64];

impl Subject {
    /// Measures the pace of two pairs of `T` together.
    pub(crate) const fn crowd<T: Bounce>() -> Self {
        Self { near: near::<T>, far: far::<T>, place: Place::Anywhere }
    }
}

fn near<T: Bounce>(setting: Setting) -> Result<NearEnd> {
    let Setting { case, role, plan } = setting;
    let processors = plan.processors(Place::Anywhere);
    let (mut callers, mut answerers) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let [caller, answerer] = T::pair()?;
        callers.push(with_note(caller, CALLER)?);
        let answerer = with_note(answerer, ANSWERER)?;
        answerers.push(Peer::start(case, role, &processors, answerer)?);
    }
    // One caller is the far end that every measurement has, the others are started here.
    let first = callers.pop().unwrap_or_default();
    let start = |caller| Peer::start(case, role, &processors, caller);
    let callers = callers.into_iter().map(start).collect::<Result<_>>()?;
    Ok((Box::new(Crowd { callers, answerers }), first))
}

fn with_note(end: OwnedFd, part: &str) -> Result<Vec<OwnedFd>> {
    let (_, note) = Note::leave(part)?;
    Ok(vec![end, note])
}

fn far<T: Bounce>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    let [end, note] = expect(descriptors)?;
    let end = T::join(end)?;
    Ok(match Note::read(note)?.words() {
        CALLER => Box::new(Caller(end)),
        _ => Box::new(Answerer(end)),
    })
}

struct Crowd {
    callers: Vec<Peer>,
    answerers: Vec<Peer>,
}

impl Near for Crowd {
    fn round(&mut self, operations: u32, peer: &Peer) -> Result<Measured> {
        for member in self.answerers.iter_mut().chain(&mut self.callers) {
            member.begin(operations)?;
        }
        let mut trips_per_ns = 0.0;
        for caller in self.callers.iter().chain([peer]) {
            let [trips, took_ns] = caller.answer()?.try_into().unwrap_or([0, 1]);
            trips_per_ns += f64::from(trips) / f64::from(took_ns);
        }
        Ok(Measured::Pace(1.0 / trips_per_ns))
    }
}

struct Caller<T>(T);

impl<T: Bounce> Caller<T> {
    fn trip(&mut self, mark: u8) -> Result<()> {
        self.0.send(&[mark; 64])?;
        self.0.receive(&mut [0; 64])
    }
}

impl<T: Bounce> Far for Caller<T> {
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        let start = Instant::now();
        let mut trips = 0;
        while start.elapsed() < ROUND {
            for _ in 0..TRIPS_BETWEEN_LOOKS {
                self.trip(0)?;
            }
            trips += TRIPS_BETWEEN_LOOKS;
        }
        let took_ns = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
        self.trip(LAST)?;
        Ok(vec![trips, took_ns])
    }
}

struct Answerer<T>(T);

impl<T: Bounce> Far for Answerer<T> {
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        let mut message = [0; 64];
        while message[0] != LAST {
            self.0.receive(&mut message)?;
            self.0.send(&message)?;
        }
        Ok(Vec::new())
    }
}

const PAIRS: usize = 2;
const CALLER: &str = "call";
const ANSWERER: &str = "answer";
const LAST: u8 = 1;
/// Several turns of four processes at two processors, however the scheduler cuts them.
const ROUND: Duration = Duration::from_millis(20);
const TRIPS_BETWEEN_LOOKS: u32 = 16;
