// SPDX-License-Identifier: MIT OR Apache-2.0
//! The anonymous pipe as Windows has it: two handles, of which the child inherits one by its mark and a list.
//!
//! No deadline is needed: when the other process ends, reading and writing find a broken pipe.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::RawFd;

use cabotage::Deadline;
use cabotage::os::spawn::Handle;
use cabotage::pipe::windows::{self, Inherit, ReadError, ReadHandle, WriteHandle};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::gone;
use super::window::Window;
use crate::exit::{Exit, Failure};

#[derive(Debug)]
pub(crate) struct WindowsAnonymousPipe;

static PAGE: Page = Page {
    name: "windows-anonymous-pipe",
    title: "Windows anonymous pipe",
    copies: 2,
    answers: Answers {
        way: Way::OneDirection,
        parties: Parties::Related,
        unit: Unit::Bytes,
        lives: "until the last handle to it is closed",
    },
    picture: Picture { object: "pipe", stuff: "64 KiB of the kernel", how: How::Through },
};

/// What the pipes are made with, and how much one write puts in and one read takes out.
const SIZE_BYTES: usize = 64 * 1024;

impl Mechanism for WindowsAnonymousPipe {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let (child_reads, parent_writes) = journal.step("CreatePipe", || windows::create_pipe(SIZE_BYTES))?;
        let (parent_reads, child_writes) = journal.step("CreatePipe", || windows::create_pipe(SIZE_BYTES))?;
        journal.step("mark the child's handles inheritable", || {
            child_reads.set_inherit(Inherit::Yes);
            child_writes.set_inherit(Inherit::Yes);
        });
        let numbers = [child_reads.number(), child_writes.number()];
        Ok(Offer {
            words: numbers.map(|number| number.to_string().into()).into(),
            descriptors: Vec::new(),
            handles: vec![Handle::from(child_reads), Handle::from(child_writes)],
            litter: None,
            connect: Box::new(|_peer, _journal| Ok(Box::new(Ends::of(parent_reads, parent_writes)))),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let numbers = (number(invitation.word(0)?)?, number(invitation.word(1)?)?);
        journal.step("take the inherited handles", || -> Result<Box<dyn FarEnd>, Failure> {
            Ok(Box::new(Ends::of(ReadHandle::inherited(numbers.0)?, WriteHandle::inherited(numbers.1)?)))
        })
    }
}

fn number(word: &OsStr) -> Result<RawFd, Failure> {
    let number = word.to_str().and_then(|word| word.parse().ok());
    number.ok_or_else(|| Failure::usage("the number of an inherited handle is needed"))
}

/// Either process: it reads from the one pipe and writes to the other.
struct Ends {
    reads: ReadHandle,
    writes: WriteHandle,
    window: Window,
}

impl Ends {
    fn of(reads: ReadHandle, writes: WriteHandle) -> Self {
        Self { reads, writes, window: Window::default() }
    }

    /// Waits until the target is full.
    fn read_exact(&self, mut target: &mut [u8]) -> Result<(), Failure> {
        while !target.is_empty() {
            let bytes = self.reads.read(target, Deadline::Never).map_err(broken)?;
            target = &mut target[bytes..];
        }
        Ok(())
    }

    fn write_all(&self, source: &[u8]) -> Result<(), Failure> {
        self.writes.write(source, Deadline::Never).map_err(broken)
    }
}

/// A pipe that breaks early tells that the other process has ended.
fn broken(error: impl Error + 'static) -> Failure {
    match Failure::from(error) {
        failure if failure.exit() == Exit::PeerGone => gone(),
        failure => failure,
    }
}

impl NearEnd for Ends {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        let mut pieces = self.window.chunks(SIZE_BYTES);
        journal.step("WriteFile", || pieces.try_for_each(|piece| self.write_all(piece)))
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.write_all(message)?;
        self.read_exact(message)
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        journal.step("CloseHandle", || drop(self.writes));
    }
}

impl FarEnd for Ends {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        let mut pieces = target.chunks_mut(SIZE_BYTES);
        journal.step("ReadFile", || pieces.try_for_each(|piece| self.read_exact(piece)))
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.read_exact(message)
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.write_all(message)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        match journal.step("find the pipe broken", || self.reads.read(&mut [0], Deadline::Never)) {
            Err(ReadError::Broken) => Ok(()),
            Err(other) => Err(other.into()),
            Ok(_) => Err(Failure::new(Exit::Failed, "a byte came after the last one")),
        }
    }
}
