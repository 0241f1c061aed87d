// SPDX-License-Identifier: MIT OR Apache-2.0
//! `limit.slots`: a bare ring of 64-byte slots, one way, both ends spinning. No stream of small messages between
//! processors is faster without putting several into one cache line.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::os::raw::{Message, Slots};

use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::stream::{Receiver, Sender};

pub(super) const CASE: Case = Case {
    name: "limit.slots",
    about: "a bare ring of 64-byte slots, one way, spinning",
    bytes: 64,
    subject: Subject::stream::<Slots, Slots>(),
    limit: None,
};

impl Receiver for Slots {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (slots, memory) = Slots::create()?;
        Ok((slots, vec![memory]))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        black_box(Slots::receive(self));
        Ok(())
    }
}

impl Sender for Slots {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [memory] = expect(descriptors)?;
        Ok(Slots::join(memory)?)
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        Slots::send(self, black_box(&MESSAGE));
        Ok(())
    }
}

const MESSAGE: Message = [7; 7];
