// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes as the suites make them: of messages, in the place of a test, with quotas so small that writers wait.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::names::{Kind, Scope};
use cabotage_os::Deadline;
use cabotage_pipe::named::place::{leavings, list, remove_leaving};
use cabotage_pipe::named::{
    ClientOptions, Interest, NamedPipeClient, NamedPipeServer, PipeError, Ready, ServerOptions, State, Wait,
    WriteError,
};

use crate::Wrong;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The name of every pipe of a suite: each has a place of its own.
pub const NAME: &str = "suite";

/// The quota of each direction, in bytes: some records of a suite.
pub const QUOTA_BYTES: u32 = 2_000;

/// How a server is made.
pub fn server(place: &Scratch) -> ServerOptions {
    let options = ServerOptions::messages().registry(&place.registry());
    options.in_buffer_size(QUOTA_BYTES).out_buffer_size(QUOTA_BYTES)
}

/// How a client is made: it waits for its server, too.
pub fn client(place: &Scratch) -> ClientOptions {
    ClientOptions::messages().registry(&place.registry()).wait_for_server(true)
}

/// An instance that nobody else has one beside.
///
/// # Errors
/// As [`ServerOptions::create`].
pub fn create(place: &Scratch) -> Result<NamedPipeServer, PipeError> {
    server(place).first_pipe_instance(true).wait(Wait::Block).create(NAME)
}

/// A client of it.
///
/// # Errors
/// As [`ClientOptions::open_within`].
pub fn open(place: &Scratch, deadline: Deadline) -> Result<NamedPipeClient, PipeError> {
    client(place).wait(Wait::Block).open_within(NAME, deadline)
}

/// Removes what killed servers left; no pipe may be there.
///
/// # Errors
/// A pipe that nobody has is said to be there; or the system's refusal.
pub fn sweep(place: &Scratch) -> Result<(), Wrong> {
    let registry = place.registry();
    let listed = list(&registry)?;
    if !listed.is_empty() {
        return Err(format!("pipes that nobody has are said to be there: {listed:?}").into());
    }
    for leaving in leavings(&registry, Scope::User)? {
        remove_leaving(&registry, &leaving, soon())?;
    }
    // The folder is made with the first name and stays: what is in it counts.
    let _ = std::fs::remove_dir(place.path("user").join(Kind::Pipe.directory()));
    Ok(())
}

/// The server's or the client's end, whose calls are the same.
#[derive(Debug)]
pub enum End {
    /// The server's.
    Server(Box<NamedPipeServer>),
    /// The client's.
    Client(Box<NamedPipeClient>),
}

impl From<NamedPipeServer> for End {
    fn from(end: NamedPipeServer) -> Self {
        Self::Server(Box::new(end))
    }
}

impl From<NamedPipeClient> for End {
    fn from(end: NamedPipeClient) -> Self {
        Self::Client(Box::new(end))
    }
}

impl End {
    /// As [`NamedPipeServer::send`].
    ///
    /// # Errors
    /// As there.
    pub fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
        match self {
            Self::Server(end) => end.send(bytes, deadline),
            Self::Client(end) => end.send(bytes, deadline),
        }
    }

    /// As [`NamedPipeServer::read_within`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&mut self, target: &mut [u8], deadline: Deadline) -> Result<usize, PipeError> {
        match self {
            Self::Server(end) => end.read_within(target, deadline),
            Self::Client(end) => end.read_within(target, deadline),
        }
    }

    /// As [`NamedPipeServer::receive`].
    ///
    /// # Errors
    /// As there.
    pub fn receive(&mut self, message: &mut Vec<u8>, deadline: Deadline) -> Result<(), PipeError> {
        match self {
            Self::Server(end) => end.receive(message, deadline),
            Self::Client(end) => end.receive(message, deadline),
        }
    }

    /// Its state.
    ///
    /// # Errors
    /// As [`NamedPipeServer::state`].
    pub fn state(&mut self) -> Result<State, PipeError> {
        match self {
            Self::Server(end) => end.state(),
            Self::Client(end) => end.state(),
        }
    }

    /// Whether to wait for something to read on the descriptor.
    ///
    /// # Errors
    /// As [`NamedPipeServer::ready`].
    pub fn must_wait(&mut self) -> Result<bool, PipeError> {
        let ready = match self {
            Self::Server(end) => end.ready(Interest::Read),
            Self::Client(end) => end.ready(Interest::Read),
        };
        Ok(ready? == Ready::Armed)
    }

    /// The descriptor.
    ///
    /// # Errors
    /// As [`NamedPipeServer::fd`].
    pub fn fd(&self) -> Result<BorrowedFd<'_>, PipeError> {
        match self {
            Self::Server(end) => end.fd(),
            Self::Client(end) => Ok(end.as_fd()),
        }
    }

    /// Closes it.
    pub fn close(self) {
        match self {
            Self::Server(end) => drop(end.close()),
            Self::Client(end) => end.close(),
        }
    }
}
