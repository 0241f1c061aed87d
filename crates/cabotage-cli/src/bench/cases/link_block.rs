// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.block`: a block goes forward over a link, 64 bytes come back; the limit is 64 bytes to and fro over a link.
//!
//! The sender writes the block's first and last line and the receiver reads them, each round anew: what a block
//! costs beyond a message does not depend on its size.

use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, Link, Options, Parcel};

use super::link_ends;
use super::link_rtt::{self, Adaptive};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;
use crate::exit::{Exit, Failure};

pub(super) const OF_1M: Case = Case {
    name: "link.block.1m",
    about: "a block of 1 MiB forward over a link, its first and last line used, 64 bytes back",
    bytes: 1 << 20,
    subject: Subject::round_trip::<Trip<{ 1 << 20 }>>(),
    limit: Some(Subject::round_trip::<link_rtt::Trip<Adaptive>>()),
};

pub(super) const OF_64M: Case = Case {
    name: "link.block.64m",
    about: "a block of 64 MiB forward over a link, its first and last line used, 64 bytes back",
    bytes: 64 << 20,
    subject: Subject::round_trip::<Trip<{ 64 << 20 }>>(),
    limit: Some(Subject::round_trip::<link_rtt::Trip<Adaptive>>()),
};

struct Trip<const BYTES: usize> {
    link: Link,
    number: u8,
}

impl<const BYTES: usize> RoundTrip for Trip<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(Options::new())?;
        Ok((Self { link, number: 0 }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { link: link_ends::far(descriptors, Options::new())?, number: 0 })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let mut line = [self.number; LINE];
        let mut block = self.link.block(BYTES, Deadline::Never)?;
        block.write_at(0, &line)?;
        block.write_at(BYTES - LINE, &line)?;
        let parcel = Parcel::new(&[]).block(block);
        self.link.send_parcel(parcel, Deadline::Never).map_err(|unsent| unsent.error)?;
        self.link.receive(Deadline::Never)?.copy_to(&mut line);
        check(line == [self.number; LINE])
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let (mut first, mut last) = ([0; LINE], [0; LINE]);
        let block = self.link.receive(Deadline::Never)?.take_block().ok_or_else(lost)?;
        block.copy_at(0, &mut first)?;
        block.copy_at(BYTES - LINE, &mut last)?;
        drop(block);
        check(first == last)?;
        Ok(self.link.send(&first, Deadline::Never)?)
    }
}

/// A message came without its block.
pub(super) fn lost() -> Failure {
    Failure::new(Exit::Failed, "a message came without its block")
}

#[inline]
fn check(is_of_this_round: bool) -> Result<()> {
    is_of_this_round
        .then_some(())
        .ok_or_else(|| Failure::new(Exit::Failed, "a block held bytes of another round"))
}

const LINE: usize = 64;
