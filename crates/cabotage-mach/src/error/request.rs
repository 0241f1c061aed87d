// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a request has no answer.

use cabotage_os::Fault;

use super::{ReceiveError, Unsent};
use crate::code::KernError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was not sent.
    #[error(transparent)]
    NotSent(#[from] Unsent),
    /// No answer came until the deadline; a late one will be dropped.
    #[error("no answer came until the deadline; a late one will be dropped")]
    TimedOut,
    /// Whoever had it let go of the right to answer, or has ended: no answer will come.
    #[error("whoever had the request let go of it or has ended: no answer will come")]
    NoAnswer,
    /// The answer could not be received.
    #[error("the answer could not be received: {0}")]
    NotReceived(#[source] ReceiveError),
    /// There is no port to be answered at.
    #[error("there is no port to be answered at: {0}")]
    NoReplyPort(#[source] KernError),
    /// The message names a right to answer by itself: send it and receive from that port.
    #[error("the message names a right to answer by already: send it, and receive from that port")]
    HasReplyRight,
}

impl RequestError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotSent(unsent) => unsent.fault(),
            Self::TimedOut | Self::NoAnswer => Fault::Peer,
            Self::NotReceived(error) => error.fault(),
            Self::NoReplyPort(error) => error.fault(),
            Self::HasReplyRight => Fault::Caller,
        }
    }
}
