// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why something did not happen to a named pipe: one variant for each answer that Windows gives.
//!
//! [`PipeError::code`] and [`PipeError::status`] are the numbers by which Windows programs know them: see `codes`.

use std::io;

use cabotage_link::LinkError;
use cabotage_os::{Fault, SystemError};

use super::name::{CHARACTERS_MAX, PREFIX};
use super::rules::Direction;

mod codes;

/// Why something did not happen to a named pipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    /// `ERROR_PIPE_LISTENING`.
    #[error("no client has connected to this instance yet: accept one first")]
    Listening,
    /// `ERROR_PIPE_CONNECTED`.
    #[error("a client has this instance already: go on with it, or disconnect it first")]
    AlreadyConnected,
    /// `ERROR_PIPE_NOT_CONNECTED`.
    #[error(
        "the server has disconnected this instance: a server listens again, a client opens the pipe anew"
    )]
    Disconnected,
    /// `ERROR_NO_DATA`, of a write or a listening: the other end is closed.
    #[error("the other end is closed, so nobody would read this: a server disconnects, a client opens anew")]
    Closing,
    /// `ERROR_NO_DATA`, of a read.
    #[error("there is nothing to read yet: try later, or wait with a deadline")]
    Empty,
    /// `ERROR_BROKEN_PIPE`.
    #[error("the other end is closed, and all that it had written was read")]
    Broken,
    /// `ERROR_PIPE_BUSY`, of an open.
    #[error("all instances are busy with other clients: open with a deadline to wait for one")]
    AllBusy,
    /// `ERROR_PIPE_BUSY`, of a creation.
    #[error("the pipe has its {max} instances already: close one, or let its first creator allow more")]
    TooManyInstances {
        /// How many instances the first one allows.
        max: u8,
    },
    /// `ERROR_PIPE_BUSY`, of a transaction.
    #[error("there is unread data, which would be taken for the answer: read it first")]
    UnreadData,
    /// `ERROR_BAD_PIPE`, by the state.
    #[error("this instance has no client, so there is nothing to look at or to ask: accept one first")]
    InvalidState,
    /// `ERROR_BAD_PIPE`, by the modes.
    #[error("only a pipe of messages that is read as messages can do this: set the read mode to messages")]
    InvalidReadMode,
    /// `ERROR_MORE_DATA`.
    #[error("the message is longer than the buffer: its rest is in the pipe, read on")]
    MoreData {
        /// How many bytes stand in the buffer.
        got_bytes: usize,
    },
    /// `ERROR_SEM_TIMEOUT`.
    #[error("it did not happen before the deadline")]
    TimedOut,
    /// `ERROR_FILE_NOT_FOUND`.
    #[error("there is no pipe of this name: start its server first, or open with a deadline to wait for it")]
    NotFound,
    /// `ERROR_ACCESS_DENIED`.
    #[error(transparent)]
    AccessDenied(Denial),
    /// `ERROR_INVALID_PARAMETER`.
    #[error(transparent)]
    InvalidParameter(Mistake),
    /// `ERROR_INVALID_NAME`.
    #[error(transparent)]
    InvalidName(NameProblem),
    /// `ERROR_PATH_NOT_FOUND`.
    #[error("a pipe needs a name: `{PREFIX}NAME`")]
    PathNotFound,
    /// `ERROR_INVALID_FUNCTION`.
    #[error("only the server's end can do this")]
    ServerOnly,
    /// `ERROR_NOT_FOUND`, of who the client is.
    #[error("this instance has no client: accept one first")]
    NoClient,
    /// `ERROR_NOT_FOUND`, of a cancellation.
    #[error("the operation is over already: there is nothing to cancel")]
    NothingToCancel,
    /// `ERROR_OPERATION_ABORTED`.
    #[error("the operation was cancelled")]
    Cancelled,
    /// `ERROR_IO_INCOMPLETE`.
    #[error("the operation is not finished yet: wait for it, or look again later")]
    Incomplete,
    /// `ERROR_CANNOT_IMPERSONATE`.
    #[error("a client can be impersonated once something that it wrote was read: read first")]
    CannotImpersonate,
    /// `ERROR_BROKEN_PIPE` too, for want of a better one: the other end broke a rule of ours, not of Windows.
    #[error("{0}")]
    Peer(LinkError),
    /// `ERROR_INVALID_HANDLE`.
    #[error("this end stayed with the parent process when it forked: make or open one in the child")]
    Forked,
    /// What a reactor of the program answers that cannot wait for this end any more: `ERROR_GEN_FAILURE`.
    #[error("the reactor cannot wait for this end: {0}")]
    Reactor(String),
    /// The kernel's refusal, with the code that fits it best.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why not everything was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{taken_bytes} of {wanted_bytes} bytes are with the other end: {source}")]
