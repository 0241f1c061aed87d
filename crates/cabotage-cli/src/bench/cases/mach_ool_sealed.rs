// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.ool.sealed`: a message with immutable memory out of line, every byte of it written and read; the limit is the
//! same by hand: a fresh memory object, written, sealed, handed over, mapped and read.
//!
//! `mach.ool.place` is filled in place instead of by writes through the kernel, and held against the same.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::mach::{Outgoing, Region, SealedPart};
use cabotage::os::sealed::Draft;

use super::alpc_section::{ByHand, PIECE, SECURE_BYTES as BYTES, sum_of};
use super::mach_ool::{Ends, check, memory_of};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;
use crate::exit::Failure;

pub(super) const WRITTEN: Case = Case {
    name: "mach.ool.sealed",
    about: "a Mach message with 1 MiB of immutable memory, every byte written and read, 64 bytes back",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Written>>(),
    limit: Some(Subject::round_trip::<ByHand>()),
};

pub(super) const IN_PLACE: Case = Case {
    name: "mach.ool.place",
    about: "the same, filled in place",
    subject: Subject::round_trip::<Trip<InPlace>>(),
    ..WRITTEN
};

/// How the memory is made.
trait Make: 'static {
    fn of(piece: &[u8]) -> Result<SealedPart>;
}

struct Written;

struct InPlace;

impl Make for Written {
    fn of(piece: &[u8]) -> Result<SealedPart> {
        let mut draft = Draft::create("cabotage-bench", BYTES as u64)?;
        for at in (0..BYTES).step_by(PIECE) {
            draft.write_at(at as u64, black_box(piece))?;
        }
        Ok(draft.freeze(BYTES)?)
    }
}

impl Make for InPlace {
    fn of(piece: &[u8]) -> Result<SealedPart> {
        let mut region = Region::create("cabotage-bench", BYTES)?;
        for place in region.chunks_mut(PIECE) {
            place.copy_from_slice(black_box(piece));
        }
        region.seal().map_err(|refused| Failure::from(refused.error))
    }
}

struct Trip<M> {
    ends: Ends,
    number: u8,
    how: std::marker::PhantomData<M>,
}

impl<M> Trip<M> {
    fn of(ends: Ends) -> Self {
        Self { ends, number: 0, how: std::marker::PhantomData }
    }
}

impl<M: Make> RoundTrip for Trip<M> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (ends, descriptors) = Ends::near()?;
        Ok((Self::of(ends), descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self::of(Ends::far(descriptors)?))
    }

    fn ping(&mut self) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let sealed = M::of(&[self.number; PIECE])?;
        let answer = self.ends.right()?.request(Outgoing::new(0).memory(sealed))?;
        check(answer.body() == [self.number; LINE])
    }

    fn pong(&mut self) -> Result<()> {
        let mut message = self.ends.receive()?;
        let memory = memory_of(&mut message)?.into_immutable();
        let sum = sum_of(&memory.map_err(|refused| Failure::from(refused.error))?);
        Ok(message.reply(&[sum; LINE])?)
    }
}

const LINE: usize = 64;
