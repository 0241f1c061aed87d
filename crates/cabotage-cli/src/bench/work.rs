// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of work without a partner: the other process does it, times each piece and reports.
//!
//! It is done over there because the other process always finishes its round, whatever happens to this one:
//! names that exist for microseconds in the middle of a piece of work do not outlive an interrupted benchmark.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Subject};
use super::clock;
use super::peer::Peer;

/// Something that one process does again and again.
pub(crate) trait Work: Sized + 'static {
    /// Gets ready.
    fn prepare() -> Result<Self>;
    /// Does one piece.
    fn once(&mut self) -> Result<()>;
}

impl Subject {
    /// Measures how long each piece of `T` takes.
    pub(crate) const fn work<T: Work>() -> Self {
        Self { near: |_| listen(Measured::Latencies), far: worker::<T>, place: Place::Apart }
    }

    /// Measures the pace of many pieces of `T`.
    pub(crate) const fn paced_work<T: Work>() -> Self {
        Self { near: |_| listen(pace), far: worker::<T>, place: Place::Apart }
    }
}

fn listen(understand: fn(Vec<u32>) -> Measured) -> Result<NearEnd> {
    Ok((Box::new(Listener { understand }), Vec::new()))
}

fn worker<T: Work>(_: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    Ok(Box::new(Worker(T::prepare()?)))
}

fn pace(samples: Vec<u32>) -> Measured {
    let total: f64 = samples.iter().copied().map(f64::from).sum();
    Measured::Pace(total / samples.len() as f64)
}

struct Listener {
    understand: fn(Vec<u32>) -> Measured,
}

impl Near for Listener {
    fn round(&mut self, _operations: u32, peer: &Peer) -> Result<Measured> {
        peer.answer().map(self.understand)
    }
}

struct Worker<T>(T);

impl<T: Work> Far for Worker<T> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        self.0.once()?;
        let mut samples = Vec::with_capacity(operations as usize);
        let mut before = Instant::now();
        for _ in 0..operations {
            self.0.once()?;
            let after = Instant::now();
            samples.push(clock::between(before, after));
            before = after;
        }
        Ok(samples)
    }
}
