// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.stream`: 64 bytes a message, one way over a link; the limit is a bare ring of 64-byte slots. Once with
//! membarrier, where the side that goes to sleep pays for both, and once with a fence at each message.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, Link, Options};
use cabotage::os::raw::Slots;

use super::link_ends;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::stream::{Receiver, Sender};

pub(super) const CASE: Case = Case {
    name: "link.stream",
    about: "64 bytes a message, one way over a link, with membarrier",
    bytes: BYTES,
    subject: Subject::stream::<End<true>, End<true>>(),
    limit: Some(Subject::stream::<Slots, Slots>()),
};

pub(super) const FENCED: Case = Case {
    name: "link.stream.fenced",
    about: "64 bytes a message, one way over a link, without membarrier",
    bytes: BYTES,
    subject: Subject::stream::<End<false>, End<false>>(),
    limit: Some(Subject::stream::<Slots, Slots>()),
};

pub(super) struct End<const MEMBARRIER: bool> {
    link: Link,
    buffer: [u8; BYTES],
}

fn options(membarrier: bool) -> Options {
    if membarrier { Options::new() } else { Options::new().without_membarrier() }
}

impl<const MEMBARRIER: bool> Receiver for End<MEMBARRIER> {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(options(MEMBARRIER))?;
        Ok((Self { link, buffer: [7; BYTES] }, descriptors))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        self.link.receive(Deadline::Never)?.copy_to(&mut self.buffer);
        black_box(&self.buffer);
        Ok(())
    }
}

impl<const MEMBARRIER: bool> Sender for End<MEMBARRIER> {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let link = link_ends::far(descriptors, options(MEMBARRIER))?;
        Ok(Self { link, buffer: [7; BYTES] })
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        Ok(self.link.send(black_box(&self.buffer), Deadline::Never)?)
    }
}

const BYTES: usize = 64;
