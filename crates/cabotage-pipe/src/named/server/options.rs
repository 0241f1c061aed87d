// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server chooses when it creates an instance. The names are those of tokio, where it has them.

use std::time::Duration;

use cabotage_link::Wait;
use cabotage_link::names::{Registry, Scope};
use cabotage_os::Deadline;

use super::NamedPipeServer;
use crate::named::choices::common_choices;
use crate::named::error::{Mistake, PipeError};
use crate::named::name::PipeName;
use crate::named::place::{Creators, Rights, create};
use crate::named::rules::{Access, Asked, HandleState, PipeMode, UNLIMITED, WaitMode};

/// What a server chooses.
///
/// Without other choices: both ways, bytes, any number of instances, quotas of 65,536 bytes, for this user's processes.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    pub(super) asked: Asked,
    /// `None`: as the pipe's type is.
    read_mode: Option<PipeMode>,
    pub(super) wait: Wait,
    scope: Scope,
    rights: Rights,
    registry: Option<Registry>,
}

/// How long a creation waits for others who are creating instances of the same name.
const TURN: Duration = Duration::from_secs(10);

impl ServerOptions {
    /// A pipe of bytes.
    pub fn new() -> Self {
        let asked = Asked {
            access: Access::BOTH,
            pipe_mode: PipeMode::Byte,
            handle: HandleState::default(),
            instances_max: UNLIMITED,
            in_quota_bytes: 65_536,
            out_quota_bytes: 65_536,
            default_timeout: Duration::ZERO,
            first_instance: false,
        };
        let (wait, rights) = (Wait::default(), Rights::default());
        Self { asked, read_mode: None, wait, scope: Scope::User, rights, registry: None }
    }

    /// A pipe of messages, read as messages.
    pub fn messages() -> Self {
        Self::new().pipe_mode(PipeMode::Message)
    }

    /// Whether writes are kept apart, and, unless [`read_mode`](Self::read_mode) says otherwise, whether this end reads
    /// them so.
    #[must_use]
    pub fn pipe_mode(mut self, mode: PipeMode) -> Self {
        self.asked.pipe_mode = mode;
        self
    }

    /// How this end reads.
    #[must_use]
    pub fn read_mode(mut self, mode: PipeMode) -> Self {
        self.read_mode = Some(mode);
        self
    }

    /// Whether data flows from client to server (yes, unless told otherwise).
    #[must_use]
    pub fn access_inbound(mut self, allowed: bool) -> Self {
        self.asked.access.read = allowed;
        self
    }

    /// Whether data flows from server to client (yes, unless told otherwise).
    #[must_use]
    pub fn access_outbound(mut self, allowed: bool) -> Self {
        self.asked.access.write = allowed;
        self
    }

    /// Whether creating fails when the pipe exists: who is the first knows that nobody else serves this name.
    #[must_use]
    pub fn first_pipe_instance(mut self, first: bool) -> Self {
        self.asked.first_instance = first;
        self
    }

    /// The most instances of the name, all servers together: 1 to 254, or 255 for any number. The first instance's
    /// counts.
    #[must_use]
    pub fn max_instances(mut self, instances: usize) -> Self {
        self.asked.instances_max = instances;
        self
    }

    /// How many bytes from the client may be unread before its writes wait. 0 is legal: then each write waits for its
    /// read.
    #[must_use]
    pub fn in_buffer_size(mut self, bytes: u32) -> Self {
        self.asked.in_quota_bytes = bytes as usize;
        self
    }

    /// The same for the server's writes.
    #[must_use]
    pub fn out_buffer_size(mut self, bytes: u32) -> Self {
        self.asked.out_quota_bytes = bytes as usize;
        self
    }

    /// How long a client waits for an instance that does not say how long. Zero means 50 milliseconds.
    #[must_use]
    pub fn default_timeout(mut self, patience: Duration) -> Self {
        self.asked.default_timeout = patience;
        self
    }

    /// Taken, and without effect: clients are always of this machine.
    #[must_use]
    pub fn reject_remote_clients(self, _reject: bool) -> Self {
        self
    }

    /// Who finds the name: this user's processes, unless told otherwise.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Which users may connect, as permission bits (write permission counts): `0o600` unless told otherwise. The first
    /// instance's counts.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.rights.mode = mode;
        self
    }

    /// The group that the middle digit of [`mode`](Self::mode) is about.
    #[must_use]
    pub fn group(mut self, gid: u32) -> Self {
        self.rights.group = Some(gid);
        self
    }

    /// Who else may create instances of the name: nobody, unless told otherwise. That a client may connect and write
    /// never makes it a server.
    #[must_use]
    pub fn creators(mut self, creators: Creators) -> Self {
        self.rights.creators = creators;
        self
    }

    /// Creates an instance: `chat`, or `\\.\pipe\chat`. It listens from now on.
    ///
    /// # Errors
    /// [`PipeError::InvalidName`] and [`PipeError::InvalidParameter`]; [`PipeError::AccessDenied`] and
    /// [`PipeError::TooManyInstances`] when the pipe exists and lets no such instance be; the system's refusal.
    ///
    /// # Source
    /// `CreateNamedPipe` of the Windows API.
    pub fn create(&self, name: impl AsRef<str>) -> Result<NamedPipeServer, PipeError> {
        self.create_at(&PipeName::parse(name.as_ref())?)
    }

    /// Creates an instance of this name.
    ///
    /// # Errors
    /// As [`ServerOptions::create`].
    pub fn create_at(&self, name: &PipeName) -> Result<NamedPipeServer, PipeError> {
        let mut asked = self.asked;
        asked.handle.read_mode = self.read_mode.unwrap_or(asked.pipe_mode);
        let creation = asked.check()?;
        if self.rights.mode > 0o777 {
            return Err(PipeError::InvalidParameter(Mistake::Mode { mode: self.rights.mode }));
        }
        let registry = self.names();
        let turn = Deadline::within(TURN);
        let instance = create(&registry, self.scope, name, &creation, self.rights, turn)?;
        Ok(NamedPipeServer::new(instance, &creation, self.clone(), name.clone()))
    }
}

common_choices!(ServerOptions, handle: asked.handle);