pub struct WriteError {
    /// How many bytes from the start the other end has read, or will; the rest is taken back.
    pub taken_bytes: usize,
    /// How many there were.
    pub wanted_bytes: usize,
    /// Why no more.
    pub source: PipeError,
}

/// Why access was denied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// A client asks for what the pipe does not have.
    #[error("the pipe is {direction}: open it for what that leaves to a client")]
    Direction {
        /// The pipe's direction.
        direction: Direction,
    },
    /// A further instance has another direction than the first.
    #[error("the pipe is {direction}, and so are all its instances: create this one so too")]
    OtherDirection {
        /// The direction of the first instance.
        direction: Direction,
    },
    /// The pipe exists, and its creator wanted to be the first.
    #[error("the pipe exists already, and this was to be its first instance: is another server running?")]
    NotFirst,
    /// The pipe exists, and belongs to others who let us make no instance of it.
    #[error("the pipe belongs to others, who let this user create no instance: choose another name")]
    CreateInstance,
    /// This end was opened without it.
    #[error("this end was not opened for reading")]
    NotForReading,
    /// This end was opened without it.
    #[error("this end was not opened for writing")]
    NotForWriting,
    /// A server that only writes has no right to ask.
    #[error("the server's end of an outbound pipe cannot ask for information: keep what it was created with")]
    Information,
    /// The other end is not whom the caller wants.
    #[error("the pipe's server runs as user {uid}, and another one was required: do not trust it")]
    OtherUser {
        /// As whom it runs.
        uid: u32,
    },
    /// Mode and group of the pipe, or of a directory above it.
    #[error("{0}")]
    Refused(String),
}

/// What is wrong with an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// The read mode does not fit the type.
    #[error("a pipe of bytes has no messages to read: create it as a pipe of messages")]
    MessagesOfAByteStream,
    /// The number of instances.
    #[error("a pipe has 1 to 254 instances, or 255 for as many as there is room: {asked} is none of these")]
    Instances {
        /// What was asked for.
        asked: usize,
    },
    /// The server would neither read nor write.
    #[error("a pipe without a direction: let the server read, write, or both")]
    NoDirection,
    /// A time that Windows has no number for.
    #[error("a time-out has up to 4,294,967,294 milliseconds: take a shorter one")]
    Timeout,
    /// A size that Windows has no number for.
    #[error("a quota has up to 4,294,967,295 bytes: {asked} is more")]
    Quota {
        /// What was asked for.
        asked: usize,
    },
    /// Permission bits.
    #[error("{mode:#o} is no mode for a pipe: use permission bits, up to 0o777")]
    Mode {
        /// What was asked for.
        mode: u32,
    },
}

