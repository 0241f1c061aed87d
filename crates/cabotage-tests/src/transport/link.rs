// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of a link, however its two ends met.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::{self as link, Link, LinkError, LinkSet, Options, Ready, ReceiveError, SendError};
use cabotage_os::Deadline;

use super::Ability;
use super::end::{End, Parcel, ReceivesLetters, Sends, SplitEnds, Told};

/// The longest message that the suite lets a link take: more than any ring holds, so that blocks are used.
pub(super) const MESSAGE_BYTES_MAX: u32 = 256 << 10;

/// How the suite makes its links.
pub(super) fn options() -> Options {
    Options::new().message_bytes_max(MESSAGE_BYTES_MAX)
}

/// Why a link lacks what it lacks.
pub(super) fn lacks(ability: Ability) -> Option<&'static str> {
    match ability {
        Ability::TakeOverBySender
        | Ability::TakeOverByReceiver
        | Ability::OneSender
        | Ability::OneReceiver => Some("a link ends with either of its ends, and a new one begins"),
        Ability::TellsLoss => Some("a sender waits for a slow receiver"),
        Ability::Place => Some("a pair meets by a descriptor that one hands to the other"),
        _ => None,
    }
}

/// One end of a link.
#[derive(Debug)]
pub(super) struct LinkEnd(pub(super) Link);

impl End for LinkEnd {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send(record, deadline)?)
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

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        let mut letter = link::Parcel::new(&parcel.bytes);
        for bytes in &parcel.blocks {
            let mut block = self.0.block(bytes.len(), deadline)?;
            block.write_at(0, bytes).map_err(|error| Told::Other(error.to_string()))?;
            letter = letter.block(block);
        }
        letter.descriptors = parcel.descriptors;
        Ok(self.0.send_parcel(letter, deadline).map_err(|unsent| unsent.error)?)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        let letter = self.0.receive(deadline)?.into_letter();
        let copy = |block: &link::Block| {
            let mut bytes = vec![0; block.bytes()];
            let copied = block.copy_to(&mut bytes).map_err(|error| Told::Other(error.to_string()))?;
            assert_eq!(copied, bytes.len(), "a block is copied whole");
            Ok(bytes)
        };
        let blocks = letter.blocks.iter().map(copy).collect::<Result<_, Told>>()?;
        Ok(Parcel { bytes: letter.bytes, blocks, descriptors: letter.descriptors })
    }

    fn split(self: Box<Self>) -> Result<SplitEnds, Told> {
        let (sender, receiver) = self.0.split();
        Ok((Box::new(sender), Box::new(receiver)))
    }

    fn join_set(self: Box<Self>, set: &mut LinkSet) -> Result<(), Told> {
        set.insert(self.0).map(drop).map_err(|refused| Told::Other(refused.to_string()))
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

impl Sends for link::Sender {
    fn send(&self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.send(record, deadline)?)
    }
}

impl ReceivesLetters for link::Receiver {
    fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        Ok(self.receive(deadline)?.bytes)
    }
}

impl From<LinkError> for Told {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => Self::Closed,
            LinkError::Died => Self::Died,
            LinkError::Forked => Self::Forked,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<SendError> for Told {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => Self::Full,
            SendError::TooLong { .. } => Self::TooLong,
            SendError::Link(error) => error.into(),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<ReceiveError> for Told {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Nothing => Self::Nothing,
            ReceiveError::Link(error) => error.into(),
            other => Self::Other(other.to_string()),
        }
    }
}
