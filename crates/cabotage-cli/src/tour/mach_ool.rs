// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach with the file out of line: the parent has the file read into memory of its own, gives that memory away in a
//! message, and the child reads it where it lies. Nobody copies it, and nobody can change it any more.

use std::fs::File;
use std::io::{ErrorKind, Read};

use cabotage::mach::{Carried, Immutable, Memory, Outgoing, Region, SealedPart, SendRight};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::mach::{self, Receiver, ended, wrong};
use super::mechanism::{FarEnd, InPlace, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use crate::exit::{Exit, Failure};

/// Memory that goes through a Mach port.
pub(crate) struct MachOutOfLine;

static PAGE: Page = Page {
    name: "mach-ool",
    title: "Mach (out-of-line memory that moves)",
    copies: 0,
    answers: Answers {
        way: Way::OneDirection,
        parties: Parties::Unrelated,
        unit: Unit::Messages,
        lives: "until the receive right goes; the memory, until its last holder lets go",
    },
    picture: Picture { object: "the memory", stuff: "the same pages, then sealed", how: How::Moved },
};

impl Mechanism for MachOutOfLine {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, _journal: &mut Journal) -> Result<Offer, Failure> {
        mach::offer(|right| Box::new(Sender::of(right)))
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        Ok(Box::new(Taker::of(Receiver::join(&invitation, journal)?)))
    }
}

/// The parent.
struct Sender {
    right: SendRight,
    /// Filled, and not yet given away.
    region: Option<Region>,
    /// What was given away last; it is the child's too, so we can still read it.
    given: Option<SealedPart>,
}

impl Sender {
    fn of(right: SendRight) -> Self {
        Self { right, region: None, given: None }
    }
}

impl NearEnd for Sender {
    fn fill(&mut self, file: &File, bytes: usize, journal: &mut Journal) -> Result<usize, Failure> {
        self.given = None;
        let mut region = journal.step("allocate memory", || Region::create("cabotage-tour", bytes))?;
        let filled = journal.step("have the file read into it", || fill(&mut region, file))?;
        if filled < bytes {
            // The file became shorter.
            let mut shorter = Region::create("cabotage-tour", filled)?;
            shorter.copy_from_slice(&region[..filled]);
            region = shorter;
        }
        self.region = Some(region);
        Ok(filled)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        if let Some(given) = &self.given {
            digest.update(&*given.map()?);
        }
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        let region = self.region.take().ok_or_else(|| Failure::new(Exit::Failed, "nothing was filled"))?;
        let sealed = journal.step("let go of the memory: nobody can write it any more", || region.seal());
        let sealed = sealed.map_err(|refused| Failure::from(refused.error))?;
        self.given = Some(sealed.try_clone()?);
        let message = Outgoing::new(0).memory(sealed);
        let sent = journal
            .step("send: the message queues at the port, the memory goes along", || self.right.send(message));
        sent.map_err(ended)
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        mach::exchange(&self.right, message)
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        journal.step("drop the send right", || drop(self.right));
    }
}

/// Has the kernel read the file into the region; answers how many bytes, fewer only at the file's end.
fn fill(region: &mut Region, mut file: &File) -> Result<usize, std::io::Error> {
    let mut done = 0;
    while done < region.bytes() {
        match file.read(&mut region[done..]) {
            Ok(0) => break,
            Ok(more) => done += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// The child.
struct Taker {
    receiver: Receiver,
    /// What came last.
    taken: Option<Immutable>,
}

impl Taker {
    fn of(receiver: Receiver) -> Self {
        Self { receiver, taken: None }
    }

    fn next(&mut self, journal: &mut Journal) -> Result<Immutable, Failure> {
        let mut message = self.receiver.next_of_file(journal)?;
        let Some(Carried::Memory(memory @ Memory::Sealed(_))) = message.take_carried().pop() else {
            return Err(Failure::new(Exit::Failed, "a message came without its memory"));
        };
        let mapped = journal.step("map the memory", || memory.into_immutable());
        mapped.map_err(|refused| Failure::from(refused.error))
    }
}

impl InPlace for Taker {
    fn read(&mut self, bytes: usize, journal: &mut Journal) -> Result<(), Failure> {
        let memory = self.next(journal)?;
        if memory.len() != bytes {
            return Err(wrong("memory"));
        }
        journal.step("read every byte where it lies", || std::hint::black_box(sum(&memory)));
        self.taken = Some(memory);
        Ok(())
    }

    fn digest(&mut self, digest: &mut Sha256) {
        if let Some(memory) = self.taken.take() {
            digest.update(&*memory);
        }
    }
}

/// Something for which each byte has to be read.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word)));
    rest.iter().fold(words, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}

impl FarEnd for Taker {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        self.read(target.len(), journal)?;
        target.copy_from_slice(&self.taken.take().ok_or_else(|| wrong("memory"))?);
        Ok(())
    }

    fn in_place(&mut self) -> Option<&mut dyn InPlace> {
        Some(self)
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.receiver.receive(message)
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.receiver.reply(message)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        self.receiver.see_it_closed(journal)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use cabotage::mach::ReceiveRight;

    use super::*;
    use crate::tour::journal::Who;

    #[test]
    fn what_is_filled_in_at_one_end_is_read_at_the_other_and_has_the_same_digest() {
        let content: Vec<u8> = (0..=250).cycle().take((1 << 20) + 77).collect();
        let mut source = tempfile::tempfile().unwrap();
        source.write_all(&content).unwrap();
        source.rewind().unwrap();
        let port = ReceiveRight::new().unwrap();
        let mut near = Sender::of(port.make_send().unwrap());
        let mut far = Taker::of(Receiver::over(port));
        let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
        let wanted = content.len() + 5;
        assert_eq!(near.fill(&source, wanted, &mut parent).unwrap(), content.len(), "it ends before");
        near.hand_over(&mut parent).unwrap();
        far.read(content.len(), &mut child).unwrap();
        let (mut sent, mut received) = (Sha256::new(), Sha256::new());
        near.digest(&mut sent).unwrap();
        InPlace::digest(&mut far, &mut received);
        assert_eq!(
            (sent.finalize(), received.finalize()),
            (Sha256::digest(&content), Sha256::digest(&content))
        );
    }

    #[test]
    fn every_byte_counts_in_the_sum() {
        let bytes = [1; 8 * 3 + 7];
        for at in 0..bytes.len() {
            let mut other = bytes;
            other[at] = 2;
            assert_ne!(sum(&bytes), sum(&other), "byte {at}");
        }
    }
}
