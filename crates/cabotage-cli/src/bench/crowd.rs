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
use super::rounds::Plan;

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
    /// Measures the pace of two pairs of `T` at the same time; `place` is that of each beside its partner.
    pub(crate) const fn crowd<T: Bounce>(place: Place) -> Self {
        Self { near: near::<T>, far: far::<T>, place }
    }
}

fn near<T: Bounce>(setting: Setting) -> Result<NearEnd> {
    let Setting { case, role, plan } = setting;
    let seats = Seats::of(plan, case.subject(role)?.place);
    let start = |processors: &[usize], member| Peer::start(case, role, processors, member);
    // One caller is the far end that every measurement has; the others are started here.
    let [first, answerer] = members::<T>()?;
    let first_answerer = start(&seats.first_answerer, answerer)?;
    let [caller, answerer] = members::<T>()?;
    let answerers = [first_answerer, start(&seats.answerer, answerer)?];
    Ok((Box::new(Crowd { caller: start(&seats.caller, caller)?, answerers }), first))
}

/// What a caller and an answerer need.
fn members<T: Bounce>() -> Result<[Vec<OwnedFd>; 2]> {
    let [caller, answerer] = T::pair()?;
    Ok([with_note(caller, CALLER)?, with_note(answerer, ANSWERER)?])
}

/// The processors of those whom the near end starts: there are two on each, wherever the partners are.
struct Seats {
    first_answerer: Vec<usize>,
    caller: Vec<usize>,
    answerer: Vec<usize>,
}

impl Seats {
    fn of(plan: Plan, place: Place) -> Self {
        let of_first = plan.processors(place);
        let other = || plan.pair.map(|pair| pair.near).into_iter().collect();
        match place {
            Place::Anywhere => {
                Self { first_answerer: of_first.clone(), caller: of_first.clone(), answerer: of_first }
            }
            Place::Apart => Self { first_answerer: other(), caller: other(), answerer: of_first },
            Place::Together => Self { first_answerer: of_first, caller: other(), answerer: other() },
        }
    }
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
    caller: Peer,
    answerers: [Peer; 2],
}

impl Near for Crowd {
    fn round(&mut self, operations: u32, peer: &Peer) -> Result<Measured> {
        for member in self.answerers.iter_mut().chain([&mut self.caller]) {
            member.begin(operations)?;
        }
        let mut trips_per_ns = 0.0;
        for caller in [&self.caller, peer] {
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

const CALLER: &str = "call";
const ANSWERER: &str = "answer";
const LAST: u8 = 1;
/// Several turns of four processes at two processors, however the scheduler cuts them.
const ROUND: Duration = Duration::from_millis(10);
const TRIPS_BETWEEN_LOOKS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::super::machine::Pair;
    use super::*;

    #[test]
    fn each_processor_seats_two_of_the_four() {
        let pair = Some(Pair { near: 3, far: 5, are_siblings: false });
        let plan = Plan { patience: Duration::ZERO, pair, links: 0 };
        for (place, seats) in [(Place::Apart, [3, 3, 5]), (Place::Together, [5, 3, 3])] {
            let Seats { first_answerer, caller, answerer } = Seats::of(plan, place);
            assert_eq!(plan.processors(place), [5]);
            assert_eq!([first_answerer, caller, answerer], seats.map(|number| vec![number]));
        }
    }
}
