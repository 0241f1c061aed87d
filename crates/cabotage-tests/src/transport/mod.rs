// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the conformance suite asks of a transport. Each transport is an instance in a file of its own; a new one needs
//! that file, a line in [`all`] and a word in `conformance_transports`, and every case runs with it.

mod ability;
mod end;
mod fifo;
mod framed;
mod link;
mod link_name;
mod link_pair;
mod mach;
mod mach_ends;
mod named_pipe;
mod named_pipe_ends;
mod pipe;
mod port;
mod port_ends;
mod port_shared;
mod shm;
mod shm_guarded;
mod shm_trusting;
mod topic;

use crate::scratch::Scratch;
use std::os::fd::OwnedFd;

pub use ability::Ability;
pub use end::{End, Parcel, ReceivesLetters, Sends, SplitEnds, Told};

/// Which end of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that sends.
    Sender,
    /// The one that receives.
    Receiver,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }
}

/// What becomes of a record that is one byte too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oversize {
    /// The sender is refused, and nothing has left.
    IsRefused,
    /// It goes as well: there is no most.
    Goes,
    /// The sender can't know the receiver's limit; the receiver is told that a record was lost.
    IsToldToTheReceiver,
}

/// The sending end and the receiving one.
pub type BothEnds = (Box<dyn End>, Box<dyn End>);

/// Starts the far process, which inherits this descriptor if there is one.
pub type StartFar<'a> = &'a mut dyn FnMut(Option<OwnedFd>);

/// One way of getting records from one process to another.
pub trait Transport: Sync {
    /// Its name, as the tests have it.
    fn title(&self) -> &'static str;

    /// Why it can't do this, if it can't.
    fn lacks(&self, ability: Ability) -> Option<&'static str>;

    /// The longest record, in bytes, with the options that the suite gives it.
    fn record_bytes_max(&self) -> usize;

    /// What becomes of a longer one.
    fn oversize(&self) -> Oversize {
        Oversize::IsRefused
    }

    /// Makes what a process makes once and keeps, before anything is counted.
    fn prepare(&self) {}

    /// Does what is left to do when nobody has an end any more; whether it may take until the peer has done its part.
    fn settle(&self) -> bool {
        false
    }

    /// Opens the near end, in a folder that both processes know, and has the far process started when that can find
    /// what it needs.
    fn open(&self, place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End>;

    /// Opens both ends in this process, the sender first, for tests that need no second one; what fails is told.
    ///
    /// # Errors
    /// What the transport tells.
    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told>;

    /// Opens the far end, in the far process.
    fn join(&self, place: &Scratch, side: Side, inherited: Option<OwnedFd>) -> Box<dyn End>;

    /// Removes what stays at a place by the rules of the transport, after everybody has left or was killed.
    fn clean(&self, _place: &Scratch) {}

    /// Opens an end at a place that somebody else has, or had: for those whose place can be taken over.
    ///
    /// # Errors
    /// [`Told::Taken`] when that somebody lives.
    fn take_over(&self, place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
        Err(Told::Other(format!("{} has no places: {} {side:?}", self.title(), place.folder().display())))
    }
}

/// Every transport there is.
pub fn all() -> [&'static dyn Transport; 22] {
    [
        &link_pair::LinkByPair,
        &link_name::LinkByName::NearPublishes,
        &link_name::LinkByName::FarPublishes,
        &pipe::AnonymousPipe,
        &fifo::Fifo,
        &shm_trusting::ShmTrusting,
        &shm_guarded::ShmGuarded,
        &topic::Topic::Waiting,
        &topic::Topic::Dropping,
        &port::Alpc::NearServes,
        &port::Alpc::FarServes,
        &port::Alpc::Requests,
        &port::Alpc::Shared,
        &named_pipe::NamedPipe::NearServes,
        &named_pipe::NamedPipe::FarServes,
        &named_pipe::NamedPipe::OfBytes,
        &mach::Mach::NearChecksIn,
        &mach::Mach::FarChecksIn,
        &mach::Mach::Inherited,
        &mach::Mach::Moved,
        &mach::Mach::Requests,
        &mach::Mach::Set,
    ]
}

/// The transport with this title.
pub fn by_title(title: &str) -> Option<&'static dyn Transport> {
    all().into_iter().find(|transport| transport.title() == title)
}

/// Hands the titles of all transports to a macro: `conformance_transports!(act)` is `act! { link_by_pair … }`.
#[macro_export]
macro_rules! conformance_transports {
    ($act:ident) => {
        $act! {
            link_by_pair link_by_name link_by_name_of_the_far_one anonymous_pipe fifo shm_trusting shm_guarded topic
            topic_that_drops alpc alpc_of_the_far_one alpc_requests alpc_shared
            named_pipe named_pipe_of_the_far_one named_pipe_of_bytes
            mach mach_of_the_far_one mach_inherited mach_moved mach_requests mach_set
        }
    };
}

/// An error that no case expects, in its own words.
fn other(error: impl std::fmt::Display) -> Told {
    Told::Other(error.to_string())
}
