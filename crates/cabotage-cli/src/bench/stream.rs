// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of a one-way stream: the far end sends, the near end receives and holds the watch.
//!
//! The watch starts with the arrival of the first message and stops with the last, so that neither the start of
//! the sender nor a final acknowledgement is counted.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::peer::Peer;

/// The end that takes messages of one size.
pub(crate) trait Receiver: Sized + 'static {
    /// Makes it, and the descriptors for the sender.
    fn create() -> Result<(Self, Vec<OwnedFd>)>;
    /// Takes one message.
    fn receive(&mut self) -> Result<()>;
}

/// The end that gives them, in the other process.
pub(crate) trait Sender: Sized + 'static {
    /// Makes it of the descriptors.
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self>;
    /// Gives one message, waiting for room.
    fn send(&mut self) -> Result<()>;
}

impl Subject {
    /// Measures the pace from `S` to `R`.
    pub(crate) const fn stream<R: Receiver, S: Sender>() -> Self {
        Self { near: sink::<R>, far: source::<S>, place: Place::Apart }
    }
}

fn sink<R: Receiver>(_: Setting) -> Result<NearEnd> {
    let (receiver, descriptors) = R::create()?;
    Ok((Box::new(Sink(receiver)), descriptors))
}

fn source<S: Sender>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    Ok(Box::new(Source(S::join(descriptors)?)))
}

struct Sink<R>(R);

struct Source<S>(S);

impl<R: Receiver> Near for Sink<R> {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        self.0.receive()?;
        let start = Instant::now();
        for _ in 0..operations {
            self.0.receive()?;
        }
        Ok(Measured::Pace(start.elapsed().as_secs_f64() * 1e9 / f64::from(operations)))
    }
}

impl<S: Sender> Far for Source<S> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        for _ in 0..=operations {
            self.0.send()?;
        }
        Ok(Vec::new())
    }
}
