// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's end of an instance.

mod call;
mod options;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::metered::{Begun, Interest, Metered, Peeked, Read, WriteId};
use cabotage_link::names::{Registry, Scope};
use cabotage_link::{Ready, Wait};
use cabotage_os::Deadline;

pub use call::{call_named_pipe, wait_named_pipe};
pub use options::ClientOptions;

use super::conduit::Conduit;
use super::error::{PipeError, WriteError};
use super::halves::{Apart, Halves, Splits, Unsplit, split};
use super::identity::Identity;
use super::info::PipeInfo;
use super::methods::{pipe_methods, reading_methods, state_methods, writing_methods};
use super::name::PipeName;
use super::overlapped::Steps;
use super::place::{Connection, Definition, show};
use super::rules::{Access, HandleState, PipeMode, State};

/// The client's end of an instance. What it writes is there for the server at once, accepted or not.
#[derive(Debug)]
pub struct NamedPipeClient {
    end: Conduit<Metered>,
    definition: Definition,
    registry: Registry,
    scope: Scope,
    name: PipeName,
}

impl NamedPipeClient {
    fn new(
        connection: Connection,
        access: Access,
        handle: HandleState,
        wait: Wait,
        registry: Registry,
        name: PipeName,
    ) -> Result<Self, PipeError> {
        let Connection { socket, definition, shape, scope } = connection;
        let end = Conduit::of_client(socket, access, handle, shape, wait)?;
        Ok(Self { end, definition, registry, scope, name })
    }

    /// Who the server is: fixed when this end connected, and known until the server disconnects it.
    ///
    /// # Errors
    /// [`PipeError::Disconnected`].
    ///
    /// # Source
    /// `GetNamedPipeServerProcessId`, `GetNamedPipeServerSessionId` of the Windows API.
    pub fn server(&mut self) -> Result<&Identity, PipeError> {
        self.end.peer()
    }

    /// The process of this client.
    pub fn client_process_id(&self) -> u32 {
        std::process::id()
    }

    /// What kind of pipe it is, and how many instances it has.
    ///
    /// # Errors
    /// [`PipeError::Disconnected`]; the system's refusal.
    ///
    /// # Source
    /// `GetNamedPipeInfo` of the Windows API.
    pub fn info(&mut self) -> Result<PipeInfo, PipeError> {
        self.end.observe()?;
        self.end.state.inform()?;
        let instances = match show(&self.registry, &self.name, Some(self.scope)) {
            Ok(shown) => shown.instances.len(),
            Err(PipeError::NotFound) => 0,
            Err(error) => return Err(error),
        };
        Ok(PipeInfo::new(self.end.state.side(), &self.definition, self.end.shape(), instances))
    }

    /// The name, as this client wrote it.
    pub fn name(&self) -> &PipeName {
        &self.name
    }

    /// Looks for what is waited for. When it is not there, arranges for the descriptor to become readable as soon as it
    /// may be. **Call this before every wait on the descriptor**, and wait only on [`Ready::Armed`].
    ///
    /// # Errors
    /// The system's refusal. That the server is gone is [`Ready::Ready`].
    pub fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError> {
        self.end.ready(interest)
    }

    /// The two halves of this end, for two threads: one reads while the other writes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use cabotage_pipe::named::{ClientOptions, Registry, ServerOptions};
    /// # let root = tempfile::tempdir()?;
    /// # let names = Registry::at(root.path().join("user"), root.path().join("system"));
    /// # let patience = Duration::from_secs(60);
    /// # let mut server = ServerOptions::messages().registry(&names).create("chat")?;
    /// # let chat = ClientOptions::messages().registry(&names).open("chat")?;
    /// # server.send(b"ahoy", patience)?;
    /// let (mut reader, mut writer) = chat.split();
    /// let listens = std::thread::spawn(move || -> Result<_, cabotage_pipe::named::PipeError> {
    ///     let mut message = Vec::new();
    ///     reader.receive(&mut message, patience)?;
    ///     Ok((reader, message))
    /// });
    /// writer.send(b"anybody there?", patience)?;
    /// let (reader, message) = listens.join().unwrap()?;
    /// assert_eq!(message, b"ahoy");
    /// let chat = reader.unite(writer).unwrap(); // for what needs both, such as a transaction
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split(self) -> Halves<Self> {
        split(self).unwrap_or_else(|_| unreachable!("a client has its link for life"))
    }

    /// Closes this end: what was written completely stays readable for the server. Dropping does the same.
    pub fn close(self) {}

    #[inline]
    #[allow(clippy::unnecessary_wraps, reason = "a server's end may find no client here")]
    fn data(&mut self) -> Result<&mut Conduit<Metered>, PipeError> {
        Ok(&mut self.end)
    }

    #[allow(clippy::unused_self, reason = "a server's end would listen")]
    fn connect_once(&mut self) -> Result<(), PipeError> {
        Err(PipeError::ServerOnly)
    }

    #[allow(clippy::unnecessary_wraps, reason = "a server's end makes its descriptor")]
    fn waitable(&self) -> Result<BorrowedFd<'_>, PipeError> {
        Ok(self.as_fd())
    }

    #[inline]
    pub(super) fn conduit(&mut self) -> &mut Conduit<Metered> {
        &mut self.end
    }
}

impl Splits for NamedPipeClient {
    type Rest = (Definition, Registry, Scope, PipeName);

    fn take_apart(self) -> Result<Apart<Self>, Box<Unsplit<Self>>> {
        let Self { end, definition, registry, scope, name } = self;
        Ok((end, (definition, registry, scope, name)))
    }

    fn put_together(end: Conduit<Metered>, (definition, registry, scope, name): Self::Rest) -> Self {
        Self { end, definition, registry, scope, name }
    }
}

impl AsFd for NamedPipeClient {
    /// The descriptor to wait on after [`ready`](Self::ready) has answered [`Ready::Armed`]; the same for life. Never
    /// read from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

pipe_methods!(NamedPipeClient);
