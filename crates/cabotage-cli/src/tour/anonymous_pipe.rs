// SPDX-License-Identifier: MIT OR Apache-2.0
//! The anonymous pipe: made by the parent before the child, which inherits one end of it.

use std::io::{PipeReader, PipeWriter};

use cabotage::pipe;

use super::journal::Journal;
use super::mechanism::{FarEnd, Invitation, Mechanism, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::stream::Stream;
use crate::exit::Failure;

#[derive(Debug)]
pub(crate) struct AnonymousPipe;

static PAGE: Page = Page {
    name: "anonymous-pipe",
    title: "Anonymous pipe",
    copies: 2,
    answers: Answers {
        way: Way::OneDirection,
        parties: Parties::Related,
        unit: Unit::Bytes,
        lives: "until its last end is closed",
    },
    picture: Picture { object: "pipe", stuff: "64 KiB of the kernel", how: How::Through },
};

impl Mechanism for AnonymousPipe {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let (child_reads, parent_writes) = journal.step("pipe", pipe::anonymous)?;
        let (parent_reads, child_writes) = journal.step("pipe", pipe::anonymous)?;
        Ok(Offer {
            words: Vec::new(),
            descriptors: vec![child_reads.into(), child_writes.into()],
            handles: Vec::new(),
            litter: None,
            connect: Box::new(|_peer, _journal| Ok(Box::new(Stream::over(parent_reads, parent_writes)))),
        })
    }

    fn join(&self, invitation: Invitation, _journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let ends = <[_; 2]>::try_from(invitation.descriptors);
        let [incoming, outgoing] = ends.map_err(|_| Failure::usage("two ends of pipes are needed"))?;
        Ok(Box::new(Stream::over(PipeReader::from(incoming), PipeWriter::from(outgoing))))
    }
}
