// SPDX-License-Identifier: MIT OR Apache-2.0
//! `limit.line`: one cache line to and fro, both ends spinning. No round trip between processors is shorter.

use std::os::fd::OwnedFd;

use cabotage::os::raw::Line;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "limit.line",
    about: "a cache line to and fro between two processors, spinning",
    bytes: 8,
    subject: Subject::round_trip::<Line>(),
    limit: None,
};

impl RoundTrip for Line {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (line, memory) = Line::create()?;
        Ok((line, vec![memory]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [memory] = expect(descriptors)?;
        Ok(Line::join(memory)?)
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        Line::ping(self);
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        Line::pong(self);
        Ok(())
    }
}
