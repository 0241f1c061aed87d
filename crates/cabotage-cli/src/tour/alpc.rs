// SPDX-License-Identifier: MIT OR Apache-2.0
//! ALPC: the child publishes a connection port, the parent connects and asks, and each part of the file goes in a request
//! by one of the three techniques.
//!
//! No deadline is needed once the two have met: when the other process ends, the channel is over and says so.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use cabotage::Deadline;
use cabotage::alpc::{
    Client, ConnectError, ConnectOptions, Connecting, ConnectionPort, Incoming, Outgoing, PortOptions,
    ReceiveError, Request,
};
use cabotage::link::names::Registry;
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::{PATIENCE, Peer, gone};
use super::window::Window;
use crate::exit::{Exit, Failure};

/// By which technique the file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alpc {
    /// Copied through the queue.
    Inline,
    /// In a view of a section.
    Section,
    /// Left in the client's memory, and read there.
    Direct,
}

const ANSWERS: Answers = Answers {
    way: Way::FullDuplex,
    parties: Parties::Unrelated,
    unit: Unit::Messages,
    lives: "until a communication port is closed; the connection port until its server ends",
};

static INLINE: Page = Page {
    name: "alpc-inline",
    title: "ALPC (short messages through the queue)",
    copies: 2,
    answers: ANSWERS,
    picture: Picture { object: "the channel's queue", stuff: "256 bytes each", how: How::Ports },
};

static SECTION: Page = Page {
    name: "alpc-section",
    title: "ALPC (long messages in a section)",
    copies: 2,
    answers: ANSWERS,
    picture: Picture { object: "the section", stuff: "a view on either side", how: How::Ports },
};

static DIRECT: Page = Page {
    name: "alpc-direct",
    title: "ALPC (the client's memory read directly)",
    copies: 1,
    answers: ANSWERS,
    picture: Picture { object: "the client's memory", stuff: "while its request waits", how: How::Ports },
};

/// The name of the port, in a directory of its own.
const NAME: &str = "tour";

impl Alpc {
    /// How much of the file goes in one request, at most.
    fn piece_bytes(self) -> usize {
        match self {
            Self::Inline => cabotage::alpc::INLINE_BYTES,
            Self::Section => 1 << 20,
            Self::Direct => usize::MAX,
        }
    }
}

impl Mechanism for Alpc {
    fn page(&self) -> &'static Page {
        match self {
            Self::Inline => &INLINE,
            Self::Section => &SECTION,
            Self::Direct => &DIRECT,
        }
    }

    fn offer(&self, _window_bytes: usize, _journal: &mut Journal) -> Result<Offer, Failure> {
        let (directory, litter) = litter::make_directory(|directory| Ok(directory.to_owned()))?;
        let technique = *self;
        Ok(Offer {
            words: vec![directory.clone().into()],
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(move |peer, journal| {
                let connecting = ask(&directory, &peer, journal)?;
                let client =
                    journal.step("get the client communication port", || connecting.finish(Deadline::Never));
                Ok(Box::new(Asker { client: client.map_err(ended)?, window: Window::default(), technique }))
            }),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let registry = registry(Path::new(invitation.word(0)?));
        let options = PortOptions::new().registry(&registry).reads_client_memory();
        let mut port = journal.step("publish a connection port", || options.create(NAME))?;
        let request = journal.step("receive the request to connect", || hear(&mut port, &invitation.peer))?;
        let Incoming::ConnectionRequest(request) = request else {
            return Err(Failure::new(Exit::Failed, format!("no request to connect, but {request:?} came")));
        };
        journal
            .step("accept: get the server communication port", || port.accept(request, b"welcome", 1))
            .map_err(|not_admitted| ended(not_admitted.error))?;
        Ok(Box::new(Answerer { port, technique: *self, request: None }))
    }
}

fn registry(directory: &Path) -> Registry {
    Registry::at(directory.join("user"), directory.join("system"))
}

/// Asks the other process to be let in, as soon as it has published its port.
fn ask(directory: &Path, peer: &Peer, journal: &mut Journal) -> Result<Connecting, Failure> {
    let registry = registry(directory);
    journal.step("connect", || {
        loop {
            let options = ConnectOptions::new().registry(&registry).wait_for_name().readable_in_place();
            match options.deadline(Deadline::within(PATIENCE)).data(b"the tour").begin(NAME) {
                Err(ConnectError::Reach(_)) => peer.check()?,
                asked => return asked.map_err(ended),
            }
        }
    })
}

/// What comes first, as long as the other process lives.
fn hear(port: &mut ConnectionPort, peer: &Peer) -> Result<Incoming, Failure> {
    loop {
        match port.receive(Deadline::within(PATIENCE)) {
            Err(ReceiveError::Nothing) => peer.check()?,
            received => return received.map_err(ended),
        }
    }
}

/// The parent: a client.
struct Asker {
    client: Client,
    window: Window,
    technique: Alpc,
}

impl NearEnd for Asker {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        let Self { client, window, technique } = self;
        let what = match technique {
            Alpc::Inline => "request, with the bytes in the message",
            Alpc::Section => "request, with the bytes in a view of a section",
            Alpc::Direct => "request, with the bytes declared, and wait",
        };
        journal.step(what, || {
            for piece in window.chunks(technique.piece_bytes()) {
                // What is longer than the queue's limit goes into a view by itself.
                match technique {
                    Alpc::Direct => {
                        client.request_as(&mut Outgoing::new(b"read").readable(piece), Deadline::Never)
                    }
                    _ => client.request(piece),
                }
                .map_err(ended)?;
            }
            Ok(())
        })
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        let reply = self.client.request(message).map_err(ended)?;
        *message = reply.as_ref().try_into().map_err(|_| wrong("a reply"))?;
        Ok(())
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        journal.step("close the client communication port", || self.client.close());
    }
}

