// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.stream`: 64 bytes a message, one way to a port with the longest queue. The limit is a bare ring of 64-byte
//! slots.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::mach::{ReceiveRight, SendRight};
use cabotage::os::raw::Slots;

use super::mach_ends;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::stream::{Receiver, Sender};

pub(super) const CASE: Case = Case {
    name: "mach.stream",
    about: "64 bytes a Mach message, one way, with a queue limit of 1024",
    bytes: BYTES,
    subject: Subject::stream::<Taker, Giver>(),
    limit: Some(Subject::stream::<Slots, Slots>()),
};

struct Taker(ReceiveRight);

struct Giver(SendRight);

impl Receiver for Taker {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (port, descriptors) = mach_ends::near()?;
        port.set_queue_limit(QUEUE)?;
        Ok((Self(port), descriptors))
    }

    fn receive(&mut self) -> Result<()> {
        black_box(self.0.receive()?.body());
        Ok(())
    }
}

impl Sender for Giver {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self(mach_ends::far(descriptors)?))
    }

    fn send(&mut self) -> Result<()> {
        Ok(self.0.send(black_box(&[7; BYTES]))?)
    }
}

const QUEUE: u32 = 1024;
const BYTES: usize = 64;
