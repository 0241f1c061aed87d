// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can become of one message.

use cabotage_link as link;
use cabotage_link::SetError;
use cabotage_os::map::MapError;
use cabotage_os::sealed::DraftError;
use cabotage_os::{Errno, Fault, SystemError};

use super::{ChannelError, TooLarge};
use crate::status::Status;

/// Why a message was not sent. Nothing of it has left, and it can be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It is longer than the port takes.
    #[error("a message of {bytes} bytes is above the port's limit of {bytes_max}")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        bytes_max: usize,
    },
    /// No technique takes a body of this size.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// It declares more ranges than one request may.
    #[error("a request that lends {given} ranges can't be: lend at most {max}")]
    TooManyRanges {
        /// How many were given.
        given: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A secure view goes with what is answered, so that it can be refused.
    #[error("a secure view goes with requests and replies only: send a plain one")]
    SecureView,
    /// Its view is of another channel.
    #[error("the view belongs to another channel: take it from the end that sends it")]
    StrangeView,
    /// There are more handles than the receiver takes.
    #[error("the receiver takes {handles_max} handles with one message, and {given} were given")]
    TooManyHandles {
        /// How many were given.
        given: usize,
        /// How many it takes.
        handles_max: usize,
    },
    /// The other end left no room until the deadline.
    #[error("the other end left no room for the message until the deadline")]
    Full,
    /// The client is not, or no longer, one of this port.
    #[error("this port has no such client")]
    NoClient,
    /// The channel is over.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl SendError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLong { .. }
            | Self::TooLarge(_)
            | Self::TooManyRanges { .. }
            | Self::TooManyHandles { .. }
            | Self::StrangeView
            | Self::SecureView
            | Self::NoClient => Fault::Caller,
            Self::Full => Fault::Peer,
            Self::Channel(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::TooLong { .. } | Self::TooLarge(_) => Status::PORT_MESSAGE_TOO_LONG,
            Self::TooManyRanges { .. } | Self::StrangeView | Self::SecureView => Status::INVALID_PARAMETER,
            Self::TooManyHandles { .. } => Status::LPC_HANDLE_COUNT_EXCEEDED,
            Self::Full => Status::TIMEOUT,
            Self::NoClient => Status::PORT_DISCONNECTED,
            Self::Channel(error) => error.status(),
        }
    }
}

impl SendError {
    /// A write into a view of our own, inside of it.
    pub(crate) fn of_map(error: MapError) -> Self {
        match error {
            MapError::System(refusal) => Self::Channel(refusal.into()),
            _ => Self::Channel(ChannelError::Forked),
        }
    }

    /// A write into a draft of our own, inside of it, or its making.
    pub(crate) fn of_draft(error: DraftError) -> Self {
        match error {
            DraftError::System(refusal) => Self::Channel(refusal.into()),
            error => Self::Channel(SystemError::new("ftruncate", error, Errno::FBIG).into()),
        }
    }
}

impl From<link::SendError> for SendError {
    fn from(error: link::SendError) -> Self {
        match error {
            link::SendError::Full => Self::Full,
            link::SendError::TooLong { bytes, bytes_max } => Self::TooLong { bytes, bytes_max },
            link::SendError::Link(error) => Self::Channel(error.into()),
            link::SendError::StrangeBlock => Self::StrangeView,
            // Of blocks and descriptors, of which there are never too many.
            _ => Self::Channel(ChannelError::Died),
        }
    }
}

/// Why no reply will come to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// Whoever had it let go of it without an answer.
    #[error("whoever had the request let go of it without an answer")]
    Dropped,
    /// The other end has as many unanswered requests as it takes.
    #[error("the other end has as many unanswered requests of ours as it takes")]
    Excess,
    /// It was a callback, and the client does not take any, or does not wait any more for what it was about.
    #[error("the client takes no callback now")]
    NotAwaited,
    /// The other end holds as many views of ours as it takes.
    #[error("the other end holds as many views as it takes: it must let go of some first")]
    Views,
    /// The body was to be read directly, and could not be.
    #[error("the body was to be read where it lies, and could not be")]
    Unread,
    /// The other end is gone.
    #[error("{0}")]
    Gone(#[source] ChannelError),
}

impl Loss {
    /// As it goes over the wire.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Dropped | Self::Gone(_) => 0,
            Self::Excess => 1,
            Self::NotAwaited => 2,
            Self::Views => 3,
            Self::Unread => 4,
        }
    }

    /// What the other end says.
    pub(crate) fn told(number: u64) -> Self {
        match number {
            1 => Self::Excess,
            2 => Self::NotAwaited,
            3 => Self::Views,
            4 => Self::Unread,
            _ => Self::Dropped,
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Excess | Self::Views => Status::INSUFFICIENT_RESOURCES,
            Self::Dropped | Self::NotAwaited | Self::Unread | Self::Gone(_) => Status::LPC_REPLY_LOST,
        }
    }
}

