// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message that was not sent, with the reason.

use std::fmt;

use cabotage_os::Fault;

use super::SendError;
use crate::message::Outgoing;

/// A message that was not sent.
///
/// It comes back, with its rights, wherever nothing of it has left; a right of it may have another name than before.
pub struct Unsent(Box<Parts>);

struct Parts {
    error: SendError,
    message: Option<Outgoing>,
}

impl Unsent {
    pub(crate) fn new(error: SendError, message: Option<Outgoing>) -> Self {
        Self(Box::new(Parts { error, message }))
    }

    /// Why it was not sent.
    pub fn error(&self) -> SendError {
        self.0.error
    }

    /// The message, to send it again; `None` if a part of it had gone.
    pub fn into_message(self) -> Option<Outgoing> {
        self.0.message
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.0.error.fault()
    }
}

impl fmt::Debug for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent").field("error", &self.0.error).field("message", &self.0.message).finish()
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl std::error::Error for Unsent {}
