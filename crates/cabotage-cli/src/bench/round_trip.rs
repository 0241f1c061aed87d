// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of a ping-pong: the near end calls, the far end answers, each trip is timed by itself.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::clock;
use super::peer::Peer;

/// Two ends that bounce one message; one type is both of them.
pub(crate) trait RoundTrip: Sized + 'static {
    /// Makes the near end, and the descriptors for the far one.
    fn near() -> Result<(Self, Vec<OwnedFd>)>;
    /// The far end, in the other process.
    fn far(descriptors: Vec<OwnedFd>) -> Result<Self>;
    /// Sends the message and waits for the answer.
    fn ping(&mut self) -> Result<()>;
    /// Waits for the message and answers.
    fn pong(&mut self) -> Result<()>;
}

impl Subject {
    /// Measures the round trips of `T`.
    pub(crate) const fn round_trip<T: RoundTrip>() -> Self {
        Self { near: near::<T>, far: far::<T>, place: Place::Apart }
    }

    /// Measures the pace of the round trips of `T`, for trips so long that a look at the clock is nothing beside.
    pub(crate) const fn paced_round_trip<T: RoundTrip>() -> Self {
        Self { near: paced_near::<T>, far: paced_far::<T>, place: Place::Apart }
    }
}

fn near<T: RoundTrip>(_: Setting) -> Result<NearEnd> {
    let (end, descriptors) = T::near()?;
    Ok((Box::new(Trip(end)), descriptors))
}

fn far<T: RoundTrip>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    Ok(Box::new(Trip(T::far(descriptors)?)))
}

fn paced_near<T: RoundTrip>(_: Setting) -> Result<NearEnd> {
    let (end, descriptors) = T::near()?;
    Ok((Box::new(Paced(end)), descriptors))
}

fn paced_far<T: RoundTrip>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    Ok(Box::new(Paced(T::far(descriptors)?)))
}

struct Trip<T>(T);

struct Paced<T>(T);

impl<T: RoundTrip> Near for Trip<T> {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        for _ in 0..LEAD {
            self.0.ping()?;
        }
        let mut samples = Vec::with_capacity(operations as usize);
        let mut before = Instant::now();
        for _ in 0..operations {
            self.0.ping()?;
            let after = Instant::now();
            samples.push(clock::between(before, after));
            before = after;
        }
        Ok(Measured::Latencies(samples))
    }
}

impl<T: RoundTrip> Far for Trip<T> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        for _ in 0..LEAD + operations {
            self.0.pong()?;
        }
        Ok(Vec::new())
    }
}

impl<T: RoundTrip> Near for Paced<T> {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        self.0.ping()?; // the far end may still be waking up
        let start = Instant::now();
        for _ in 0..operations {
            self.0.ping()?;
        }
        Ok(Measured::Pace(start.elapsed().as_secs_f64() * 1e9 / f64::from(operations)))
    }
}

impl<T: RoundTrip> Far for Paced<T> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        for _ in 0..=operations {
            self.0.pong()?;
        }
        Ok(Vec::new())
    }
}

/// Trips before the timed ones: the far end may still be waking up.
const LEAD: u32 = 4;
