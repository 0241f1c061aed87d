// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes or messages, waiting or not: what is fixed for a pipe, and what each handle may change.

use std::fmt;

use crate::named::error::{Mistake, PipeError};

/// How data is cut: as the type of a pipe, how writes are kept apart; as the read mode of a handle, how reads see
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PipeMode {
    /// A stream of bytes. Borders between writes are not kept, or not seen.
    #[default]
    Byte,
    /// Whole messages: each write is one.
    Message,
}

/// What a handle does when an operation cannot be finished at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WaitMode {
    /// It waits (`PIPE_WAIT`).
    #[default]
    Wait,
    /// It answers at once (`PIPE_NOWAIT`). The `try_` calls do the same for one call, and are clearer.
    NoWait,
}

/// What each handle has of its own, and may change: `SetNamedPipeHandleState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HandleState {
    /// How reads see what was written.
    pub read_mode: PipeMode,
    /// Whether calls wait.
    pub wait_mode: WaitMode,
}

impl HandleState {
    /// How every client starts, whatever the pipe's type is.
    pub const CLIENT: Self = Self { read_mode: PipeMode::Byte, wait_mode: WaitMode::Wait };

    /// This state on a pipe of this type.
    ///
    /// # Errors
    /// [`PipeError::InvalidParameter`]: a pipe of bytes has no messages to read.
    pub fn on(self, pipe_mode: PipeMode) -> Result<Self, PipeError> {
        match (pipe_mode, self.read_mode) {
            (PipeMode::Byte, PipeMode::Message) => {
                Err(PipeError::InvalidParameter(Mistake::MessagesOfAByteStream))
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Display for PipeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Byte => "bytes",
            Self::Message => "messages",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_of_bytes_with_message_read_mode_is_an_invalid_parameter() {
        let asked = HandleState { read_mode: PipeMode::Message, wait_mode: WaitMode::Wait };
        assert_eq!(asked.on(PipeMode::Byte).unwrap_err().code(), 87);
        assert_eq!(asked.on(PipeMode::Message).unwrap(), asked);
    }

    #[test]
    fn a_pipe_of_messages_may_be_read_as_bytes() {
        assert!(HandleState::CLIENT.on(PipeMode::Message).is_ok());
        assert!(HandleState::CLIENT.on(PipeMode::Byte).is_ok());
    }

    #[test]
    fn a_client_always_starts_in_byte_read_mode_and_waits() {
        assert_eq!(HandleState::CLIENT, HandleState::default());
        assert_eq!(HandleState::CLIENT.read_mode, PipeMode::Byte);
        assert_eq!(HandleState::CLIENT.wait_mode, WaitMode::Wait);
    }
}
