// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of one end of an instance, and what it answers to each operation: the table of docs/sources.md.
//!
//! The state says what an operation may do. Whether it then finishes at once or waits depends on what is unread and
//! on the quotas, which the data path knows. A test of each cell stands in `state/tests.rs`.

use super::mode::WaitMode;
use crate::named::error::PipeError;

/// Which end of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Its creator's.
    Server,
    /// The one that was opened.
    Client,
}

/// The state of an end, with Windows' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The server has thrown the client out: of a server's end, until it listens again; of a client's, for ever.
    Disconnected = 1,
    /// A server's end waits for a client, or lets one in that comes.
    Listening = 2,
    /// Both ends are there.
    Connected = 3,
    /// The other end is closed.
    Closing = 4,
}

/// One end of an instance, as far as rules go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndState {
    pub(super) side: Side,
    pub(super) state: State,
    /// Whether something that this client wrote was read.
    pub(super) was_read_from: bool,
}

/// What a read is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Take what is there.
    Take,
    /// Wait for it.
    Wait,
}

/// What a flush is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushing {
    /// Nothing: nobody reads it anyway, or everything was read.
    Done,
    /// Wait until the other end has read everything.
    WaitUntilRead,
}

impl EndState {
    /// The server's end of a new instance: it listens from its creation.
    pub const SERVER: Self = Self { side: Side::Server, state: State::Listening, was_read_from: false };

    /// The server's end of an instance whose client was thrown out.
    pub const PARTED_SERVER: Self = Self { state: State::Disconnected, ..Self::SERVER };

    /// The end of a client that has opened an instance.
    pub const CLIENT: Self = Self { side: Side::Client, state: State::Connected, was_read_from: false };

    /// Where it stands.
    #[inline]
    pub fn state(&self) -> State {
        self.state
    }

    /// Which end it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// A client has come to this server's end.
    pub fn client_came(&mut self) {
        if self.state == State::Listening {
            self.state = State::Connected;
        }
    }

    /// The other end was closed, or its process ended.
    pub fn peer_closed(&mut self) {
        if self.state == State::Connected {
            self.state = State::Closing;
        }
    }

    /// The server has disconnected this client.
    pub fn was_disconnected(&mut self) {
        if self.side == Side::Client {
            self.state = State::Disconnected;
        }
    }

    /// A read, where something unread is there or not.
    ///
    /// # Errors
    /// What the state says.
    pub fn read(&self, is_unread: bool, wait: WaitMode) -> Result<Reading, PipeError> {
        match (self.state, is_unread, wait) {
            (State::Listening, ..) => Err(PipeError::Listening),
            (State::Disconnected, ..) => Err(PipeError::Disconnected),
            (State::Connected | State::Closing, true, _) => Ok(Reading::Take),
            (State::Connected, false, WaitMode::Wait) => Ok(Reading::Wait),
            (State::Connected, false, WaitMode::NoWait) => Err(PipeError::Empty),
            (State::Closing, false, _) => Err(PipeError::Broken),
        }
    }

    /// A write: whether it may go to the data path.
    ///
    /// # Errors
    /// What the state says.
    pub fn write(&self) -> Result<(), PipeError> {
        match self.state {
            State::Connected => Ok(()),
            State::Closing => Err(PipeError::Closing),
            State::Listening => Err(PipeError::Listening),
            State::Disconnected => Err(PipeError::Disconnected),
        }
    }

    /// A peek, where something unread is there or not: it never waits.
    ///
    /// # Errors
    /// What the state says.
    pub fn peek(&self, is_unread: bool) -> Result<(), PipeError> {
        match (self.state, is_unread) {
            (State::Connected, _) | (State::Closing, true) => Ok(()),
            (State::Closing, false) => Err(PipeError::Broken),
            _ => Err(self.no_pipe()),
        }
    }

    /// A transaction: whether the state allows it. Its other conditions are those of
    /// [`may_transact`](super::may_transact).
    ///
    /// # Errors
    /// What the state says.
    pub fn transact(&self) -> Result<(), PipeError> {
        match self.state {
            State::Connected => Ok(()),
            State::Closing => Err(PipeError::InvalidState),
            _ => Err(self.no_pipe()),
        }
    }

    /// A flush.
    ///
    /// # Errors
    /// What the state says.
    pub fn flush(&self) -> Result<Flushing, PipeError> {
        match (self.side, self.state) {
            (_, State::Connected) => Ok(Flushing::WaitUntilRead),
            (Side::Client, State::Disconnected) => Err(PipeError::Disconnected),
            _ => Ok(Flushing::Done),
        }
    }

    /// Listening for a client (`ConnectNamedPipe`). When it answers that this end listens, the operation is pending
    /// until a client comes. From disconnected on, the instance has to be offered anew.
    ///
    /// # Errors
    /// What the state says; that a client is there already is one of them.
    pub fn listen(&mut self, wait: WaitMode) -> Result<Listening, PipeError> {
        if self.side == Side::Client {
            return Err(PipeError::ServerOnly);
        }
        match (self.state, wait) {
            (State::Listening, WaitMode::Wait) => Ok(Listening::Goes),
            (State::Listening, WaitMode::NoWait) => Err(PipeError::Listening),
            (State::Connected, _) => Err(PipeError::AlreadyConnected),
            (State::Closing, _) => Err(PipeError::Closing),
            (State::Disconnected, _) => {
                *self = Self::SERVER;
                Ok(Listening::Begins)
            }
        }
    }

    /// Throwing the client out. Everything unread is destroyed, both ways.
    ///
    /// # Errors
    /// What the state says.
    pub fn disconnect(&mut self) -> Result<(), PipeError> {
        if self.side == Side::Client {
            return Err(PipeError::ServerOnly);
        }
        match self.state {
            State::Connected | State::Closing => {
                self.state = State::Disconnected;
                Ok(())
            }
            State::Listening => Err(PipeError::Listening),
            State::Disconnected => Err(PipeError::Disconnected),
        }
    }

    /// Asking for information, or changing modes or permissions.
    ///
    /// # Errors
    /// What the state says.
    pub fn inform(&self) -> Result<(), PipeError> {
        match (self.side, self.state) {
            (Side::Client, State::Disconnected) => Err(PipeError::Disconnected),
            _ => Ok(()),
        }
    }

    /// What one says who needs the other end and has none.
    fn no_pipe(&self) -> PipeError {
        match self.side {
            Side::Server => PipeError::InvalidState,
            Side::Client => PipeError::Disconnected,
        }
    }
}

/// What a server that listens has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    /// The instance is offered already: wait.
    Goes,
    /// The instance was disconnected: offer it anew, then wait, unless the handle does not wait.
    Begins,
}

#[cfg(test)]
mod tests;
