// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.ool.*.full`: a message with memory out of line, every byte of it written and read; the limit is one plain
//! buffer that both processes map and hand to and fro by a cache line.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::mach::Outgoing;

use super::link_block_full::Bare;
use super::mach_ool::{Ends, borrow, check, memory_of};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;

pub(super) const OF_1M: Case = Case {
    name: "mach.ool.1m.full",
    about: "a Mach message with 1 MiB out of line, every byte written and read",
    bytes: 1 << 20,
    subject: Subject::paced_round_trip::<Trip<{ 1 << 20 }>>(),
    limit: Some(Subject::paced_round_trip::<Bare<{ 1 << 20 }>>()),
};

pub(super) const OF_64M: Case = Case {
    name: "mach.ool.64m.full",
    about: "a Mach message with 64 MiB out of line, every byte written and read",
    bytes: 64 << 20,
    subject: Subject::paced_round_trip::<Trip<{ 64 << 20 }>>(),
    limit: Some(Subject::paced_round_trip::<Bare<{ 64 << 20 }>>()),
};

struct Trip<const BYTES: usize> {
    ends: Ends,
    piece: Vec<u8>,
}

impl<const BYTES: usize> RoundTrip for Trip<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (ends, descriptors) = Ends::near()?;
        Ok((Self { ends, piece: vec![7; PIECE] }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { ends: Ends::far(descriptors)?, piece: vec![0; PIECE] })
    }

    fn ping(&mut self) -> Result<()> {
        let right = self.ends.right()?;
        let mut loan = borrow(right, BYTES)?;
        for at in (0..BYTES).step_by(PIECE) {
            check(loan.write_at(at, black_box(&self.piece)))?;
        }
        right.request(Outgoing::new(0).lend(loan))?;
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        let mut message = self.ends.receive()?;
        let memory = memory_of(&mut message)?;
        for at in (0..BYTES).step_by(PIECE) {
            check(memory.copy_at(at, &mut self.piece) == PIECE)?;
            black_box(&self.piece);
        }
        drop(memory);
        Ok(message.reply(&[7; 64])?)
    }
}

/// It and what is copied fit into the cache next to the processor; both sizes of memory are multiples of it.
const PIECE: usize = 16 << 10;
