// SPDX-License-Identifier: MIT OR Apache-2.0
//! When one may write a message and wait for the answer in one operation.

use super::mode::{HandleState, PipeMode};
use crate::named::error::PipeError;

/// Whether a handle in this state, on a pipe of this type, with unread data or without, may transact.
///
/// # Errors
/// [`PipeError::InvalidReadMode`] but for messages that are read as messages; [`PipeError::UnreadData`].
pub fn may_transact(pipe_mode: PipeMode, handle: HandleState, is_unread: bool) -> Result<(), PipeError> {
    if (pipe_mode, handle.read_mode) != (PipeMode::Message, PipeMode::Message) {
        return Err(PipeError::InvalidReadMode);
    }
    if is_unread { Err(PipeError::UnreadData) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::rules::WaitMode;

    const AS_MESSAGES: HandleState = HandleState { read_mode: PipeMode::Message, wait_mode: WaitMode::Wait };

    #[test]
    fn a_transaction_needs_message_type_and_message_read_mode_else_it_is_a_bad_pipe() {
        assert_eq!(may_transact(PipeMode::Message, AS_MESSAGES, false), Ok(()));
        assert_eq!(may_transact(PipeMode::Message, HandleState::CLIENT, false).unwrap_err().code(), 230);
        assert_eq!(may_transact(PipeMode::Byte, HandleState::CLIENT, false).unwrap_err().code(), 230);
        assert_eq!(may_transact(PipeMode::Byte, AS_MESSAGES, false).unwrap_err().code(), 230);
    }

    #[test]
    fn a_transaction_with_inbound_data_already_queued_is_busy() {
        assert_eq!(may_transact(PipeMode::Message, AS_MESSAGES, true).unwrap_err().code(), 231);
    }
}
