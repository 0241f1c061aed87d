// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends over a pair of pipes, named or not: one towards the child, one back.
//!
//! No deadline is needed: when the other process ends, reading finds the end of file and writing a broken pipe.

use std::fs::File;

use cabotage::Deadline;
use cabotage::pipe::{ReadEnd, WriteEnd};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::mechanism::{FarEnd, Message, NearEnd};
use super::peer::gone;
use super::window::Window;
use crate::exit::{Exit, Failure};

/// How much one write puts in and one read takes out: what a pipe holds.
const PIECE_BYTES: usize = 64 * 1024;

/// Either end: it reads from the one pipe and writes to the other.
#[derive(Debug)]
pub(crate) struct Stream<R, W> {
    incoming: R,
    outgoing: W,
    window: Window,
}

impl<R: ReadEnd, W: WriteEnd> Stream<R, W> {
    /// The end of a process that has these.
    pub(crate) fn over(incoming: R, outgoing: W) -> Self {
        Self { incoming, outgoing, window: Window::default() }
    }

    /// Waits until the target is full.
    pub(crate) fn read_exact(&self, target: &mut [u8]) -> Result<(), Failure> {
        self.incoming.read_exact_within(target, Deadline::Never).map_err(end_is_gone)
    }

    /// Waits until all of it is in the pipe.
    pub(crate) fn write_all(&self, source: &[u8]) -> Result<(), Failure> {
        self.outgoing.write_all_within(source, Deadline::Never).map_err(end_is_gone)
    }
}

/// A pipe that ends early tells that the other process did.
fn end_is_gone(error: impl Into<std::io::Error>) -> Failure {
    match Failure::from(error.into()) {
        failure if failure.exit() == Exit::PeerGone => gone(),
        failure => failure,
    }
}

impl<R: ReadEnd, W: WriteEnd> NearEnd for Stream<R, W> {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        journal.step("write", || self.window.chunks(PIECE_BYTES).try_for_each(|piece| self.write_all(piece)))
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.write_all(message)?;
        self.read_exact(message)
    }
}

impl<R: ReadEnd, W: WriteEnd> FarEnd for Stream<R, W> {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        let mut pieces = target.chunks_mut(PIECE_BYTES);
        journal.step("read", || pieces.try_for_each(|piece| self.read_exact(piece)))
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.read_exact(message)
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.write_all(message)
    }
}
