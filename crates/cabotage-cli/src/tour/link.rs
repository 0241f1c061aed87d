// SPDX-License-Identifier: MIT OR Apache-2.0
//! The link: two ends joined by a socket, each with memory that only it can write and the other only reads.
//!
//! The file goes in blocks: the parent has the kernel read it straight into memory that the child has mapped, and
//! sends a message that names the block; the child copies out and gives the block back, to be filled again. No
//! deadline is needed: when the other process ends, the socket hangs up and the link says so.

use std::error::Error;
use std::fs::File;
use std::sync::Arc;

use cabotage::Deadline;
use cabotage::link::{BlockMut, End, Link, LinkError, Options, Parcel, ReceiveError};
use cabotage::os::map::{MapError, MapMut};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::gone;
use super::trips;
use crate::exit::{Exit, Failure};

#[derive(Debug)]
pub(crate) struct LinkOfTwo;

static PAGE: Page = Page {
    name: "link",
    title: "Link (messages between two outboxes)",
    copies: 1,
    answers: Answers {
        way: Way::FullDuplex,
        parties: Parties::Unrelated,
        unit: Unit::Messages,
        lives: "until an end is closed",
    },
    picture: Picture { object: "the parent's outbox", stuff: "ring and blocks", how: How::Outboxes },
};

/// The bytes of a block.
const BLOCK_BYTES: usize = 1 << 20;

impl Mechanism for LinkOfTwo {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let (link, end) = journal.step("make a pair of ends", || Link::pair(Options::new()))?;
        let end = end.into_fd().ok_or(LinkError::Forked)?;
        Ok(Offer {
            words: Vec::new(),
            descriptors: vec![end],
            handles: Vec::new(),
            litter: None,
            connect: Box::new(|_peer, journal| Ok(Box::new(Near::meet(link, journal)?))),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let ends = <[_; 1]>::try_from(invitation.descriptors);
        let [end] = ends.map_err(|_| Failure::usage("one end of a link is needed"))?;
        let link = journal.step("take the end", || -> Result<_, Failure> {
            Ok(End::received(end)?.link(Options::new())?)
        })?;
        Ok(Box::new(Far::meet(link, journal)?))
    }
}

/// The parent's end.
struct Near {
    link: Link,
    /// Filled, and not yet handed over.
    blocks: Vec<BlockMut>,
    /// The memory of what was filled last, with the bytes in each: it stays ours to read.
    filled: Vec<(Arc<MapMut>, usize)>,
}

/// The child's end.
struct Far(Link);

impl Near {
    /// A message and its answer go with the HELLOs, before there is any memory; the first block brings that.
    fn meet(mut link: Link, journal: &mut Journal) -> Result<Self, Failure> {
        let greeting = trips::blank();
        journal.step("say HELLO and a message", || link.send(&greeting, Deadline::Never)).map_err(ended)?;
        journal.step("hear HELLO and the answer", || receive(&mut link))?;
        Ok(Self { link, blocks: Vec::new(), filled: Vec::new() })
    }
}

impl Far {
    fn meet(mut link: Link, journal: &mut Journal) -> Result<Self, Failure> {
        journal.step("hear HELLO, answer beside ours", || -> Result<(), Failure> {
            let greeting = receive(&mut link)?;
            link.send(&greeting, Deadline::Never).map_err(ended)
        })?;
        Ok(Self(link))
    }
}

impl NearEnd for Near {
    fn fill(&mut self, file: &File, bytes: usize, journal: &mut Journal) -> Result<usize, Failure> {
        self.filled.clear();
        let mut done = 0;
        while done < bytes {
            let wanted = BLOCK_BYTES.min(bytes - done);
            let taken = journal.step("take a block", || self.link.block(wanted, Deadline::Never));
            let mut block = taken.map_err(ended)?;
            let got = journal.step("fill it from the file", || fill(&mut block, file))?;
            if got == 0 {
                break;
            }
            block.truncate(got);
            self.filled.push((Arc::clone(block.memory()), got));
            self.blocks.push(block);
            done += got;
        }
        Ok(done)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        let mut piece = [0; 16 * 1024];
        for (memory, bytes) in &self.filled {
            for at in (0..*bytes).step_by(piece.len()) {
                let piece_bytes = piece.len().min(bytes - at);
                let piece = &mut piece[..piece_bytes];
                memory.copy_to(at, piece)?;
                digest.update(piece);
            }
        }
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        for block in self.blocks.drain(..) {
            let parcel = Parcel::new(b"").block(block);
            let sent = journal.step("send the block", || self.link.send_parcel(parcel, Deadline::Never));
            sent.map_err(|unsent| ended(unsent.error))?;
        }
        Ok(())
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.link.send(message, Deadline::Never).map_err(ended)?;
        *message = receive(&mut self.link)?;
        Ok(())
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        let Self { link, .. } = *self;
        journal.step("say BYE", || link.close());
    }
}

impl FarEnd for Far {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        for piece in target.chunks_mut(BLOCK_BYTES) {
            let received = journal.step("receive a block", || self.0.receive(Deadline::Never));
            let mut message = received.map_err(ended)?;
            let block = message.take_block().filter(|block| block.bytes() == piece.len());
            let block = block.ok_or_else(|| Failure::new(Exit::Failed, "a block of the wrong size came"))?;
            journal.step("copy out", || block.copy_to(piece))?;
            journal.step("give it back", || drop((block, message)));
        }
        Ok(())
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        *message = receive(&mut self.0)?;
        Ok(())
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.0.send(message, Deadline::Never).map_err(ended)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        match journal.step("hear BYE", || self.0.receive(Deadline::Never).map(drop)) {
            Err(ReceiveError::Link(LinkError::Closed)) => Ok(()),
            Err(error) => Err(ended(error)),
            Ok(()) => Err(Failure::new(Exit::Failed, "a message came after the last one")),
        }
    }
}

