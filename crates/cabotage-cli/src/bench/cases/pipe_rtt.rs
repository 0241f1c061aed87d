// SPDX-License-Identifier: MIT OR Apache-2.0
//! `pipe.rtt`: 64 bytes to and fro over two anonymous pipes, by the calls of `cabotage::pipe`; the limit is bare
//! read and write calls on two pipes.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;

use cabotage::os::{Deadline, Errno, raw};
use cabotage::pipe::{ReadEnd, WriteEnd};

use super::raw_ends::{Carrier, RawTrip};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "pipe.rtt",
    about: "64 bytes to and fro over two anonymous pipes",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip>(),
    limit: Some(Subject::round_trip::<RawTrip<Pipe, BYTES>>()),
};

struct Trip {
    source: PipeReader,
    target: PipeWriter,
    buffer: [u8; BYTES],
}

impl RoundTrip for Trip {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (far_source, target) = cabotage::pipe::anonymous()?;
        let (source, far_target) = cabotage::pipe::anonymous()?;
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

/// A bare pipe.
pub(super) struct Pipe;

impl Carrier for Pipe {
    fn path() -> std::result::Result<(OwnedFd, OwnedFd), Errno> {
        raw::pipe()
    }
}

const BYTES: usize = 64;
