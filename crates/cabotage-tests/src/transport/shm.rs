// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel over shared memory, of either form: a producer and a consumer that meet by a name.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_lane::ring;
use cabotage_link::Ready;
use cabotage_os::Deadline;
use cabotage_shm::{ChannelError, Consumer, Producer, ReceiveError, SendError};

use super::end::{End, Told};
use super::{Ability, other};
use crate::suite::shortly;

/// The ring that the suite's channels have.
pub(super) const CAPACITY_BYTES: usize = 64 << 10;

/// The longest record that such a ring carries.
pub(super) fn record_bytes_max() -> usize {
    ring::record_bytes_max(CAPACITY_BYTES as u64 / 8) as usize
}

/// Why a channel lacks what it lacks.
pub(super) fn lacks(ability: Ability) -> Option<&'static str> {
    match ability {
        Ability::TwoWays => Some("a channel goes from its producer to its consumer"),
        Ability::Descriptors => Some("a channel carries bytes"),
        Ability::Blocks => Some("a record lies in the ring, where it is written and read in place"),
        Ability::Sets => Some("a consumer waits in any poller, and needs no set of its own"),
        Ability::TellsLoss => Some("the sender waits for the slow"),
        Ability::Threads => Some("there is one producer and one consumer at a time"),
        _ => None,
    }
}

/// The end that sends.
#[derive(Debug)]
pub(super) struct Producing(pub(super) Producer);

/// The end that receives.
#[derive(Debug)]
pub(super) struct Consuming(pub(super) Consumer);

impl End for Producing {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send(record, deadline)?)
    }

    fn receive(&mut self, _deadline: Deadline) -> Result<Vec<u8>, Told> {
        Err(self.cannot("receive as its producer"))
    }

    fn wait_for_successor(&mut self, deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.wait_for_consumer(deadline)?)
    }

    fn tend(&mut self) {
        // A producer sees in its own calls who has come.
        let _ = self.0.wait_until_consumed(shortly());
    }

    fn settle(&mut self, deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.wait_until_consumed(deadline)?)
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

impl End for Consuming {
    fn send(&mut self, _record: &[u8], _deadline: Deadline) -> Result<(), Told> {
        Err(self.cannot("send as its consumer"))
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        Ok(self.0.receive(deadline)?.to_vec())
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        Ok(self.0.ready()? == Ready::Armed)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.0.as_fd())
    }

    fn wait_for_successor(&mut self, deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.wait_for_producer(deadline)?)
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

impl From<ChannelError> for Told {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Occupied { holder, .. } => Self::Taken(holder.to_string()),
            error => other(error),
        }
    }
}

impl From<SendError> for Told {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => Self::Full,
            SendError::TooLong { .. } => Self::TooLong,
            SendError::Closed => Self::Closed,
            SendError::Died => Self::Died,
            SendError::Forked => Self::Forked,
            error => other(error),
        }
    }
}

impl From<ReceiveError> for Told {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Nothing => Self::Nothing,
            ReceiveError::Closed => Self::Closed,
            ReceiveError::Died => Self::Died,
            ReceiveError::Forked => Self::Forked,
            error => other(error),
        }
    }
}
