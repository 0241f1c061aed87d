// SPDX-License-Identifier: MIT OR Apache-2.0
//! `pipe.stream`: 64 KiB messages one way through an anonymous pipe, by the calls of `cabotage::pipe`; the limit
//! is bare read and write calls on a pipe of the same capacity.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;

use cabotage::os::Deadline;
use cabotage::pipe::{ReadEnd, WriteEnd};

use super::pipe_rtt::Pipe;
use super::raw_ends::RawStream;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::stream::{Receiver, Sender};

pub(super) const CASE: Case = Case {
    name: "pipe.stream",
    about: "64 KiB messages one way through an anonymous pipe",
    bytes: BYTES,
    subject: Subject::stream::<Sink, Source>(),
    limit: Some(Subject::stream::<RawStream<Pipe, BYTES>, RawStream<Pipe, BYTES>>()),
};

struct Sink {
    pipe: PipeReader,
    buffer: Vec<u8>,
}

impl Receiver for Sink {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (pipe, target) = cabotage::pipe::anonymous()?;
        Ok((Self { pipe, buffer: vec![0; BYTES] }, vec![target.into()]))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        Ok(self.pipe.read_exact_within(&mut self.buffer, Deadline::Never)?)
    }
}

struct Source {
    pipe: PipeWriter,
    message: Vec<u8>,
}

impl Sender for Source {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [pipe] = expect(descriptors)?;
        Ok(Self { pipe: pipe.into(), message: vec![7; BYTES] })
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        Ok(self.pipe.write_all_within(&self.message, Deadline::Never)?)
    }
}

const BYTES: usize = 65536;
