// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a client chooses when it opens a pipe. The names are those of tokio, where it has them.

use cabotage_link::Wait;
use cabotage_link::names::{Registry, Scope};
use cabotage_os::Deadline;

use super::NamedPipeClient;
use crate::named::choices::common_choices;
use crate::named::error::PipeError;
use crate::named::name::PipeName;
use crate::named::place::{ConnectOptions, Patience, connect, wait};
use crate::named::rules::{Access, HandleState, PipeMode, WaitMode};

/// What a client chooses. Without other choices: it reads and writes, bytes, and waits for nothing.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    access: Access,
    handle: HandleState,
    wait: Wait,
    how: ConnectOptions,
    registry: Option<Registry>,
}

impl ClientOptions {
    /// A client that reads bytes, whatever the pipe's type is.
    pub fn new() -> Self {
        Self {
            access: Access::BOTH,
            handle: HandleState::CLIENT,
            wait: Wait::default(),
            how: ConnectOptions::default(),
            registry: None,
        }
    }

    /// A client that reads messages.
    pub fn messages() -> Self {
        Self::new().pipe_mode(PipeMode::Message)
    }

    /// How this end reads.
    #[must_use]
    pub fn pipe_mode(mut self, mode: PipeMode) -> Self {
        self.handle.read_mode = mode;
        self
    }

    /// Whether this end is to read (yes, unless told otherwise).
    #[must_use]
    pub fn read(mut self, allowed: bool) -> Self {
        self.access.read = allowed;
        self
    }

    /// Whether this end is to write (yes, unless told otherwise). An end that does neither connects like any other.
    #[must_use]
    pub fn write(mut self, allowed: bool) -> Self {
        self.access.write = allowed;
        self
    }

    /// Opens the pipe only in this scope, and not in the user's and then in the system's.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.how.scope = Some(scope);
        self
    }

    /// Opens the pipe only when its server runs as this user, in the kernel's word: in the system scope every user may
    /// create pipes.
    #[must_use]
    pub fn server_uid(mut self, uid: u32) -> Self {
        self.how.required_uid = Some(uid);
        self
    }

    /// Waits for the pipe to be created, too, when there is none.
    #[must_use]
    pub fn wait_for_server(mut self, wait: bool) -> Self {
        self.how.waits_for_name = wait;
        self
    }

    /// Opens an instance that listens: of `chat`, or `\\.\pipe\chat`.
    ///
    /// # Errors
    /// [`PipeError::NotFound`] without such a pipe; [`PipeError::AllBusy`] without an instance that listens;
    /// [`PipeError::AccessDenied`] when it asks for what the pipe's direction, its permissions or
    /// [`server_uid`](Self::server_uid) do not give; [`PipeError::InvalidParameter`] for messages of a pipe of bytes.
    ///
    /// # Source
    /// `CreateFile` of the Windows API.
    pub fn open(&self, name: impl AsRef<str>) -> Result<NamedPipeClient, PipeError> {
        self.open_within(name, Deadline::Now)
    }

    /// Opens an instance, waiting at most until `deadline` for one that listens. Nobody can take it between the waiting
    /// and the opening.
    ///
    /// # Errors
    /// As [`ClientOptions::open`], but [`PipeError::TimedOut`] where all stayed busy.
    pub fn open_within(
        &self,
        name: impl AsRef<str>,
        deadline: impl Into<Deadline>,
    ) -> Result<NamedPipeClient, PipeError> {
        self.open_at(&PipeName::parse(name.as_ref())?, deadline.into())
    }

    pub(super) fn wait_for_instance_at(&self, name: &PipeName, patience: Patience) -> Result<(), PipeError> {
        wait(&self.names(), name, self.how, patience)
    }

    /// Opens an instance of this name.
    ///
    /// # Errors
    /// As [`ClientOptions::open_within`].
    pub fn open_at(&self, name: &PipeName, deadline: Deadline) -> Result<NamedPipeClient, PipeError> {
        let registry = self.names();
        let connection = connect(&registry, name, self.access, self.how, deadline)?;
        let handle = self.handle.on(connection.shape.pipe_mode)?;
        NamedPipeClient::new(connection, self.access, handle, self.wait, registry, name.clone())
    }
}

common_choices!(ClientOptions, handle: handle);
