// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of one server with many clients, each of which asks, waits for the answer and asks again.
//!
//! The server is the far end. Clients are threads of a few other processes; this process sleeps meanwhile, but for
//! the client by which it ends a round. A round lasts a time; what counts is how many answers all clients get, and how
//! long each waits.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cabotage::os::limits;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::clock;
use super::descriptors::expect;
use super::meeting::{Invitation, Meeting};
use super::note::Note;
use super::peer::Peer;
use crate::exit::{Exit, Failure};

/// A server and its clients, which meet in a directory.
pub(crate) trait Served: 'static {
    /// A client.
    type Client: Asker;
    /// The server.
    type Server: Answerer;
}

/// One client.
pub(crate) trait Asker: Sized + Send + 'static {
    /// Connects to the server in this directory, which may not be there yet.
    fn connect(path: &Path) -> Result<Self>;
    /// Asks with this message, and waits for the answer.
    fn ask(&mut self, message: &mut Message) -> Result<()>;
}

/// The server.
pub(crate) trait Answerer: Sized + 'static {
    /// Appears in this directory.
    fn publish(path: &Path) -> Result<Self>;
    /// Answers all who ask, until one has asked with [`LAST`] and was answered.
    fn serve(&mut self) -> Result<()>;
}

/// What is asked and answered; its first byte says whether it is the round's last.
pub(crate) type Message = [u8; 64];
/// The first byte of a round's last message.
pub(crate) const LAST: u8 = 1;

impl Subject {
    /// Measures the pace of so many clients of `T` together.
    pub(crate) const fn served<T: Served, const CLIENTS: u32>() -> Self {
        Self { near: near::<T, CLIENTS>, far: far::<T>, place: Place::Anywhere }
    }
}

fn near<T: Served, const CLIENTS: u32>(setting: Setting) -> Result<NearEnd> {
    let clients = CLIENTS.min(setting.plan.links).max(1);
    check(clients)?;
    let Setting { case, role, plan } = setting;
    let (invitation, meeting) = Invitation::new()?;
    let processors = plan.processors(Place::Anywhere);
    let start = |share: u32| {
        let (_, path) = Note::leave(&invitation.path().display().to_string())?;
        let (_, count) = Note::leave(&share.to_string())?;
        Peer::start(case, role, &processors, vec![path, count])
    };
    let crowds = shares(clients).map(start).collect::<Result<_>>()?;
    Ok((Box::new(Crowds::<T> { crowds, last: None, invitation }), vec![meeting]))
}

/// How many clients each process has.
fn shares(clients: u32) -> impl Iterator<Item = u32> {
    let processes = clients.min(PROCESSES_MAX);
    (0..processes).map(move |number| clients / processes + u32::from(number < clients % processes))
}

fn check(clients: u32) -> Result<()> {
    let allowed = limits::descriptors()?.hard;
    (u64::from(clients) + SPARE_DESCRIPTORS <= allowed).then_some(()).ok_or_else(|| {
        Failure::usage(format!(
            "{clients} clients do not fit: a process may have {allowed} descriptors here (ulimit -Hn); ask for fewer \
             by --links"
        ))
    })
}

/// The server with one descriptor, or clients with two.
fn far<T: Served>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    limits::raise_descriptors()?;
    if descriptors.len() == 1 {
        let [meeting] = expect(descriptors)?;
        let meeting = Meeting::hold(meeting)?;
        return Ok(Box::new(House { server: T::Server::publish(meeting.path())?, _meeting: meeting }));
    }
    let [path, count] = expect(descriptors)?;
    let count = Note::read(count)?.words().parse().map_err(|_| Failure::usage("how many clients?"))?;
    Ok(Box::new(Crowd::<T> { path: Note::read(path)?.words().into(), count, stage: None }))
}

/// All clients, as the near end's process sees them.
struct Crowds<T: Served> {
    crowds: Vec<Peer>,
    /// Who ends a round.
    last: Option<T::Client>,
    invitation: Invitation,
}

impl<T: Served> Near for Crowds<T> {
    fn round(&mut self, _operations: u32, _peer: &Peer) -> Result<Measured> {
        let last = match &mut self.last {
            Some(last) => last,
            none => none.insert(T::Client::connect(self.invitation.path())?),
        };
        for crowd in &mut self.crowds {
            crowd.begin(0)?;
        }
        let (mut per_ns, mut samples) = (0.0, Vec::new());
        for crowd in &self.crowds {
            let mut answer = crowd.answer()?;
            let [trips, took_ns] = [answer.pop(), answer.pop()].map(|number| number.unwrap_or(1).max(1));
            per_ns += f64::from(trips) / f64::from(took_ns);
            samples.append(&mut answer);
        }
        let mut message = [0; size_of::<Message>()];
        message[0] = LAST;
        last.ask(&mut message)?;
        Ok(Measured::Served { ns: 1.0 / per_ns, samples })
    }
}

