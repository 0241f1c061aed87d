// SPDX-License-Identifier: MIT OR Apache-2.0
//! `fifo.rtt`: 64 bytes to and fro over two FIFOs, by the calls of `cabotage::pipe`; the limit is bare read and
//! write calls on two FIFOs.
//!
//! This process opens all four ends and passes two on, so that the names are gone before the first round.

use std::os::fd::OwnedFd;

use cabotage::os::{Deadline, Errno, raw};
use cabotage::pipe::fifo::{self, Fifo, Peer, Reader, Writer};
use cabotage::pipe::{ReadEnd, WriteEnd};

use super::raw_ends::{Carrier, RawTrip};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;
use crate::scratch::{Maker, Scratch};

pub(super) const CASE: Case = Case {
    name: "fifo.rtt",
    about: "64 bytes to and fro over two FIFOs",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip>(),
    limit: Some(Subject::round_trip::<RawTrip<Bare, BYTES>>()),
};

struct Trip {
    source: Reader,
    target: Writer,
    buffer: [u8; BYTES],
}

impl RoundTrip for Trip {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (far_source, target) = ends()?;
        let (source, far_target) = ends()?;
        Ok((Self { source, target, buffer: [7; BYTES] }, vec![far_source.into(), far_target.into()]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [source, target] = expect(descriptors)?;
        Ok(Self { source: source.into(), target: target.into(), buffer: [7; BYTES] })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        self.target.write_all_within(&self.buffer, Deadline::Never)?;
        Ok(self.source.read_exact_within(&mut self.buffer, Deadline::Never)?)
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        self.source.read_exact_within(&mut self.buffer, Deadline::Never)?;
        Ok(self.target.write_all_within(&self.buffer, Deadline::Never)?)
    }
}

/// Both ends of a FIFO that has lost its name already.
fn ends() -> Result<(Reader, Writer)> {
    let scratch = scratch()?;
    let fifo = fifo::create(scratch.path().join(NAME))?;
    let opened = both(&fifo);
    fifo.remove()?;
    opened
}

fn both(fifo: &Fifo) -> Result<(Reader, Writer)> {
    let reader = fifo.reader(Peer::Any)?;
    Ok((reader, fifo.writer(Peer::Required)?))
}

fn scratch() -> Result<Scratch> {
    Scratch::make_in(&std::env::temp_dir(), Maker::Bench)
}

/// A FIFO and bare calls.
struct Bare;

impl Carrier for Bare {
    fn path() -> std::result::Result<(OwnedFd, OwnedFd), Errno> {
        let scratch = scratch().map_err(|_| Errno::IO)?;
        raw::fifo(&scratch.path().join(NAME))
    }
}

const NAME: &str = "fifo";
const BYTES: usize = 64;
