// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a handle tells and lets be told: modes, kind, who is at the other end; peeking and disconnecting.

use cabotage_pipe::named::{
    ClientToken, HandleState, Identity, Peeked, PipeError, PipeInfo, PipeMode, WaitMode,
};

use super::Pipe;
use super::end::End;
use crate::failure::Answer;

/// How a handle reads, and whether its calls wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HandleModes {
    pub(crate) is_message: bool,
    pub(crate) is_nowait: bool,
}

/// Who is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Client,
    Server,
}

/// What is asked of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Process,
    Session,
}

impl HandleModes {
    pub(super) fn state(self) -> HandleState {
        HandleState {
            read_mode: if self.is_message { PipeMode::Message } else { PipeMode::Byte },
            wait_mode: if self.is_nowait { WaitMode::NoWait } else { WaitMode::Wait },
        }
    }

    fn of(state: HandleState) -> Self {
        Self {
            is_message: state.read_mode == PipeMode::Message,
            is_nowait: state.wait_mode == WaitMode::NoWait,
        }
    }
}

impl Pipe {
    /// # Errors
    /// As `DisconnectNamedPipe`.
    pub(crate) fn disconnect(&self) -> Answer<()> {
        self.with_end(End::disconnect)
    }

    /// # Errors
    /// As `PeekNamedPipe`.
    pub(crate) fn peek(&self, target: &mut [u8]) -> Answer<(Peeked, bool)> {
        self.with_end(|end| {
            let peeked = end.peek(target)?;
            Ok((peeked, end.is_of_messages()))
        })
    }

    /// # Errors
    /// As `GetNamedPipeHandleState`.
    pub(crate) fn modes(&self) -> Answer<HandleModes> {
        self.with_end(End::handle_state).map(HandleModes::of)
    }

    /// # Errors
    /// As `SetNamedPipeHandleState`.
    pub(crate) fn set_modes(&self, modes: HandleModes) -> Answer<()> {
        let mut cell = self.lock();
        cell.end()?.set_handle_state(modes.state())?;
        cell.is_nowait = modes.is_nowait;
        self.settle(&mut cell);
        Ok(())
    }

    /// # Errors
    /// As `GetNamedPipeInfo`.
    pub(crate) fn info(&self) -> Answer<PipeInfo> {
        self.with_end(End::info)
    }

    /// Who is at the client's or the server's end.
    ///
    /// # Errors
    /// As `GetNamedPipeClientProcessId` and its siblings.
    pub(crate) fn identity(&self, whose: Whose, asked: Asked) -> Answer<u32> {
        self.with_end(|end| end.identity(whose, asked))
    }

    /// # Errors
    /// As `ImpersonateNamedPipeClient`.
    pub(crate) fn impersonate(&self) -> Answer<ClientToken> {
        self.with_end(End::impersonate)
    }

    /// Whether it is the server's end.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn is_server(&self) -> Answer<bool> {
        Ok(matches!(self.lock().end()?, End::Server(_)))
    }
}

impl End {
    fn identity(&mut self, whose: Whose, asked: Asked) -> Result<u32, PipeError> {
        let other = match (&mut *self, whose) {
            (Self::Server(server), Whose::Client) => Some(server.get_mut().client()?),
            (Self::Client(client), Whose::Server) => Some(client.get_mut().server()?),
            (Self::Server(_), Whose::Server) => None,
            (Self::Client(client), Whose::Client) => client.get_mut().server().map(|_| None)?,
        };
        Ok(match (other, asked) {
            (Some(other), Asked::Process) => other.pid().unsigned_abs(),
            (Some(other), Asked::Session) => session(other),
            (None, Asked::Process) => std::process::id(),
            (None, Asked::Session) => own_session(),
        })
    }

    fn impersonate(&mut self) -> Result<ClientToken, PipeError> {
        match self {
            Self::Server(server) => server.get_mut().impersonate(),
            Self::Client(_) => Err(PipeError::ServerOnly),
        }
    }

    /// Whether writes are kept apart.
    fn is_of_messages(&mut self) -> bool {
        match self {
            Self::Server(server) => server.get_mut().pipe_mode() == PipeMode::Message,
            Self::Client(client) => client.get_mut().pipe_mode() == PipeMode::Message,
        }
    }
}

/// A session that nobody knows is 0, the one that Windows gives to services.
fn session(of: &Identity) -> u32 {
    of.session_id().unwrap_or(0).unsigned_abs()
}

fn own_session() -> u32 {
    let own = cabotage_os::process::Pid::from_raw(std::process::id().cast_signed());
    own.and_then(|own| cabotage_os::process::session_of(own).ok().flatten()).unwrap_or(0).unsigned_abs()
}
