// SPDX-License-Identifier: MIT OR Apache-2.0
//! `lane.rtt`: 64 bytes to and fro over two bare lanes, spinning; the limit is a bare cache line.

use std::os::fd::OwnedFd;

use cabotage::os::raw::Line;

use super::lane_ends::LaneEnds;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "lane.rtt",
    about: "64 bytes to and fro over two bare lanes, spinning",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip>(),
    limit: Some(Subject::round_trip::<Line>()),
};

/// Either end.
pub(super) struct Trip {
    ends: LaneEnds,
    buffer: [u8; BYTES],
}

impl RoundTrip for Trip {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (ends, descriptors) = LaneEnds::near()?;
        Ok((Self { ends, buffer: [7; BYTES] }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { ends: LaneEnds::far(descriptors)?, buffer: [7; BYTES] })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let ends = self.ends.ends()?;
        ends.send(&self.buffer)?;
        ends.receive(&mut self.buffer)
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let ends = self.ends.ends()?;
        ends.receive(&mut self.buffer)?;
        ends.send(&self.buffer)
    }
}

const BYTES: usize = 64;
