// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Windows named pipe, of bytes and of messages: the parent creates an instance, the child opens it by its name.
//!
//! The name lies in a directory of the tour's own. No deadline is needed once both are there: when the other process
//! ends, reading and writing find the pipe broken.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use cabotage::Deadline;
use cabotage::link::names::Registry;
use cabotage::pipe::named::{
    ClientOptions, NamedPipeClient, NamedPipeServer, PipeError, PipeMode, ServerOptions, WriteError,
};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::litter;
use super::mechanism::{FarEnd, Invitation, Mechanism, Message, NearEnd, Offer};
use super::page::{Answers, How, Page, Parties, Picture, Unit, Way};
use super::peer::{PATIENCE, Peer, gone};
use super::window::Window;
use crate::exit::{Exit, Failure};

/// A pipe of bytes, or of messages.
#[derive(Debug)]
pub(crate) struct WindowsNamedPipe(PipeMode);

pub(crate) static OF_BYTES: WindowsNamedPipe = WindowsNamedPipe(PipeMode::Byte);
pub(crate) static OF_MESSAGES: WindowsNamedPipe = WindowsNamedPipe(PipeMode::Message);

static BYTES: Page = page("named-pipe-byte", "Windows named pipe, of bytes", Unit::Bytes);
static MESSAGES: Page = page("named-pipe-message", "Windows named pipe, of messages", Unit::Messages);

const fn page(name: &'static str, title: &'static str, unit: Unit) -> Page {
    Page {
        name,
        title,
        copies: 2,
        answers: Answers {
            way: Way::FullDuplex,
            parties: Parties::Unrelated,
            unit,
            lives: "until its last handle is closed",
        },
        picture: Picture { object: "the parent's outbox", stuff: "64 KiB may be unread", how: How::Outboxes },
    }
}

/// What the pipe is called.
const NAME: &str = r"\\.\pipe\tour";

/// How much one write puts in and one read takes out: what may be unread of it.
const PIECE_BYTES: usize = 64 * 1024;

impl Mechanism for WindowsNamedPipe {
    fn page(&self) -> &'static Page {
        match self.0 {
            PipeMode::Byte => &BYTES,
            PipeMode::Message => &MESSAGES,
        }
    }

    fn offer(&self, _window_bytes: usize, journal: &mut Journal) -> Result<Offer, Failure> {
        let mode = self.0;
        let ((path, server), litter) = litter::make_directory_in_memory(|path| {
            let options = ServerOptions::new().pipe_mode(mode).registry(&registry(path));
            Ok((path.to_owned(), journal.step("CreateNamedPipe", || options.create(NAME))?))
        })?;
        Ok(Offer {
            words: vec![path.into()],
            descriptors: Vec::new(),
            handles: Vec::new(),
            litter: Some(litter),
            connect: Box::new(move |peer, journal| Ok(Box::new(Near::meet(server, mode, &peer, journal)?))),
        })
    }

    fn join(&self, invitation: Invitation, journal: &mut Journal) -> Result<Box<dyn FarEnd>, Failure> {
        let options =
            ClientOptions::new().pipe_mode(self.0).registry(&registry(Path::new(invitation.word(0)?)));
        let client = journal.step("CreateFile", || options.open(NAME))?;
        Ok(Box::new(Far { client, options }))
    }
}

fn registry(path: &Path) -> Registry {
    Registry::at(path.join("user"), path.join("system"))
}

/// The parent's end: the server's.
struct Near {
    server: NamedPipeServer,
    mode: PipeMode,
    window: Window,
}

/// The child's end: the client's.
struct Far {
    client: NamedPipeClient,
    options: ClientOptions,
}

impl Near {
    fn meet(
        mut server: NamedPipeServer,
        mode: PipeMode,
        peer: &Peer,
        journal: &mut Journal,
    ) -> Result<Self, Failure> {
        journal.step("ConnectNamedPipe", || {
            loop {
                match server.connect(PATIENCE) {
                    Err(PipeError::TimedOut) => peer.check()?,
                    outcome => return outcome.map_err(broken),
                }
            }
        })?;
        Ok(Self { server, mode, window: Window::default() })
    }
}

impl NearEnd for Near {
    fn fill(&mut self, file: &File, bytes: usize, _journal: &mut Journal) -> Result<usize, Failure> {
        Ok(self.window.fill(file, bytes)?)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        digest.update(&*self.window);
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        let mut pieces = self.window.chunks(PIECE_BYTES);
        let server = &mut self.server;
        journal.step("WriteFile", || {
            pieces.try_for_each(|piece| server.send(piece, Deadline::Never).map_err(unwritten))
        })
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        if self.mode == PipeMode::Message {
            let question = *message;
            return self.server.transact(&question, message, Deadline::Never).map(drop).map_err(broken);
        }
        self.server.send(message, Deadline::Never).map_err(unwritten)?;
        let server = &mut self.server;
        fill(message, |rest| server.read_within(rest, Deadline::Never))
    }

    fn close(self: Box<Self>, journal: &mut Journal) {
        let Self { server, .. } = *self;
        let _ = journal.step("CloseHandle", || server.close());
    }
}

impl FarEnd for Far {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        let client = &mut self.client;
        journal.step("ReadFile", || {
            let mut pieces = target.chunks_mut(PIECE_BYTES);
            pieces.try_for_each(|piece| fill(piece, |rest| client.read_within(rest, Deadline::Never)))
        })
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        let client = &mut self.client;
        fill(message, |rest| client.read_within(rest, Deadline::Never))
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.client.send(message, Deadline::Never).map_err(unwritten)
    }

    fn see_it_closed(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        match journal.step("find the pipe broken", || self.client.read_within(&mut [0], Deadline::Never)) {
            Err(PipeError::Broken) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(Failure::new(Exit::Failed, "a byte came after the last one")),
        }
        match journal.step("find its name gone", || self.options.open(NAME)) {
            Err(PipeError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Failure::new(Exit::Failed, "the pipe outlives its last instance")),
        }
    }
}

/// Reads until `target` is full; a message is read whole by the first call.
fn fill(
    target: &mut [u8],
    mut read: impl FnMut(&mut [u8]) -> Result<usize, PipeError>,
) -> Result<(), Failure> {
    let mut got = 0;
    while got < target.len() {
        got += read(&mut target[got..]).map_err(broken)?;
    }
    Ok(())
}

fn unwritten(error: WriteError) -> Failure {
    broken(error.source)
}

/// A pipe that breaks early tells that the other process has ended.
fn broken(error: impl Error + 'static) -> Failure {
    match Failure::from(error) {
        failure if failure.exit() == Exit::PeerGone => gone(),
        failure => failure,
    }
}
