// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach: the child allocates a port and registers a name for it, the parent looks the name up, and the file goes in
//! inline messages that queue at the port.
//!
//! Each side is told when the other ends: the child by a no-senders notification, the parent since its right is dead.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use cabotage::link::names::Registry;
use cabotage::mach::bootstrap::{CheckIn, LookUp};
use cabotage::mach::{BootstrapError, Message as Received, Notification, ReceiveRight, SendRight};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::{PATIENCE, Peer, gone};
use super::window::Window;
use crate::exit::{Exit, Failure};

/// A Mach port.
pub(crate) struct MachPort;

static PAGE: Page = Page {
    name: "mach",
    title: "Mach (inline messages to a port)",
    copies: 5, // into the message, into its record, into the ring; out into a message, out of that
    answers: Answers {
        way: Way::OneDirection,
        parties: Parties::Unrelated,
        unit: Unit::Messages,
        lives: "until the receive right goes; a right to answer, until it is used",
    },
    picture: Picture { object: "the port's queue", stuff: "five messages", how: How::Outboxes },
};

/// The name of the port, in a directory of its own.
const NAME: &str = "tour";
/// How much of the file goes in one message.
const PIECE_BYTES: usize = 16 << 10;

impl Mechanism for MachPort {
    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn offer(&self, _window_bytes: usize, _journal: &mut Journal) -> Result<Offer, Failure> {
        offer(|right| Box::new(Sender { right, window: Window::default() }))
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        Ok(Box::new(Receiver::join(&invitation, journal)?))
    }
}

/// A directory for the name; the parent's end is made of the send right that it finds there.
pub(super) fn offer(end_of: fn(SendRight) -> Box<dyn NearEnd>) -> Result<Offer, Failure> {
    let (directory, litter) = litter::make_directory(|directory| Ok(directory.to_owned()))?;
    Ok(Offer {
        words: vec![directory.clone().into()],
        descriptors: Vec::new(),
        handles: Vec::new(),
        litter: Some(litter),
        connect: Box::new(move |peer, journal| {
            let found = journal.step("look the name up: get a send right", || look_up(&directory, &peer));
            Ok(end_of(found?))
        }),
    })
}

fn registry(directory: &Path) -> Registry {
    Registry::at(directory.join("user"), directory.join("system"))
}

/// Looks the name up, as soon as the other process has registered it.
fn look_up(directory: &Path, peer: &Peer) -> Result<SendRight, Failure> {
    loop {
        match LookUp::new().registry(&registry(directory)).wait(PATIENCE).look_up(NAME) {
            Err(BootstrapError::Join(_)) => peer.check()?,
            found => return found.map_err(ended),
        }
    }
}

/// The parent.
struct Sender {
    right: SendRight,
    window: Window,
}

impl NearEnd for Sender {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        let Self { right, window } = self;
        journal.step("send: the messages queue at the port", || {
            window.chunks(PIECE_BYTES).try_for_each(|piece| right.send(piece)).map_err(ended)
        })
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        exchange(&self.right, message)
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        journal.step("drop the send right", || drop(self.right));
    }
}

/// Sends a small message with a right to answer it, and waits for the answer.
pub(super) fn exchange(right: &SendRight, message: &mut Message) -> Result<(), Failure> {
    let answer = right.request(message.as_slice()).map_err(ended)?;
    *message = answer.body().try_into().map_err(|_| wrong("an answer"))?;
    Ok(())
}

/// The child.
pub(super) struct Receiver {
    port: ReceiveRight,
    /// Whether others find it; a name counts as a sender.
    is_published: bool,
    /// The one that has no answer yet.
    request: Option<Received>,
}

impl Receiver {
    pub(super) fn join(invitation: &Invitation, journal: &mut Journal) -> Result<Self, Failure> {
        let port = journal.step("allocate a port: get its receive right", ReceiveRight::new)?;
        let registry = registry(Path::new(invitation.word(0)?));
        journal.step("register a name for it", || CheckIn::new().registry(&registry).publish(NAME, &port))?;
        Ok(Self { port, is_published: true, request: None })
    }

