// SPDX-License-Identifier: MIT OR Apache-2.0
//! `named-pipe.rtt` and `named-pipe.stream`: a Windows named pipe between a client and a server, with every default of
//! the library. The limit of the one is a bare cache line, that of the other bare calls on a kernel pipe of the same
//! size.
//!
//! The far end's process is the server, in a directory in memory; the near end opens the pipe at its first use.

use std::os::fd::OwnedFd;

use cabotage::Deadline;
use cabotage::link::names::Registry;
use cabotage::os::raw::Line;
use cabotage::pipe::named::{ClientOptions, NamedPipeClient, NamedPipeServer, PipeError, ServerOptions};

use super::pipe_rtt::Pipe;
use super::raw_ends::RawStream;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting};
use crate::bench::round_trip::RoundTrip;
use crate::bench::stream::{Receiver, Sender};
use crate::exit::{Exit, Failure};

pub(super) const TRIP: Case = Case {
    name: "named-pipe.rtt",
    about: "64 bytes to and fro over a named pipe of messages, looking for a while before sleeping",
    bytes: TRIP_BYTES,
    subject: Subject::round_trip::<Trip>(),
    limit: Some(Subject::round_trip::<Line>()),
};

pub(super) const STREAM: Case = Case {
    name: "named-pipe.stream",
    about: "64 KiB a write, one way through a named pipe of bytes, held against a kernel pipe of the same size",
    bytes: STREAM_BYTES,
    subject: Subject::stream::<Sink, Source>(),
    limit: Some(Subject::stream::<RawStream<Pipe, STREAM_BYTES>, RawStream<Pipe, STREAM_BYTES>>()),
};

const TRIP_BYTES: usize = 64;
/// What a kernel pipe holds, and what may be unread in one of ours.
const STREAM_BYTES: usize = 65_536;

/// The client, in the near end's process.
struct Client {
    options: ClientOptions,
    met: Option<NamedPipeClient>,
    _invitation: Invitation,
}

/// The server, in the far end's process.
struct Server {
    server: NamedPipeServer,
    has_client: bool,
    meeting: Meeting,
}

impl Client {
    fn new(options: ClientOptions) -> Result<(Self, OwnedFd)> {
        let (invitation, descriptor) = Invitation::in_memory()?;
        let options = options.registry(&registry(invitation.path()));
        Ok((Self { options, met: None, _invitation: invitation }, descriptor))
    }

    #[inline]
    fn end(&mut self) -> Result<&mut NamedPipeClient> {
        if self.met.is_none() {
            self.met = Some(self.options.open_within(NAME, Deadline::Never)?);
        }
        self.met.as_mut().ok_or_else(other_end)
    }
}

impl Server {
    fn new(descriptor: OwnedFd, options: &ServerOptions) -> Result<Self> {
        let meeting = Meeting::hold(descriptor)?;
        let server = options.clone().registry(&registry(meeting.path())).create(NAME)?;
        Ok(Self { server, has_client: false, meeting })
    }

    #[inline]
    fn end(&mut self) -> Result<&mut NamedPipeServer> {
        if !self.has_client {
            self.welcome()?;
        }
        Ok(&mut self.server)
    }

    #[cold]
    fn welcome(&mut self) -> Result<()> {
        loop {
            match self.server.connect(LOOK_AROUND) {
                Err(PipeError::TimedOut) => self.meeting.wait_on()?,
                outcome => {
                    outcome?;
                    self.has_client = true;
                    return Ok(());
                }
            }
        }
    }
}

fn registry(path: &std::path::Path) -> Registry {
    Registry::at(path.join("user"), path.join("system"))
}

/// Either end of the round trips.
enum Trip {
    Near(Box<Client>, [u8; TRIP_BYTES]),
    Far(Box<Server>, [u8; TRIP_BYTES]),
}

impl RoundTrip for Trip {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (client, descriptor) = Client::new(ClientOptions::messages())?;
        Ok((Self::Near(Box::new(client), [7; TRIP_BYTES]), vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let server = Server::new(descriptor, &ServerOptions::messages())?;
        Ok(Self::Far(Box::new(server), [7; TRIP_BYTES]))
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let Self::Near(client, message) = self else { return Err(other_end()) };
        let end = client.end()?;
        end.write_within(message, Deadline::Never)?;
        end.read_within(message, Deadline::Never)?;
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let Self::Far(server, message) = self else { return Err(other_end()) };
        let end = server.end()?;
        end.read_within(message, Deadline::Never)?;
        end.write_within(message, Deadline::Never)?;
        Ok(())
    }
}

struct Sink {
    client: Client,
    buffer: Vec<u8>,
}

impl Receiver for Sink {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (client, descriptor) = Client::new(ClientOptions::new().write(false))?;
        Ok((Self { client, buffer: vec![0; STREAM_BYTES] }, vec![descriptor]))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        let end = self.client.end()?;
        let mut got = 0;
        while got < STREAM_BYTES {
            got += end.read_within(&mut self.buffer[got..], Deadline::Never)?;
        }
        Ok(())
    }
}

struct Source {
    server: Server,
    message: Vec<u8>,
}

impl Sender for Source {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let server = Server::new(descriptor, &ServerOptions::new())?;
        Ok(Self { server, message: vec![7; STREAM_BYTES] })
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        Ok(self.server.end()?.send(&self.message, Deadline::Never)?)
    }
}

fn other_end() -> Failure {
    Failure::new(Exit::Failed, "clients call and servers answer")
}

const NAME: &str = "bench";
