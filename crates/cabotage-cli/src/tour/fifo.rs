// SPDX-License-Identifier: MIT OR Apache-2.0
//! The FIFO: a pipe with a name in a directory, which both processes open by that name.

use std::path::Path;

use cabotage::pipe::fifo::{self, Fifo, OpenError};

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::{PATIENCE, Peer};
use super::stream::Stream;
use crate::exit::Failure;

#[derive(Debug)]
pub(crate) struct NamedPipe;

static PAGE: Page = Page {
    name: "fifo",
    title: "FIFO (named pipe)",
    copies: 2,
    answers: Answers {
        way: Way::HalfDuplex,
        parties: Parties::Unrelated,
        unit: Unit::Bytes,
        lives: "until removed",
    },
    picture: Picture { object: "a FIFO", stuff: "64 KiB of the kernel", how: How::Through },
};

impl Mechanism for NamedPipe {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let ([there, back], litter) = litter::make_directory(|directory| {
            let [there, back] = ["there", "back"].map(|name| {
                let path = directory.join(name);
                journal.step(format!("mkfifo {}", path.display()), || fifo::create(&path))
            });
            Ok([there?, back?])
        })?;
        Ok(Offer {
            words: [&there, &back].map(|fifo| fifo.path().into()).into(),
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(move |peer, journal| {
                let outgoing =
                    journal.step("open(write) waits", || patiently(&peer, |wait| there.writer(wait)))?;
                let incoming =
                    journal.step("open(read) waits", || patiently(&peer, |wait| back.reader(wait)))?;
                let stream = Stream::over(incoming, outgoing);
                journal.step("write that both are open", || stream.write_all(&OPEN))?;
                Ok(Box::new(stream))
            }),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let (there, back) = (Path::new(invitation.word(0)?), Path::new(invitation.word(1)?));
        let end = open(there, back, &invitation.peer, journal);
        // Also when the parent never came: then nobody else is left to do it.
        journal.step("unlink", || {
            litter::remove_with_directory(there).and_then(|()| litter::remove_with_directory(back))
        })?;
        Ok(Box::new(end?))
    }
}

/// What the parent writes once it has both ends. An open that gave up just as the other process opened its end must
/// find the name again, so the names stay until this has come.
const OPEN: [u8; 1] = [1];

/// In the child: the parent's read end is our write end.
fn open(
    there: &Path,
    back: &Path,
    peer: &Peer,
    journal: &mut Journal,
) -> Result<Stream<fifo::Reader, fifo::Writer>, Failure> {
    let there = Fifo::at(there)?;
    let incoming = journal.step("open(read)", || patiently(peer, |wait| there.reader(wait)))?;
    let back = Fifo::at(back)?;
    let outgoing = journal.step("open(write)", || patiently(peer, |wait| back.writer(wait)))?;
    let stream = Stream::over(incoming, outgoing);
    journal.step("read that both are open", || stream.read_exact(&mut [0; OPEN.len()]))?;
    Ok(stream)
}

/// Opens an end once the other process opens the other; gives up when that process has ended.
fn patiently<T>(peer: &Peer, mut open: impl FnMut(fifo::Peer) -> Result<T, OpenError>) -> Result<T, Failure> {
    loop {
        match open(fifo::Peer::within(PATIENCE)) {
            Err(OpenError::TimedOut { .. }) => peer.check()?,
            answer => return Ok(answer?),
        }
    }
}
