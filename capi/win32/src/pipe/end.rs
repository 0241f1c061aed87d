// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end itself, of a server or of a client, with what both can do under one name.

use std::os::fd::BorrowedFd;

use cabotage_link::{Patience, Ready, Wait};
use cabotage_pipe::Deadline;
use cabotage_pipe::named::{
    Completed, HandleState, Interest, NamedPipeClient, NamedPipeServer, Operation, Overlapped, Peeked,
    PipeError, PipeInfo, State, WriteError,
};

/// See the [module](self).
#[derive(Debug)]
pub(super) enum End {
    Server(Box<Overlapped<NamedPipeServer>>),
    Client(Box<Overlapped<NamedPipeClient>>),
}

/// How long a waiting call looks before it sleeps.
pub(super) fn patience() -> Patience {
    Patience::new(Wait::Adaptive)
}

macro_rules! either {
    ($end:expr, $one:ident => $act:expr) => {
        match $end {
            End::Server($one) => $act,
            End::Client($one) => $act,
        }
    };
}

impl End {
    /// Begins to wait for a client, with the very codes of Windows: a client that is there already is an error.
    pub(super) fn begin_connect(&mut self, is_nowait: bool) -> Result<Option<Operation>, PipeError> {
        let Self::Server(server) = self else { return Err(PipeError::ServerOnly) };
        match server.get_mut().state()? {
            State::Connected => Err(PipeError::AlreadyConnected),
            State::Closing => Err(PipeError::Closing),
            State::Listening | State::Disconnected if is_nowait => {
                server.get_mut().connect(Deadline::Now).map(|()| None)
            }
            State::Listening | State::Disconnected => server.begin_connect().map(Some),
        }
    }

    pub(super) fn disconnect(&mut self) -> Result<(), PipeError> {
        match self {
            Self::Server(server) => server.get_mut().disconnect(),
            Self::Client(_) => Err(PipeError::ServerOnly),
        }
    }

    pub(super) fn begin_read(&mut self, bytes_max: usize) -> Result<Operation, PipeError> {
        either!(self, end => end.begin_read(bytes_max))
    }

    pub(super) fn begin_write(&mut self, bytes: &[u8]) -> Result<Operation, PipeError> {
        either!(self, end => end.begin_write(bytes))
    }

    pub(super) fn begin_transact(
        &mut self,
        question: &[u8],
        bytes_max: usize,
    ) -> Result<Operation, PipeError> {
        either!(self, end => end.begin_transact(question, bytes_max))
    }

    pub(super) fn begin_flush(&mut self) -> Result<Operation, PipeError> {
        either!(self, end => end.begin_flush())
    }

    pub(super) fn try_read(&mut self, target: &mut [u8]) -> Result<usize, PipeError> {
        either!(self, end => end.get_mut().try_read(target))
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        either!(self, end => end.get_mut().try_write(bytes))
    }

    pub(super) fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, PipeError> {
        either!(self, end => end.get_mut().peek(target))
    }

    pub(super) fn handle_state(&mut self) -> Result<HandleState, PipeError> {
        either!(self, end => end.get_mut().handle_state())
    }

    pub(super) fn set_handle_state(&mut self, state: HandleState) -> Result<(), PipeError> {
        either!(self, end => end.get_mut().set_handle_state(state))
    }

    pub(super) fn info(&mut self) -> Result<PipeInfo, PipeError> {
        either!(self, end => end.get_mut().info())
    }

    pub(super) fn result(&mut self, operation: Operation) -> Result<Completed, PipeError> {
        either!(self, end => end.result(operation))
    }

    pub(super) fn cancel(&mut self, operation: Operation) -> Result<usize, PipeError> {
        either!(self, end => end.cancel(operation))
    }

    /// Whether some operation has gone on; if none can, the [descriptor](Self::fd) tells when one may.
    pub(super) fn ready(&mut self) -> Result<Ready, PipeError> {
        either!(self, end => end.ready())
    }

    /// Whether an operation is pending, or something else goes on that needs looking after.
    pub(super) fn is_busy(&self) -> bool {
        either!(self, end => end.is_busy())
    }

    /// The same for a read that is no operation.
    pub(super) fn ready_to_read(&mut self) -> Result<Ready, PipeError> {
        either!(self, end => end.get_mut().ready(Interest::Read))
    }

    pub(super) fn fd(&self) -> Result<BorrowedFd<'_>, PipeError> {
        either!(self, end => end.fd())
    }
}
