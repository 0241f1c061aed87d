// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.rtt`: 64 bytes to and fro over a link, in each way of waiting. The limit is a bare cache line where the ends
//! look, a pair of sockets where they sleep.

use std::os::fd::OwnedFd;

use cabotage::link::{Link, Options, Wait};
use cabotage::os::raw::Line;

use super::limit_socket::Socket;
use super::link_ends;
use super::raw_ends::RawTrip;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;

pub(super) const SPIN: Case = Case {
    name: "link.rtt.spin",
    about: "64 bytes to and fro over a link, never sleeping",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Spin>>(),
    limit: Some(Subject::round_trip::<Line>()),
};

pub(super) const ADAPTIVE: Case = Case {
    name: "link.rtt",
    about: "64 bytes to and fro over a link, looking for a while before sleeping",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Adaptive>>(),
    limit: Some(Subject::round_trip::<Line>()),
};

pub(super) const BLOCK: Case = Case {
    name: "link.rtt.block",
    about: "64 bytes to and fro over a link, always sleeping",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Block>>(),
    limit: Some(Subject::round_trip::<RawTrip<Socket, BYTES>>()),
};

/// A way of waiting.
pub(super) trait Way: 'static {
    const WAIT: Wait;
}

struct Spin;
/// The way of every link that is not told otherwise.
pub(super) struct Adaptive;
struct Block;

impl Way for Spin {
    const WAIT: Wait = Wait::Spin;
}

impl Way for Adaptive {
    const WAIT: Wait = Wait::Adaptive;
}

impl Way for Block {
    const WAIT: Wait = Wait::Block;
}

/// Either end.
pub(super) struct Trip<W> {
    link: Link,
    buffer: [u8; BYTES],
    way: std::marker::PhantomData<W>,
}

impl<W> Trip<W> {
    fn new(link: Link) -> Self {
        Self { link, buffer: [7; BYTES], way: std::marker::PhantomData }
    }
}

impl<W: Way> RoundTrip for Trip<W> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (link, descriptors) = link_ends::near(Options::new().wait(W::WAIT))?;
        Ok((Self::new(link), descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self::new(link_ends::far(descriptors, Options::new().wait(W::WAIT))?))
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        link_ends::call(&mut self.link, &mut self.buffer)
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        link_ends::answer(&mut self.link, &mut self.buffer)
    }
}

const BYTES: usize = 64;
