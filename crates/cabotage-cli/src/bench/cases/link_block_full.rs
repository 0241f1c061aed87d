// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.block.*.full`: a block goes forward over a link, every byte of it written and read; the limit is one plain
//! buffer that both processes map and hand to and fro by a cache line.
//!
//! Both write from a small buffer again and again and read into one, so that memory is what is measured. Both spin.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, Link, Options, Parcel, Wait};
use cabotage::os::raw::Buffer;

use super::link_block::lost;
use super::link_ends;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;

pub(super) const OF_1M: Case = Case {
    name: "link.block.1m.full",
    about: "a block of 1 MiB forward over a link, every byte written and read, spinning",
    bytes: 1 << 20,
    subject: Subject::paced_round_trip::<Trip<{ 1 << 20 }>>(),
    limit: Some(Subject::paced_round_trip::<Bare<{ 1 << 20 }>>()),
};

pub(super) const OF_64M: Case = Case {
    name: "link.block.64m.full",
    about: "a block of 64 MiB forward over a link, every byte written and read, spinning",
    bytes: 64 << 20,
    subject: Subject::paced_round_trip::<Trip<{ 64 << 20 }>>(),
    limit: Some(Subject::paced_round_trip::<Bare<{ 64 << 20 }>>()),
};

struct Trip<const BYTES: usize> {
    link: Link,
    piece: Vec<u8>,
}

fn options() -> Options {
    Options::new().wait(Wait::Spin)
}

impl<const BYTES: usize> RoundTrip for Trip<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(options())?;
        Ok((Self { link, piece: vec![7; PIECE] }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { link: link_ends::far(descriptors, options())?, piece: vec![0; PIECE] })
    }

    fn ping(&mut self) -> Result<()> {
        let mut block = self.link.block(BYTES, Deadline::Never)?;
        for at in (0..BYTES).step_by(PIECE) {
            block.write_at(at, black_box(&self.piece))?;
        }
        let parcel = Parcel::new(&[]).block(block);
        self.link.send_parcel(parcel, Deadline::Never).map_err(|unsent| unsent.error)?;
        self.link.receive(Deadline::Never)?;
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        let block = self.link.receive(Deadline::Never)?.take_block().ok_or_else(lost)?;
        let mut chunks = block.chunks(&mut self.piece);
        while let Some(chunk) = chunks.next_chunk()? {
            black_box(chunk);
        }
        drop(block);
        Ok(self.link.send(&[7; 64], Deadline::Never)?)
    }
}

/// The plain buffer.
pub(super) struct Bare<const BYTES: usize> {
    buffer: Buffer,
    piece: Vec<u8>,
}

impl<const BYTES: usize> RoundTrip for Bare<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (buffer, memory) = Buffer::create(BYTES)?;
        Ok((Self { buffer, piece: vec![7; PIECE] }, vec![memory]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [memory] = expect(descriptors)?;
        Ok(Self { buffer: Buffer::join(memory, BYTES)?, piece: vec![0; PIECE] })
    }

    fn ping(&mut self) -> Result<()> {
        self.buffer.fill_and_call(black_box(&self.piece));
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        self.buffer.drain_and_answer(&mut self.piece, |piece| {
            black_box(piece);
        });
        Ok(())
    }
}

/// It and what is copied fit into the cache next to the processor; both sizes of block are multiples of it.
const PIECE: usize = 16 << 10;
