// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.ool`: a message with memory out of line, which is written where it will be read, answered with 64 bytes; the
//! limit is a message of 64 bytes and its answer.
//!
//! The sender writes the memory's first and last line and the receiver reads them, each round anew: what the memory
//! costs beyond a message does not depend on its size.

use std::os::fd::OwnedFd;

use cabotage::mach::{Carried, Deadline, Loan, Memory, Message, Outgoing, ReceiveRight, SendRight};

use super::mach_ends::{self, other_end};
use super::mach_rtt;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::round_trip::RoundTrip;
use crate::exit::{Exit, Failure};

pub(super) const OF_1M: Case = Case {
    name: "mach.ool.1m",
    about: "a Mach message with 1 MiB out of line, its first and last line used, 64 bytes back",
    bytes: 1 << 20,
    subject: Subject::round_trip::<Trip<{ 1 << 20 }>>(),
    limit: Some(Subject::round_trip::<mach_rtt::Ends>()),
};

pub(super) const OF_64M: Case = Case {
    name: "mach.ool.64m",
    about: "a Mach message with 64 MiB out of line, its first and last line used, 64 bytes back",
    bytes: 64 << 20,
    subject: Subject::round_trip::<Trip<{ 64 << 20 }>>(),
    limit: Some(Subject::round_trip::<mach_rtt::Ends>()),
};

/// The two ends of an errand by one port: the asker has a right to it, the answerer receives from it.
pub(super) enum Ends {
    /// Has the other's right from its first message on.
    Asker { port: ReceiveRight, right: Option<SendRight> },
    /// Has the port.
    Answerer { port: ReceiveRight, _asker: SendRight },
}

impl Ends {
    pub(super) fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (port, descriptors) = mach_ends::near()?;
        Ok((Self::Asker { port, right: None }, descriptors))
    }

    pub(super) fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let asker = mach_ends::far(descriptors)?;
        let port = ReceiveRight::new()?;
        mach_ends::introduce(&asker, &port)?;
        Ok(Self::Answerer { port, _asker: asker })
    }

    #[inline]
    pub(super) fn right(&mut self) -> Result<&SendRight> {
        let Self::Asker { port, right } = self else { return Err(other_end()) };
        Ok(match right {
            Some(right) => right,
            None => right.insert(mach_ends::introduced(port)?),
        })
    }

    #[inline]
    pub(super) fn receive(&mut self) -> Result<Message> {
        let Self::Answerer { port, .. } = self else { return Err(other_end()) };
        Ok(port.receive()?)
    }
}

struct Trip<const BYTES: usize> {
    ends: Ends,
    number: u8,
}

impl<const BYTES: usize> RoundTrip for Trip<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (ends, descriptors) = Ends::near()?;
        Ok((Self { ends, number: 0 }, descriptors))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { ends: Ends::far(descriptors)?, number: 0 })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let line = [self.number; LINE];
        let right = self.ends.right()?;
        let mut loan = borrow(right, BYTES)?;
        check(loan.write_at(0, &line) && loan.write_at(BYTES - LINE, &line))?;
        let answer = right.request(Outgoing::new(0).lend(loan))?;
        check(answer.body() == line)
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let (mut first, mut last) = ([0; LINE], [0; LINE]);
        let mut message = self.ends.receive()?;
        let memory = memory_of(&mut message)?;
        check(memory.copy_at(0, &mut first) + memory.copy_at(BYTES - LINE, &mut last) == 2 * LINE)?;
        drop(memory);
        check(first == last)?;
        Ok(message.reply(&first)?)
    }
}

/// Memory of the owner of a port, to be filled.
#[inline]
pub(super) fn borrow(right: &SendRight, bytes: usize) -> Result<Loan> {
    let loan = right.loan(bytes, Deadline::Never)?;
    loan.ok_or_else(|| Failure::new(Exit::Failed, "no memory was to be had"))
}

/// The memory that a message brought.
#[inline]
pub(super) fn memory_of(message: &mut Message) -> Result<Memory> {
    match message.take_carried().pop() {
        Some(Carried::Memory(memory)) => Ok(memory),
        other => Err(Failure::new(Exit::Failed, format!("no memory, but {other:?} came"))),
    }
}

#[inline]
pub(super) fn check(is_of_this_round: bool) -> Result<()> {
    is_of_this_round
        .then_some(())
        .ok_or_else(|| Failure::new(Exit::Failed, "memory held bytes of another round"))
}

const LINE: usize = 64;
