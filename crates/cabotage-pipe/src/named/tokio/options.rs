// SPDX-License-Identifier: MIT OR Apache-2.0
//! The choices of a server and of a client, with tokio's calls. What only we have is chosen before: see `from`.

use std::ffi::OsStr;
use std::io;

use ::tokio::task::spawn_blocking;
use cabotage_os::Deadline;

use super::ends::{NamedPipeClient, NamedPipeServer};
use crate::named::error::{NameProblem, PipeError};
use crate::named::rules::PipeMode;
use crate::named::{self};

/// What a server chooses: see [`named::ServerOptions`].
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    options: named::ServerOptions,
}

/// What a client chooses: see [`named::ClientOptions`].
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    options: named::ClientOptions,
}

/// Defines setters of the options inside, by tokio's habit: they change what they are called on.
macro_rules! setters {
    ($($(#[$attribute:meta])* $name:ident: $type:ty;)+) => {$(
        $(#[$attribute])*
        pub fn $name(&mut self, value: $type) -> &mut Self {
            self.options = std::mem::take(&mut self.options).$name(value);
            self
        }
    )+};
}

impl ServerOptions {
    /// A pipe of bytes, both ways.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// As [`named::ServerOptions::pipe_mode`].
        pipe_mode: PipeMode;
        /// As [`named::ServerOptions::access_inbound`].
        access_inbound: bool;
        /// As [`named::ServerOptions::access_outbound`].
        access_outbound: bool;
        /// As [`named::ServerOptions::first_pipe_instance`].
        first_pipe_instance: bool;
        /// As [`named::ServerOptions::reject_remote_clients`].
        reject_remote_clients: bool;
        /// As [`named::ServerOptions::max_instances`]. A number that no pipe has is told by [`ServerOptions::create`].
        max_instances: usize;
        /// As [`named::ServerOptions::out_buffer_size`].
        out_buffer_size: u32;
        /// As [`named::ServerOptions::in_buffer_size`].
        in_buffer_size: u32;
    }

    /// Creates an instance, `\\.\pipe\chat` or `chat`, in the runtime in which this is called.
    ///
    /// # Errors
    /// As [`named::ServerOptions::create`].
    ///
    /// # Panics
    /// Outside of a runtime of tokio, and in one without its driver of input and output.
    pub fn create(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeServer> {
        NamedPipeServer::new(self.options.create(name(addr.as_ref())?)?)
    }
}

impl ClientOptions {
    /// A client that reads and writes, bytes.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// As [`named::ClientOptions::read`].
        read: bool;
        /// As [`named::ClientOptions::write`].
        write: bool;
        /// As [`named::ClientOptions::pipe_mode`].
        pipe_mode: PipeMode;
    }

    /// Opens an instance that listens, in the runtime in which this is called.
    ///
    /// # Errors
    /// As [`named::ClientOptions::open`]: with the code 231 when all instances are busy.
    ///
    /// # Panics
    /// Outside of a runtime of tokio, and in one without its driver of input and output.
    pub fn open(&self, addr: impl AsRef<OsStr>) -> io::Result<NamedPipeClient> {
        NamedPipeClient::new(self.options.open(name(addr.as_ref())?)?)
    }

    /// Opens an instance, waiting at most until `deadline` for one that listens; nobody can take it between the waiting
    /// and the opening. It waits in a thread that tokio keeps for such things: dropped, it goes on there until the
    /// deadline, and closes what it opens.
    ///
    /// # Errors
    /// As [`named::ClientOptions::open_within`].
    ///
    /// # Panics
    /// As [`ClientOptions::open`].
    pub async fn open_within(
        &self,
        addr: impl AsRef<OsStr>,
        deadline: impl Into<Deadline>,
    ) -> io::Result<NamedPipeClient> {
        let (options, name) = (self.options.clone(), name(addr.as_ref())?.to_owned());
        let deadline = deadline.into();
        let opening = spawn_blocking(move || options.open_within(name, deadline));
        NamedPipeClient::new(opening.await.map_err(io::Error::other)??)
    }
}

impl From<named::ServerOptions> for ServerOptions {
    /// With choices that tokio does not know: where names are, who may connect, who may create instances.
    fn from(options: named::ServerOptions) -> Self {
        Self { options }
    }
}

impl From<named::ClientOptions> for ClientOptions {
    /// With choices that tokio does not know: where names are, whose server it must be.
    fn from(options: named::ClientOptions) -> Self {
        Self { options }
    }
}

/// Names are text here, as they are on Windows.
fn name(addr: &OsStr) -> Result<&str, PipeError> {
    addr.to_str().ok_or(PipeError::InvalidName(NameProblem::NotText))
}