/// The server's process. The server is dropped first.
struct House<S> {
    server: S,
    _meeting: Meeting,
}

impl<S: Answerer> Far for House<S> {
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        self.server.serve()?;
        Ok(Vec::new())
    }
}

/// Some clients in a process of their own, a thread for each.
struct Crowd<T: Served> {
    path: PathBuf,
    count: usize,
    stage: Option<Arc<Stage<T>>>,
}

/// Where the clients of one process come together before a round and after it.
struct Stage<T: Served> {
    barrier: Barrier,
    /// When the round is over; what the clients have counted in it; the first failure.
    round: Mutex<Round>,
    of: std::marker::PhantomData<fn() -> T>,
}

#[derive(Debug, Default)]
struct Round {
    end: Option<Instant>,
    trips: u32,
    samples: Vec<u32>,
    failure: Option<Failure>,
}

impl<T: Served> Crowd<T> {
    /// Connects the clients, once, and lets each wait for the first round.
    fn stage(&mut self) -> Result<Arc<Stage<T>>> {
        if let Some(stage) = &self.stage {
            return Ok(stage.clone());
        }
        let stage = Arc::new(Stage {
            barrier: Barrier::new(self.count + 1),
            round: Mutex::default(),
            of: std::marker::PhantomData,
        });
        for _ in 0..self.count {
            let (mut client, stage) = (T::Client::connect(&self.path)?, stage.clone());
            // As a warm-up, and so that both ends have made their memory.
            for _ in 0..WARM_UP {
                client.ask(&mut [0; size_of::<Message>()])?;
            }
            thread::Builder::new().stack_size(STACK_BYTES).spawn(move || stage.live(client))?;
        }
        Ok(self.stage.insert(stage).clone())
    }
}

impl<T: Served> Far for Crowd<T> {
    /// The waiting times of some trips, then how long the round took and how many trips there were.
    fn round(&mut self, _operations: u32) -> Result<Vec<u32>> {
        let stage = self.stage()?;
        let length = ROUND + ROUND_PER_CLIENT * u32::try_from(self.count).unwrap_or(u32::MAX);
        let start = Instant::now();
        stage.round().end = Some(start + length);
        stage.barrier.wait();
        stage.barrier.wait();
        let mut round = stage.round();
        if let Some(failure) = round.failure.take() {
            return Err(failure);
        }
        let mut answer = std::mem::take(&mut round.samples);
        let took_ns = u32::try_from(length.as_nanos()).unwrap_or(u32::MAX);
        answer.extend([took_ns, std::mem::take(&mut round.trips)]);
        Ok(answer)
    }
}

impl<T: Served> Stage<T> {
    fn round(&self) -> std::sync::MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One client's life: round after round.
    fn live(&self, mut client: T::Client) {
        loop {
            self.barrier.wait();
            let end = self.round().end;
            let done = end.ok_or_else(|| Failure::new(Exit::Failed, "a round without an end"));
            let done = done.and_then(|end| ask_until(&mut client, end));
            let mut round = self.round();
            match done {
                Ok((trips, samples)) => {
                    round.trips += trips;
                    round.samples.extend(samples);
                }
                Err(failure) => round.failure = Some(failure),
            }
            drop(round);
            self.barrier.wait();
        }
    }
}

/// Asks until the end of the round: how many answers came in it, and how long some of them took.
fn ask_until(client: &mut impl Asker, end: Instant) -> Result<(u32, Vec<u32>)> {
    let (mut trips, mut samples) = (0, Vec::with_capacity(SAMPLES_MAX));
    let mut before = Instant::now();
    loop {
        client.ask(&mut [0; size_of::<Message>()])?;
        let after = Instant::now();
        if after > end {
            return Ok((trips, samples));
        }
        if samples.len() < SAMPLES_MAX {
            samples.push(clock::between(before, after));
        }
        trips += 1;
        before = after;
    }
}

const PROCESSES_MAX: u32 = 2;
const SPARE_DESCRIPTORS: u64 = 64;
const STACK_BYTES: usize = 256 << 10;
const WARM_UP: usize = 24;
/// Several turns of each client, however many there are.
const ROUND: Duration = Duration::from_millis(10);
const ROUND_PER_CLIENT: Duration = Duration::from_micros(400);
/// Waiting times that a client tells of each round.
const SAMPLES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_shared_among_the_processes_and_none_is_empty() {
        let shares = |clients| shares(clients).collect::<Vec<_>>();
        assert_eq!(shares(1000), [500, 500]);
        assert_eq!(shares(3), [2, 1]);
        assert_eq!(shares(1), [1]);
    }
}
