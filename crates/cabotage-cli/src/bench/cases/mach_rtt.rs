// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.rtt`: a message of 64 bytes with a send-once right to answer by, sent and the answer received in one call. The
//! limit is a bare cache line.

use std::os::fd::OwnedFd;

use cabotage::mach::{ReceiveRight, SendRight};
use cabotage::os::raw::Line;

use super::mach_ends::{self, other_end};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "mach.rtt",
    about: "a Mach message of 64 bytes with a send-once right, and its answer",
    bytes: BYTES,
    subject: Subject::round_trip::<Ends>(),
    limit: Some(Subject::round_trip::<Line>()),
};

/// Either end.
pub(super) enum Ends {
    /// Has the other's right from its first message on.
    Asker { port: ReceiveRight, right: Option<SendRight> },
    /// Has the port.
    Answerer { port: ReceiveRight, _asker: SendRight },
}

impl RoundTrip for Ends {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (port, descriptors) = mach_ends::near()?;
        Ok((Self::Asker { port, right: None }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let asker = mach_ends::far(descriptors)?;
        let port = ReceiveRight::new()?;
        mach_ends::introduce(&asker, &port)?;
        Ok(Self::Answerer { port, _asker: asker })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let Self::Asker { port, right } = self else { return Err(other_end()) };
        let right = match right {
            Some(right) => right,
            None => right.insert(mach_ends::introduced(port)?),
        };
        right.request(&[7; BYTES])?;
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let Self::Answerer { port, .. } = self else { return Err(other_end()) };
        Ok(port.receive()?.reply(&[7; BYTES])?)
    }
}

const BYTES: usize = 64;