/// The child: a server with one client.
struct Answerer {
    port: ConnectionPort,
    technique: Alpc,
    /// The one that has no reply yet.
    request: Option<Request>,
}

impl Answerer {
    fn receive_request(&mut self) -> Result<Request, Failure> {
        match self.port.receive(Deadline::Never).map_err(ended)? {
            Incoming::Request(request) => Ok(request),
            Incoming::PortClosed { .. } | Incoming::ClientDied { .. } => Err(gone()),
            other => Err(Failure::new(Exit::Failed, format!("no request, but {other:?} came"))),
        }
    }

    fn reply_with(&mut self, request: Request, body: &[u8]) -> Result<(), Failure> {
        self.port.reply(request, body).map_err(|unanswered| ended(unanswered.error))
    }

    /// Takes what came with the request.
    fn take_body(&mut self, target: &mut [u8]) -> Result<usize, Failure> {
        let request = self.receive_request()?;
        let bytes = request.body().len();
        target.get_mut(..bytes).ok_or_else(|| wrong("a body"))?.copy_from_slice(request.body());
        self.reply_with(request, b"")?;
        Ok(bytes)
    }

    /// Takes what the request lets us read.
    fn take_declared(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<usize, Failure> {
        let request = journal.step("receive the request", || self.receive_request())?;
        let bytes = usize::try_from(request.ranges().map(|(bytes, _)| bytes).next().unwrap_or(0))?;
        let target = target.get_mut(..bytes).ok_or_else(|| wrong("a range"))?;
        let what = match self.port.why_served(&request) {
            None => "read the client's memory where it lies".into(),
            Some(why) => format!("have the waiting client copy, since {why}"),
        };
        let read = journal.step(what, || self.port.read_at(&request, 0, 0, target, Deadline::Never));
        read.map_err(ended)?;
        journal.step("reply", || self.reply_with(request, b""))?;
        Ok(bytes)
    }
}

impl FarEnd for Answerer {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        let mut done = 0;
        if self.technique == Alpc::Direct {
            while done < target.len() {
                done += self.take_declared(&mut target[done..], journal)?;
            }
            return Ok(());
        }
        journal.step("receive the requests, copy the bytes out, reply", || {
            while done < target.len() {
                done += self.take_body(&mut target[done..])?;
            }
            Ok(())
        })
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        let request = self.receive_request()?;
        *message = request.body().try_into().map_err(|_| wrong("a request"))?;
        self.request = Some(request);
        Ok(())
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        let request = self.request.take().ok_or_else(|| Failure::new(Exit::Failed, "nobody asked"))?;
        self.reply_with(request, message)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        match journal.step("receive that the port was closed", || self.port.receive(Deadline::Never)) {
            Ok(Incoming::PortClosed { .. }) => Ok(()),
            Ok(Incoming::ClientDied { .. }) => Err(gone()),
            Ok(other) => Err(Failure::new(Exit::Failed, format!("{other:?} came after the last request"))),
            Err(error) => Err(ended(error)),
        }
    }
}

fn wrong(what: &str) -> Failure {
    Failure::new(Exit::Failed, format!("{what} of the wrong size came"))
}

/// A channel that ends early tells that the other process did.
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
    use crate::tour::trips;

    /// Both ends, once they have met.
    fn both_ends(technique: Alpc) -> (Asker, Answerer, tempfile::TempDir) {
        let directory = tempfile::TempDir::new().unwrap();
        let options = PortOptions::new().registry(&registry(directory.path())).reads_client_memory();
        let mut port = options.create(NAME).unwrap();
        let asked = ConnectOptions::new().registry(&registry(directory.path())).begin(NAME).unwrap();
        let Incoming::ConnectionRequest(request) = port.receive(Deadline::Never).unwrap() else { panic!() };
        port.accept(request, b"", 0).unwrap();
        let client = asked.finish(Deadline::Never).unwrap();
        (
            Asker { client, window: Window::default(), technique },
            Answerer { port, technique, request: None },
            directory,
        )
    }

    #[test]
    fn what_is_filled_in_at_one_end_is_taken_at_the_other_by_each_technique() {
        let content: Vec<u8> = (0..=250).cycle().take((1 << 20) + 77).collect();
        let source = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(source.path(), &content).unwrap();
        for technique in [Alpc::Inline, Alpc::Section, Alpc::Direct] {
            let (mut near, mut far, _directory) = both_ends(technique);
            let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
            let filled = near.fill(&source.reopen().unwrap(), content.len(), &mut parent).unwrap();
            let mut target = vec![0; filled];
            thread::scope(|scope| {
                let taking = scope.spawn(|| far.take(&mut target, &mut child).unwrap());
                near.hand_over(&mut parent).unwrap();
                taking.join().unwrap();
            });
            assert!(target == content, "{technique:?}");
        }
    }

    #[test]
    fn a_port_that_was_closed_is_known_from_one_that_is_gone() {
        let (near, mut far, _directory) = both_ends(Alpc::Inline);
        Box::new(near).close(&mut Journal::of(Who::Parent));
        far.see_it_closed(&mut Journal::of(Who::Child)).unwrap();
        let (mut near, far, _directory) = both_ends(Alpc::Inline);
        drop(far);
        assert_eq!(near.exchange(&mut trips::blank()).unwrap_err().exit(), Exit::PeerGone);
    }
}