/// Why something is no name of a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// It lacks the prefix.
    #[error("the name of a pipe starts with `{PREFIX}`")]
    Prefix,
    /// There is nothing behind the prefix.
    #[error("the name of a pipe says which one after `{PREFIX}`")]
    Bare,
    /// It is too long.
    #[error(
        "the name of a pipe has up to {CHARACTERS_MAX} characters, `{PREFIX}` included: this has {characters}"
    )]
    TooLong {
        /// How long it is, in UTF-16 units.
        characters: usize,
    },
    /// It has a character that ends names.
    #[error("the name of a pipe has no zero character")]
    ZeroCharacter,
    /// It is no text.
    #[error("the name of a pipe is text, and this is not valid as such")]
    NotText,
    /// It names a pipe of another machine.
    #[error("pipes are local: the name starts with `{PREFIX}`, whatever machine that is")]
    Remote,
}

impl PipeError {
    /// Whose fault it is. What the other end does, or does not do yet, is a peer's.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Empty
            | Self::Closing
            | Self::Broken
            | Self::Disconnected
            | Self::AllBusy
            | Self::TooManyInstances { .. }
            | Self::UnreadData
            | Self::TimedOut
            | Self::NotFound
            | Self::MoreData { .. }
            | Self::Incomplete => Fault::Peer,
            Self::AccessDenied(denial) => denial.fault(),
            Self::Peer(error) => error.fault(),
            Self::System(_) | Self::Reactor(_) => Fault::System,
            _ => Fault::Caller,
        }
    }

    /// What a reactor says; an error of ours that went through one is itself again.
    pub(super) fn of_reactor(error: io::Error) -> Self {
        match error.downcast() {
            Ok(ours) => ours,
            Err(error) => Self::Reactor(error.to_string()),
        }
    }

    /// The error of a pipe that an error of the standard library carries, if it does: its [`code`](Self::code) is what
    /// programs for Windows look for in `raw_os_error`.
    pub fn of(error: &io::Error) -> Option<&Self> {
        let inner = error.get_ref()?;
        inner.downcast_ref().or_else(|| inner.downcast_ref().map(|write: &WriteError| &write.source))
    }

    /// The error as the standard library classifies it.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Empty | Self::Listening | Self::Incomplete => io::ErrorKind::WouldBlock,
            Self::TimedOut => io::ErrorKind::TimedOut,
            Self::Broken | Self::Closing | Self::Peer(_) => io::ErrorKind::BrokenPipe,
            Self::Disconnected | Self::NoClient | Self::InvalidState => io::ErrorKind::NotConnected,
            Self::AllBusy | Self::TooManyInstances { .. } | Self::UnreadData => io::ErrorKind::ResourceBusy,
            Self::NotFound | Self::PathNotFound | Self::NothingToCancel => io::ErrorKind::NotFound,
            Self::AccessDenied(_) => io::ErrorKind::PermissionDenied,
            Self::InvalidParameter(_) | Self::InvalidName(_) | Self::InvalidReadMode => {
                io::ErrorKind::InvalidInput
            }
            Self::ServerOnly => io::ErrorKind::Unsupported,
            Self::System(refusal) => refusal.kind(),
            _ => io::ErrorKind::Other,
        }
    }
}

impl WriteError {
    pub(super) fn new(taken_bytes: usize, wanted: &[u8], source: PipeError) -> Self {
        Self { taken_bytes, wanted_bytes: wanted.len(), source }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.source.fault()
    }

    /// The Win32 code (`GetLastError`).
    pub fn code(&self) -> u32 {
        self.source.code()
    }

    /// The NTSTATUS.
    pub fn status(&self) -> u32 {
        self.source.status()
    }
}

impl Denial {
    fn fault(&self) -> Fault {
        match self {
            Self::Direction { .. }
            | Self::OtherDirection { .. }
            | Self::Information
            | Self::NotForReading
            | Self::NotForWriting => Fault::Caller,
            Self::NotFirst | Self::CreateInstance | Self::OtherUser { .. } | Self::Refused(_) => Fault::Peer,
        }
    }
}

impl From<PipeError> for io::Error {
    fn from(error: PipeError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        Self::new(error.source.kind(), error)
    }
}

impl From<WriteError> for PipeError {
    fn from(error: WriteError) -> Self {
        error.source
    }
}
