// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of a call that gives something away: the near end sends a burst, and only that is timed.
//!
//! Before the next burst the far end says that it has taken all of the last, so there is always room. A sample is
//! what one send of a burst took on average: one alone is shorter than a look at the clock.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::clock;
use super::peer::Peer;

/// The end whose sends are timed.
pub(crate) trait Giver: Sized + 'static {
    /// Makes it, and the descriptors for the taker.
    fn create() -> Result<(Self, Vec<OwnedFd>)>;
    /// Gives one message; there is room.
    fn give(&mut self) -> Result<()>;
    /// Waits for the taker's word.
    fn settle(&mut self) -> Result<()>;
}

/// The end that keeps up, in the other process.
pub(crate) trait Taker: Sized + 'static {
    /// Makes it of the descriptors.
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self>;
    /// Takes one message, waiting for it.
    fn take(&mut self) -> Result<()>;
    /// Gives the giver its word.
    fn settle(&mut self) -> Result<()>;
}

impl Subject {
    /// Measures what each send of `G` to `T` takes.
    pub(crate) const fn burst<G: Giver, T: Taker>() -> Self {
        Self { near: near::<G>, far: far::<T>, place: Place::Apart }
    }
}

fn near<G: Giver>(_: Setting) -> Result<NearEnd> {
    let (giver, descriptors) = G::create()?;
    Ok((Box::new(GiverEnd(giver)), descriptors))
}

fn far<T: Taker>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    Ok(Box::new(TakerEnd(T::join(descriptors)?)))
}

struct GiverEnd<G>(G);

struct TakerEnd<T>(T);

impl<G: Giver> GiverEnd<G> {
    /// Nanoseconds that a send of this burst took.
    fn burst(&mut self) -> Result<u32> {
        let before = Instant::now();
        for _ in 0..SENDS {
            self.0.give()?;
        }
        let took = clock::between(before, Instant::now());
        self.0.settle()?;
        Ok(took.div_ceil(SENDS))
    }
}

impl<G: Giver> Near for GiverEnd<G> {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        for _ in 0..LEAD {
            self.burst()?;
        }
        let samples = (0..operations.div_ceil(SENDS)).map(|_| self.burst());
        Ok(Measured::Latencies(samples.collect::<Result<_>>()?))
    }
}

impl<T: Taker> Far for TakerEnd<T> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        for _ in 0..LEAD + operations.div_ceil(SENDS) {
            for _ in 0..SENDS {
                self.0.take()?;
            }
            self.0.settle()?;
        }
        Ok(Vec::new())
    }
}

/// So few messages of 64 bytes find room anywhere.
const SENDS: u32 = 16;
/// Bursts before the timed ones: the far end may still be waking up.
const LEAD: u32 = 2;