/// Why a request has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was not sent.
    #[error(transparent)]
    NotSent(#[from] SendError),
    /// No reply came until the deadline; the request is canceled, and a late reply will be dropped.
    #[error("no reply came until the deadline; the request was canceled")]
    TimedOut,
    /// It was canceled while it waited.
    #[error("the request was canceled while it waited")]
    Canceled,
    /// No reply will come.
    #[error("the reply is lost: {0}")]
    Lost(#[source] Loss),
    /// The reply is longer than the buffer; it waits to be received.
    #[error("the reply has {bytes} bytes and the buffer is smaller: it waits in the queue, receive it")]
    BufferTooSmall {
        /// How many bytes the reply has.
        bytes: usize,
    },
}

impl RequestError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotSent(error) => error.fault(),
            Self::TimedOut => Fault::Peer,
            Self::Canceled | Self::BufferTooSmall { .. } => Fault::Caller,
            Self::Lost(Loss::Gone(error)) => error.fault(),
            Self::Lost(_) => Fault::Peer,
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::NotSent(error) => error.status(),
            Self::TimedOut => Status::TIMEOUT,
            Self::Canceled => Status::MESSAGE_LOST,
            Self::Lost(loss) => loss.status(),
            Self::BufferTooSmall { .. } => Status::BUFFER_TOO_SMALL,
        }
    }
}

/// Why nothing was received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Nothing came until the deadline.
    #[error("nothing came until the deadline")]
    Nothing,
    /// The next message is longer than the buffer; it stays in the queue.
    #[error(
        "the next message has {bytes} bytes and the buffer is smaller: it stays, receive it with a larger one"
    )]
    BufferTooSmall {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The channel is over.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl ReceiveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Nothing => Fault::Peer,
            Self::BufferTooSmall { .. } => Fault::Caller,
            Self::Channel(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Nothing => Status::TIMEOUT,
            Self::BufferTooSmall { .. } => Status::BUFFER_TOO_SMALL,
            Self::Channel(error) => error.status(),
        }
    }
}

impl From<link::ReceiveError> for ReceiveError {
    fn from(error: link::ReceiveError) -> Self {
        match error {
            link::ReceiveError::Nothing => Self::Nothing,
            link::ReceiveError::Link(error) => Self::Channel(error.into()),
            _ => Self::Channel(ChannelError::Died),
        }
    }
}

impl From<SetError> for ReceiveError {
    fn from(error: SetError) -> Self {
        match error {
            SetError::System(refusal) => Self::Channel(ChannelError::System(refusal)),
            SetError::Forked => Self::Channel(ChannelError::Forked),
            // A port's set has its listener always.
            _ => Self::Nothing,
        }
    }
}

impl From<SystemError> for ReceiveError {
    fn from(refusal: SystemError) -> Self {
        Self::Channel(refusal.into())
    }
}

/// Why a reply did not go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Requests have no number 0.
    #[error("0 is no number of a request: a datagram has no reply")]
    NoRequest,
    /// The request has its reply, or there is none of this number.
    #[error("this client waits for no reply to a request of the number {id}")]
    Mismatch {
        /// The number.
        id: u64,
    },
    /// The asker does not want a reply any more.
    #[error("the request was canceled by its asker")]
    Canceled,
    /// It could not be sent; the request is still open.
    #[error(transparent)]
    NotSent(#[from] SendError),
}

impl ReplyError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoRequest | Self::Mismatch { .. } => Fault::Caller,
            Self::Canceled => Fault::Peer,
            Self::NotSent(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::NoRequest => Status::INVALID_PARAMETER,
            Self::Mismatch { .. } => Status::REPLY_MESSAGE_MISMATCH,
            Self::Canceled => Status::REQUEST_CANCELED,
            Self::NotSent(error) => error.status(),
        }
    }
}

/// Why a client could not be called back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// Its asker is not blocked in it.
    #[error(
        "nobody is blocked in this request, so its asker can't be called back: it is canceled, answered or asynchronous"
    )]
    NotBlocked,
    /// What became of the callback as a request.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl CallbackError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotBlocked => Fault::Caller,
            Self::Request(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::NotBlocked => Status::LPC_REQUESTS_NOT_ALLOWED,
            Self::Request(error) => error.status(),
        }
    }
}

impl From<SendError> for CallbackError {
    fn from(error: SendError) -> Self {
        Self::Request(error.into())
    }
}

/// Why a request was not canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// Its reply is here: receive it.
    #[error("the request has its reply already: receive it")]
    Answered,
    /// It waits no more, or never did.
    #[error("no request of the number {id} waits for a reply")]
    Gone {
        /// The number.
        id: u64,
    },
}

impl CancelError {
    /// Whose fault it is: the caller's.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Answered => Status::MESSAGE_RETRIEVED,
            Self::Gone { .. } => Status::INVALID_PARAMETER,
        }
    }
}
