// SPDX-License-Identifier: MIT OR Apache-2.0
//! One end of any transport, in the words that all of them share, and what an end tells when a call does not succeed.

use std::fmt::Debug;
use std::os::fd::{BorrowedFd, OwnedFd};

use cabotage_link::LinkSet;
use cabotage_os::Deadline;

/// One end, for one thread at a time.
///
/// What only some transports can do is answered with [`Told::Other`] by default: a case asks for the ability first.
pub trait End: Debug + Send {
    /// Sends a record, waiting for room at most until `deadline`.
    ///
    /// # Errors
    /// What the transport tells; the record was not sent.
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told>;

    /// Receives a record, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// What the transport tells; no record was received.
    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told>;

    /// Looks for a record; when there is none, sees to it that the descriptor becomes readable with the next one.
    /// Answers whether to wait.
    ///
    /// # Errors
    /// What the transport tells.
    fn must_wait(&mut self) -> Result<bool, Told> {
        Err(self.cannot("be waited on"))
    }

    /// The descriptor to wait on after [`End::must_wait`].
    ///
    /// # Errors
    /// There is none.
    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Err(self.cannot("be waited on"))
    }

    /// Sends a record with what goes beside it.
    ///
    /// # Errors
    /// As [`End::send`].
    fn send_parcel(&mut self, parcel: Parcel, _deadline: Deadline) -> Result<(), Told> {
        Err(self.cannot(&format!("send {parcel:?}")))
    }

    /// Receives a record with what goes beside it.
    ///
    /// # Errors
    /// As [`End::receive`].
    fn receive_parcel(&mut self, _deadline: Deadline) -> Result<Parcel, Told> {
        Err(self.cannot("receive parcels"))
    }

    /// Both halves of this end, for many threads each.
    ///
    /// # Errors
    /// The transport has no such halves.
    fn split(self: Box<Self>) -> Result<SplitEnds, Told> {
        Err(self.cannot("be split"))
    }

    /// Waits until another process has taken the place of a peer that was killed.
    ///
    /// # Errors
    /// None came until the deadline.
    fn wait_for_successor(&mut self, _deadline: Deadline) -> Result<(), Told> {
        Ok(())
    }

    /// Does what this end owes to others while its user waits for something else: see who has come, for example.
    fn tend(&mut self) {}

    /// Waits until the peer has taken everything, where that can be known.
    ///
    /// # Errors
    /// It has not until the deadline.
    fn settle(&mut self, _deadline: Deadline) -> Result<(), Told> {
        Ok(())
    }

    /// Puts this end into a set.
    ///
    /// # Errors
    /// The transport has no sets.
    fn join_set(self: Box<Self>, _set: &mut LinkSet) -> Result<(), Told> {
        Err(self.cannot("join a set"))
    }

    /// Closes the end, in words rather than by dropping.
    fn close(self: Box<Self>);

    /// What is told of an ability that is not there.
    fn cannot(&self, what: &str) -> Told {
        Told::Other(format!("this transport cannot {what}"))
    }
}

/// A record with what goes beside it.
#[derive(Debug, Default)]
pub struct Parcel {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What the blocks hold.
    pub blocks: Vec<Vec<u8>>,
    /// The descriptors.
    pub descriptors: Vec<OwnedFd>,
}

/// Both halves of an end.
pub type SplitEnds = (Box<dyn Sends>, Box<dyn ReceivesLetters>);

/// A sending half that threads share.
pub trait Sends: Debug + Send + Sync {
    /// As [`End::send`].
    ///
    /// # Errors
    /// As [`End::send`].
    fn send(&self, record: &[u8], deadline: Deadline) -> Result<(), Told>;
}

/// A receiving half that threads share: each record goes to one of them.
pub trait ReceivesLetters: Debug + Send + Sync {
    /// As [`End::receive`].
    ///
    /// # Errors
    /// As [`End::receive`].
    fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, Told>;
}

/// Why a call did not succeed, in the words that all transports share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// No record came until the deadline.
    Nothing,
    /// There was no room until the deadline.
    Full,
    /// The record is too long: refused to its sender, or lost on its way.
    TooLong,
    /// So many records were lost before the next one, because this end was slow.
    Lost(u64),
    /// The peer has closed; everything it sent was received.
    Closed,
    /// The peer was killed; everything it sent was received.
    Died,
    /// The end belongs to the parent process.
    Forked,
    /// Somebody alive has the place; who.
    Taken(String),
    /// Anything else, which no case expects.
    Other(String),
}

impl Told {
    /// Whether it says that the peer is gone, either way.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Closed | Self::Died)
    }
}
