// SPDX-License-Identifier: MIT OR Apache-2.0
//! A Windows named pipe: of messages with the server in either process, and of bytes with a frame around each record.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_pipe::named::{PipeError, PipeMode};

use super::named_pipe_ends::{Framed, Whole};
use super::{Ability, BothEnds, End, Oversize, Side, StartFar, Told, Transport};
use crate::pipes::{self, End as Pipe, NAME};
use crate::scratch::Scratch;
use crate::suite::soon;

/// Which process is the server, and what the pipe carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum NamedPipe {
    NearServes,
    FarServes,
    OfBytes,
}

/// Room for what the cases send before anybody reads.
const QUOTA_BYTES: u32 = 16 << 10;
/// The longest record that the suite tries: longer than the quota and than any ring.
const RECORD_BYTES_MAX: usize = 256 << 10;

impl Transport for NamedPipe {
    fn title(&self) -> &'static str {
        match self {
            Self::NearServes => "named_pipe",
            Self::FarServes => "named_pipe_of_the_far_one",
            Self::OfBytes => "named_pipe_of_bytes",
        }
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        match ability {
            Ability::TwoWays
            | Ability::Pollable
            | Ability::RefusesForked
            | Ability::Place
            | Ability::WaitsForTheSlow
            | Ability::TellsSender => None,
            Ability::TellsDeath => Some("a pipe is broken, whether its other end was closed or killed"),
            Ability::Descriptors | Ability::Blocks => Some("a pipe carries bytes"),
            Ability::Sets | Ability::Threads => Some("an end is in one pair of hands"),
            Ability::TakeOverBySender
            | Ability::TakeOverByReceiver
            | Ability::OneSender
            | Ability::OneReceiver => Some("a connection ends with either of its ends, and a new one begins"),
            Ability::TellsLoss => Some("a writer waits for a slow reader"),
        }
    }

    fn record_bytes_max(&self) -> usize {
        RECORD_BYTES_MAX
    }

    fn oversize(&self) -> Oversize {
        Oversize::Goes
    }

    fn open(&self, place: &Scratch, _side: Side, start: StartFar<'_>) -> Box<dyn End> {
        match self {
            Self::NearServes | Self::OfBytes => {
                let server = self.create(place).expect("a new pipe");
                start(None);
                server.connect(self)
            }
            Self::FarServes => {
                start(None);
                self.connect(place, soon()).expect("a server")
            }
        }
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        let Listening(mut server) = self.create(place)?;
        // The server listens already: whoever waits for it was misled by a call that a test lets fail.
        let client = self.connect(place, Deadline::within(Duration::from_secs(1)))?;
        server.connect(soon())?;
        Ok((client, self.end(server.into())))
    }

    fn join(&self, place: &Scratch, _side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        match self {
            Self::NearServes | Self::OfBytes => self.connect(place, soon()).expect("a server"),
            Self::FarServes => self.create(place).expect("a new pipe").connect(self),
        }
    }

    fn clean(&self, place: &Scratch) {
        // Once more where a test lets a call fail.
        pipes::sweep(place).or_else(|_| pipes::sweep(place)).expect("no pipe that anybody has");
    }
}

/// A server that has no client yet.
struct Listening(cabotage_pipe::named::NamedPipeServer);

impl Listening {
    fn connect(mut self, transport: &NamedPipe) -> Box<dyn End> {
        self.0.connect(soon()).expect("a client");
        transport.end(self.0.into())
    }
}

impl NamedPipe {
    fn mode(self) -> PipeMode {
        if matches!(self, Self::OfBytes) { PipeMode::Byte } else { PipeMode::Message }
    }

    fn create(self, place: &Scratch) -> Result<Listening, PipeError> {
        let options = pipes::server(place).pipe_mode(self.mode()).first_pipe_instance(true);
        let options = options.in_buffer_size(QUOTA_BYTES).out_buffer_size(QUOTA_BYTES);
        options.create(NAME).map(Listening)
    }

    fn connect(self, place: &Scratch, deadline: Deadline) -> Result<Box<dyn End>, PipeError> {
        let client = pipes::client(place).pipe_mode(self.mode()).open_within(NAME, deadline)?;
        Ok(self.end(client.into()))
    }

    fn end(self, end: Pipe) -> Box<dyn End> {
        match self.mode() {
            PipeMode::Message => Box::new(Whole::over(end)),
            PipeMode::Byte => Box::new(Framed::over(end)),
        }
    }
}
