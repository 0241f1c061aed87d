// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of any pipe that carries framed messages.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use cabotage_os::{Deadline, SystemError};
use cabotage_pipe::framed::{Limits, Loss, Reader, ReceiveError, Received, SendError, Writer};
use cabotage_pipe::{ReadEnd, WriteEnd, WriteError};

use super::Ability;
use super::end::{End, Told};

/// The longest message that the suite lets a reader take.
pub(super) const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// Why a pipe lacks what it lacks.
pub(super) fn lacks(ability: Ability) -> Option<&'static str> {
    match ability {
        Ability::TwoWays => Some("a pipe goes one way"),
        Ability::TellsDeath => Some("the kernel tells the end of file, whatever became of the writer"),
        Ability::Descriptors => Some("a pipe carries bytes only"),
        Ability::Blocks => Some("a pipe copies"),
        Ability::Sets => Some("a pipe's end waits in any poller, and needs no set of its own"),
        Ability::RefusesForked => Some("a forked child shares the ends of a pipe: so the textbook uses it"),
        Ability::Threads => Some("each thread has a framed writer of its own, and one reads"),
        Ability::Place => Some("a pipe has no name"),
        Ability::TakeOverBySender | Ability::TakeOverByReceiver => Some("a pipe ends with its last writer"),
        Ability::OneSender | Ability::OneReceiver => Some("a pipe has as many writers as there are holders"),
        Ability::TellsLoss => Some("a writer waits for a slow reader"),
        Ability::Pollable | Ability::TellsSender | Ability::WaitsForTheSlow => None,
    }
}

/// The end that receives.
#[derive(Debug)]
pub(super) struct Receiving<R> {
    reader: Reader<R>,
    /// What a look before a wait has found.
    found: VecDeque<Result<Vec<u8>, Told>>,
}

/// The end that sends.
#[derive(Debug)]
pub(super) struct Sending<W>(Writer<W>);

impl<R: ReadEnd> Receiving<R> {
    pub(super) fn over(end: R) -> Self {
        let limits = Limits { message_bytes_max: MESSAGE_BYTES_MAX, ..Limits::default() };
        Self { reader: Reader::with_limits(end, limits), found: VecDeque::new() }
    }

    fn next(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        loop {
            match self.reader.receive(deadline) {
                Ok(Received::Message(message)) => return Ok(message.body),
                Ok(Received::Lost(lost)) if lost.cause == Loss::TooLong => return Err(Told::TooLong),
                // What its sender was never told to be sent: given up at a deadline, or cut off by its death.
                Ok(Received::Lost(lost)) if matches!(lost.cause, Loss::Abandoned | Loss::WritersGone) => {}
                Ok(Received::Lost(lost)) => return Err(Told::Other(format!("{lost:?}"))),
                Ok(Received::End) => return Err(Told::Closed),
                Err(ReceiveError::TimedOut) => return Err(Told::Nothing),
                Err(other) => return Err(Told::Other(other.to_string())),
            }
        }
    }
}

impl<W: WriteEnd> Sending<W> {
    pub(super) fn over(end: W) -> Result<Self, SystemError> {
        Ok(Self(Writer::new(end)?))
    }
}

impl<R: ReadEnd + std::fmt::Debug + Send> End for Receiving<R> {
    fn send(&mut self, _record: &[u8], _deadline: Deadline) -> Result<(), Told> {
        Err(self.cannot("send from its reading end"))
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        self.found.pop_front().unwrap_or_else(|| self.next(deadline))
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        if self.found.is_empty() {
            match self.next(Deadline::Now) {
                Err(Told::Nothing) => return Ok(true),
                found => self.found.push_back(found),
            }
        }
        Ok(false)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.reader.get_ref().as_fd())
    }

    fn close(self: Box<Self>) {}
}

impl<W: WriteEnd + std::fmt::Debug + Send> End for Sending<W> {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        self.0.send(record, deadline).map_err(|SendError { source, .. }| match source {
            WriteError::Full | WriteError::TimedOut => Told::Full,
            WriteError::Broken => Told::Closed,
            WriteError::System(refusal) => Told::Other(refusal.to_string()),
        })
    }

    fn receive(&mut self, _deadline: Deadline) -> Result<Vec<u8>, Told> {
        Err(self.cannot("receive from its writing end"))
    }

    fn close(self: Box<Self>) {}
}
