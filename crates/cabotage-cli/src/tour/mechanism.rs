// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a mechanism must be able to do to be shown on the tour, and the list of those that are.
//!
//! The tour drives both processes through the same acts: the parent offers the object and the child joins it; the
//! file goes over window by window; then small messages go to and fro. A mechanism fills in the acts.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;

use cabotage::os::spawn::Handle;
use sha2::Sha256;

use super::journal::Journal;
use super::litter::Litter;
use super::page::Page;
use super::peer::Peer;
use super::{
    alpc, anonymous_pipe, fifo, link, mach, mach_ool, mapped_file, named_pipe, posix_shm, producer_consumer,
    windows_anonymous_pipe,
};
use crate::exit::Failure;

/// The mechanisms, in the order of the tour. A new one is a module and a line here.
pub(crate) const ALL: &[&dyn Mechanism] = &[
    &posix_shm::PosixShm,
    &producer_consumer::ProducerConsumer,
    &mapped_file::MappedFileMap,
    &anonymous_pipe::AnonymousPipe,
    &windows_anonymous_pipe::WindowsAnonymousPipe,
    &fifo::NamedPipe,
    &named_pipe::OF_BYTES,
    &named_pipe::OF_MESSAGES,
    &link::LinkOfTwo,
    &mach::MachPort,
    &mach_ool::MachOutOfLine,
    &alpc::Alpc::Inline,
    &alpc::Alpc::Section,
    &alpc::Alpc::Direct,
];

/// What they are called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|mechanism| mechanism.page().name)
}

/// The mechanism of this name.
pub(crate) fn find(name: &str) -> Result<&'static dyn Mechanism, Failure> {
    let found = ALL.iter().copied().find(|mechanism| mechanism.page().name == name);
    found.ok_or_else(|| Failure::usage(format!("no mechanism is called {name}")))
}

/// A way for bytes from one process to another.
pub(crate) trait Mechanism: Sync {
    /// What the textbook says about it.
    fn page(&self) -> &'static Page;

    /// In the parent, before there is a child: makes the object, with room for `window_bytes`.
    fn offer(&self, window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure>;

    /// In the child: takes its end of what the parent offered, and removes the name if there is one.
    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure>;
}

/// What the parent made for the child.
pub(crate) struct Offer {
    /// What the child must know: names and sizes.
    pub(crate) words: Vec<OsString>,
    /// What the child must have: it finds exactly these descriptors.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// What the child inherits by its mark, besides; it knows the numbers from the words.
    pub(crate) handles: Vec<Handle>,
    /// What would be left behind if nobody removed it; kept until the child has joined.
    pub(crate) litter: Option<Litter>,
    /// Completes the parent's end once the child runs.
    pub(crate) connect: Box<Connect>,
}

/// See [`Offer::connect`].
pub(crate) type Connect = dyn FnOnce(Peer, &mut Journal) -> Result<Box<dyn NearEnd>, Failure>;

/// What the child got from the parent's [`Offer`].
pub(crate) struct Invitation {
    pub(crate) words: Vec<OsString>,
    pub(crate) descriptors: Vec<OwnedFd>,
    pub(crate) peer: Peer,
}

/// A small message of the round trips.
pub(crate) type Message = [u8; 64];

/// The parent's end.
pub(crate) trait NearEnd {
    /// Reads up to `bytes` bytes of the file to where this end sends from; answers how many, fewer only at its end.
    fn fill(&mut self, file: &File, bytes: usize, journal: &mut Journal) -> Result<usize, Failure>;

    /// Takes what was filled into the digest.
    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure>;

    /// Gives the child what was filled.
    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure>;

    /// Sends a message and waits for the answer, which takes its place.
    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure>;

    /// Closes the end, where that is a step of its own.
    fn close(self: Box<Self>, _journal: &mut Journal) {}
}

/// The child's end.
pub(crate) trait FarEnd {
    /// Waits for as many bytes as fit into `target` and takes them.
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure>;

    /// The end as one that need not copy what it takes, where it is one.
    fn in_place(&mut self) -> Option<&mut dyn InPlace> {
        None
    }

    /// Waits for a message.
    fn receive(&mut self, message: &mut Message) -> Result<(), Failure>;

    /// Answers it.
    fn reply(&mut self, message: &Message) -> Result<(), Failure>;

    /// Learns that the parent has closed its end, where that is a step of its own.
    fn see_it_closed(&mut self, _journal: &mut Journal) -> Result<(), Failure> {
        Ok(())
    }
}

/// An end that reads the bytes where they came.
pub(crate) trait InPlace {
    /// Waits for as many bytes, and reads each where it lies.
    fn read(&mut self, bytes: usize, journal: &mut Journal) -> Result<(), Failure>;

    /// Takes them into the digest, and lets go of them.
    fn digest(&mut self, digest: &mut Sha256);
}

impl Invitation {
    /// The word at this place.
    pub(crate) fn word(&self, at: usize) -> Result<&OsStr, Failure> {
        let missing = || Failure::usage("the tour's child is started by the tour: try `cabotage tour`");
        self.words.get(at).map(OsString::as_os_str).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mechanism_has_a_name_of_its_own() {
        let mut names: Vec<_> = names().collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
