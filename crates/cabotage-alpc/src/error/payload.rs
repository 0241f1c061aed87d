// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong with large bodies: no way for them, and memory that can't be copied.

use cabotage_os::Fault;
use cabotage_os::process_memory::ReadError;

use super::{ChannelError, SendError};
use crate::rules::RangeError;
use crate::status::Status;

/// No way is left for a body: it is above all three limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a body of {bytes} bytes is above every limit: {message_bytes_max} bytes through the queue, {section_bytes_max} in a \
     section, {direct_bytes_max} read directly{}; send it in parts", if *is_declared { "" } else { ", if it is declared \
     with `or_direct`" }
)]
pub struct TooLarge {
    /// How many bytes it has.
    pub bytes: u64,
    /// How many go through the queue.
    pub message_bytes_max: u64,
    /// How many a section may have; 0 where the other side takes no views.
    pub section_bytes_max: u64,
    /// How many the other side reads directly as a body; 0 for none.
    pub direct_bytes_max: u64,
    /// Whether the body was declared to be read directly.
    pub is_declared: bool,
}

/// Why nothing more was copied from or to the memory of a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The copy does not lie in a range that the request declares.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The request waits no more: it is answered, canceled, or was never of this port.
    #[error("the request waits no more, so its asker's memory can't be used")]
    Stale,
    /// The client did not copy until the deadline, or is busy answering a callback.
    #[error("the client did not copy until the deadline: it may be busy with a callback of ours")]
    Busy,
    /// Nothing is mapped where the client says that its range lies.
    #[error("the client declares memory that it does not have: {0}")]
    NotThere(#[source] ReadError),
    /// What was asked of the client could not be sent.
    #[error(transparent)]
    NotSent(#[from] SendError),
    /// The channel is over.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl CopyError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Range(_) => Fault::Caller,
            Self::Stale | Self::Busy | Self::NotThere(_) => Fault::Peer,
            Self::NotSent(error) => error.fault(),
            Self::Channel(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::Range(_) => Status::INVALID_PARAMETER,
            Self::Stale => Status::REPLY_MESSAGE_MISMATCH,
            Self::Busy => Status::TIMEOUT,
            Self::NotThere(_) => Status::PARTIAL_COPY,
            Self::NotSent(error) => error.status(),
            Self::Channel(error) => error.status(),
        }
    }
}

/// Why the memory of a client is copied by the client itself, and not read where it lies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyServed {
    /// The server's port was not told to read its clients' memory.
    #[error("the port was not told to read the memory of its clients")]
    Server,
    /// The client did not tell where its memory lies.
    #[error("the client did not tell where its memory lies")]
    Client,
    /// This process may read more than the client may, and so might read for it what the client may not.
    #[error("this process has the power to read more than the client itself may")]
    Power,
    /// Who the client is could not be made sure of.
    #[error("it is not certain any more which process the client is")]
    Unidentified,
    /// The kernel refuses.
    #[error(transparent)]
    Refused(#[from] ReadError),
}