    #[cfg(test)]
    pub(super) fn over(port: ReceiveRight) -> Self {
        Self { port, is_published: false, request: None }
    }

    /// The next message of the file. With the first one the parent has its right, and nobody else is to get one.
    pub(super) fn next_of_file(&mut self, journal: &mut Journal) -> Result<Received, Failure> {
        let message = journal.step("receive a message", || self.next())?;
        if self.is_published {
            self.take_name_back(journal)?;
        }
        Ok(message)
    }

    /// The next message that the parent has sent.
    fn next(&self) -> Result<Received, Failure> {
        match self.port.receive().map_err(ended)?.into_notification() {
            Ok(Notification::NoSenders { .. }) => Err(gone()),
            Ok(other) => Err(Failure::new(Exit::Failed, format!("{other:?} came"))),
            Err(message) => Ok(*message),
        }
    }

    /// From now on only the parent can send, and whether it still can is told.
    fn take_name_back(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        self.is_published = false;
        journal.step("take the name back: who has a right keeps it", || {
            self.port.names().unpublish(self.port.name())
        })?;
        self.port.notify_when_unused(0, self.port.make_send_once()?)?;
        Ok(())
    }
}

impl FarEnd for Receiver {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        if self.is_published {
            let first = self.next_of_file(journal)?;
            let Some((place, rest)) = target.split_at_mut_checked(first.body().len()) else {
                return Err(wrong("a message"));
            };
            place.copy_from_slice(first.body());
            return self.take(rest, journal);
        }
        journal.step("receive the messages, copy the bytes out", || {
            let mut done = 0;
            while done < target.len() {
                let message = self.next()?;
                let bytes = message.body().len();
                let place = target.get_mut(done..done + bytes).ok_or_else(|| wrong("a message"))?;
                place.copy_from_slice(message.body());
                done += bytes;
            }
            Ok(())
        })
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        let request = self.next()?;
        *message = request.body().try_into().map_err(|_| wrong("a message"))?;
        self.request = Some(request);
        Ok(())
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        let mut request = self.request.take().ok_or_else(|| Failure::new(Exit::Failed, "nobody asked"))?;
        request.reply(message.as_slice()).map_err(ended)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        if self.is_published {
            self.take_name_back(journal)?; // the file was empty
        }
        let told = journal.step("be told that no sender is left", || self.port.receive().map_err(ended))?;
        match told.into_notification() {
            Ok(Notification::NoSenders { .. }) => Ok(()),
            other => Err(Failure::new(Exit::Failed, format!("{other:?} came after the last message"))),
        }
    }
}

pub(super) fn wrong(what: &str) -> Failure {
    Failure::new(Exit::Failed, format!("{what} of the wrong size came"))
}

/// A port that is dead tells that the other process has ended.
pub(super) fn ended(error: impl Error + 'static) -> Failure {
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

    #[test]
    fn what_is_filled_in_at_one_end_is_taken_at_the_other_and_the_end_is_told() {
        let content: Vec<u8> = (0..=250).cycle().take((1 << 20) + 77).collect();
        let mut source = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut source, &content).unwrap();
        std::io::Seek::rewind(&mut source).unwrap();
        let port = ReceiveRight::new().unwrap();
        let mut near = Sender { right: port.make_send().unwrap(), window: Window::default() };
        port.notify_when_unused(0, port.make_send_once().unwrap()).unwrap();
        let mut far = Receiver::over(port);
        let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
        let filled = near.fill(&source, content.len(), &mut parent).unwrap();
        let mut target = vec![0; filled];
        let receiver = &mut far;
        thread::scope(|scope| {
            let taking = scope.spawn(|| receiver.take(&mut target, &mut child).unwrap());
            near.hand_over(&mut parent).unwrap();
            taking.join().unwrap();
        });
        assert!(target == content);
        Box::new(near).close(&mut parent);
        far.see_it_closed(&mut Journal::of(Who::Child)).unwrap();
    }
}
