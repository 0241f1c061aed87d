// SPDX-License-Identifier: MIT OR Apache-2.0
//! `lane.stream`: 64 bytes a message, one way over a bare lane whose receiver never sleeps; the limit is a bare ring
//! of 64-byte slots.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::os::raw::Slots;

use super::lane_ends::LaneEnds;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::stream::{Receiver, Sender};

pub(super) const CASE: Case = Case {
    name: "lane.stream",
    about: "64 bytes a message, one way over a bare lane, without arming",
    bytes: BYTES,
    subject: Subject::stream::<End, End>(),
    limit: Some(Subject::stream::<Slots, Slots>()),
};

/// Either end.
pub(super) struct End {
    ends: LaneEnds,
    buffer: [u8; BYTES],
}

impl Receiver for End {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (ends, descriptors) = LaneEnds::near()?;
        Ok((Self { ends, buffer: [7; BYTES] }, descriptors))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        self.ends.ends()?.receive(&mut self.buffer)?;
        black_box(&self.buffer);
        Ok(())
    }
}

impl Sender for End {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { ends: LaneEnds::far(descriptors)?, buffer: [7; BYTES] })
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        self.ends.ends()?.stream(black_box(&self.buffer))
    }
}

const BYTES: usize = 64;
