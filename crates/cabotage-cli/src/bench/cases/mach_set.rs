// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.set`: a request and its answer to one port of a set of ten thousand, while a thousand rights to others of them
//! lie idle after a first message. The limit is the same with one port and no set.

use std::os::fd::OwnedFd;

use cabotage::mach::{Outgoing, PortSet, ReceiveRight, SendRight};
use cabotage::os::limits;

use super::mach_ends::{self, other_end};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "mach.set",
    about: "a Mach message and its answer by one port of a set of 10000, of 1000 senders one busy",
    bytes: BYTES,
    subject: Subject::round_trip::<Ends<SENDERS, PORTS>>(),
    limit: Some(Subject::round_trip::<Ends<1, 1>>()),
};

/// Either end, where `SENDERS` rights are held to `PORTS` ports.
enum Ends<const SENDERS: usize, const PORTS: usize> {
    Asker {
        port: ReceiveRight,
        /// All senders, once they have come; the busy one is the last.
        rights: Vec<SendRight>,
    },
    Answerer {
        ports: Vec<ReceiveRight>,
        /// If there are several ports.
        set: Option<PortSet>,
        asker: SendRight,
        /// Whether the asker knows the ports.
        known: bool,
    },
}

impl<const SENDERS: usize, const PORTS: usize> RoundTrip for Ends<SENDERS, PORTS> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        limits::raise_descriptors()?;
        let (port, descriptors) = mach_ends::near()?;
        Ok((Self::Asker { port, rights: Vec::new() }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        limits::raise_descriptors()?;
        let asker = mach_ends::far(descriptors)?;
        let mut ports = Vec::with_capacity(PORTS);
        for _ in 0..PORTS {
            ports.push(ReceiveRight::new()?);
        }
        let set = if PORTS > 1 { Some(PortSet::new()?) } else { None };
        for (port, set) in ports.iter().zip(set.iter().cycle()) {
            set.insert(port)?;
        }
        Ok(Self::Answerer { ports, set, asker, known: false })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let Self::Asker { port, rights } = self else { return Err(other_end()) };
        while rights.len() < SENDERS {
            let right = mach_ends::introduced(port)?;
            right.send(Outgoing::new(GREETING).body([7; BYTES]))?;
            rights.push(right);
        }
        if let Some(busy) = rights.last() {
            busy.request(&[7; BYTES])?;
        }
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let Self::Answerer { ports, set, asker, known } = self else { return Err(other_end()) };
        if !*known {
            ports.iter().take(SENDERS).try_for_each(|port| mach_ends::introduce(asker, port))?;
            *known = true;
        }
        loop {
            let mut message = match set {
                Some(set) => set.receive()?,
                None => ports[0].receive()?,
            };
            if message.id() != GREETING {
                return Ok(message.reply(&[7; BYTES])?);
            }
        }
    }
}

/// A debug build, whose figures mean nothing, has fewer, so that tests of all cases don't take long.
const SENDERS: usize = if cfg!(debug_assertions) { 20 } else { 1000 };
const PORTS: usize = 10 * SENDERS;
/// The number of the first message by each right.
const GREETING: i32 = 1;
const BYTES: usize = 64;