/// One small message.
fn receive(link: &mut Link) -> Result<Message, Failure> {
    let mut message = trips::blank();
    link.receive(Deadline::Never).map_err(ended)?.copy_to(&mut message);
    Ok(message)
}

/// Fills the block from the file; less only at the file's end.
fn fill(block: &mut BlockMut, file: &File) -> Result<usize, MapError> {
    let mut done = 0;
    while done < block.bytes() {
        match block.fill_from(done, block.bytes() - done, file)? {
            0 => break,
            more => done += more,
        }
    }
    Ok(done)
}

/// A link that ends early tells that the other process did.
fn ended(error: impl Error + 'static) -> Failure {
    match Failure::from(error) {
        failure if failure.exit() == Exit::PeerGone => gone(),
        failure => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::tour::journal::Who;

    /// Both ends, once they have met.
    fn both_ends() -> (Near, Far) {
        let (near, far) = Link::pair(Options::new()).unwrap();
        thread::scope(|scope| {
            let far = scope.spawn(|| {
                Far::meet(far.link(Options::new()).unwrap(), &mut Journal::of(Who::Child)).unwrap()
            });
            (Near::meet(near, &mut Journal::of(Who::Parent)).unwrap(), far.join().unwrap())
        })
    }

    #[test]
    fn what_is_filled_in_at_one_end_is_taken_at_the_other() {
        let content = vec![7; BLOCK_BYTES + 5];
        let source = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(source.path(), &content).unwrap();
        let (mut near, mut far) = both_ends();
        let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
        // More is asked for than there is: the block with the file's end is cut.
        let filled = near.fill(&source.reopen().unwrap(), 2 * BLOCK_BYTES, &mut parent).unwrap();
        assert_eq!(filled, content.len());
        near.hand_over(&mut parent).unwrap();
        let mut digests = [Sha256::new(), Sha256::new()];
        near.digest(&mut digests[0]).unwrap();
        digests[1].update(&content);
        let mut target = vec![0; filled];
        far.take(&mut target, &mut child).unwrap();
        let [sent, expected] = digests.map(Sha256::finalize);
        assert!(target == content && sent == expected);
    }

    #[test]
    fn an_end_that_was_closed_is_known_from_one_that_is_gone() {
        let (near, mut far) = both_ends();
        Box::new(near).close(&mut Journal::of(Who::Parent));
        far.see_it_closed(&mut Journal::of(Who::Child)).unwrap();
        let (mut near, far) = both_ends();
        drop(far);
        assert_eq!(near.exchange(&mut trips::blank()).unwrap_err().exit(), Exit::PeerGone);
    }
}
