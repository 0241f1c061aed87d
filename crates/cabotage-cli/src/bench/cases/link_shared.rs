// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.shared`: what one send through a `Sender` costs, which threads may share and here none does; the limit is a
//! send through a link in one pair of hands.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, Link, Options, Receiver, Sender};

use super::link_ends;
use crate::bench::burst::{Giver, Taker};
use crate::bench::case::{Case, Result, Subject};

pub(super) const CASE: Case = Case {
    name: "link.shared",
    about: "one send of 64 bytes through a sender that threads may share, none contending",
    bytes: BYTES,
    subject: Subject::burst::<Shared, Exclusive>(),
    limit: Some(Subject::burst::<Exclusive, Exclusive>()),
};

struct Shared {
    sender: Sender,
    receiver: Receiver,
    message: [u8; BYTES],
}

impl Giver for Shared {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(Options::new())?;
        let (sender, receiver) = link.split();
        Ok((Self { sender, receiver, message: [7; BYTES] }, descriptors))
    }

    #[inline]
    fn give(&mut self) -> Result<()> {
        Ok(self.sender.send(black_box(&self.message), Deadline::Never)?)
    }

    fn settle(&mut self) -> Result<()> {
        self.receiver.receive(Deadline::Never)?;
        Ok(())
    }
}

struct Exclusive {
    link: Link,
    message: [u8; BYTES],
}

impl Giver for Exclusive {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(Options::new())?;
        Ok((Self { link, message: [7; BYTES] }, descriptors))
    }

    #[inline]
    fn give(&mut self) -> Result<()> {
        Ok(self.link.send(black_box(&self.message), Deadline::Never)?)
    }

    fn settle(&mut self) -> Result<()> {
        self.link.receive(Deadline::Never)?;
        Ok(())
    }
}

impl Taker for Exclusive {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { link: link_ends::far(descriptors, Options::new())?, message: [0; BYTES] })
    }

    #[inline]
    fn take(&mut self) -> Result<()> {
        self.link.receive(Deadline::Never)?.copy_to(black_box(&mut self.message));
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(self.link.send(&self.message, Deadline::Never)?)
    }
}

const BYTES: usize = 64;
