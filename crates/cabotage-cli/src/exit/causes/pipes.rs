// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for the errors of pipes on the Windows face, named or not.

use std::error::Error;
use std::io::ErrorKind;

use cabotage::pipe::named::PipeError;
use cabotage::pipe::windows::{ReadError, WriteError};

/// The kind of this error itself, if it is one of these and tells one.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None.or_else(|| error.downcast_ref().and_then(of_reading))
        .or_else(|| error.downcast_ref().and_then(of_writing))
        .or_else(|| error.downcast_ref().map(PipeError::kind))
}

fn of_reading(error: &ReadError) -> Option<ErrorKind> {
    match error {
        ReadError::Broken => Some(ErrorKind::BrokenPipe),
        ReadError::TimedOut => Some(ErrorKind::TimedOut),
        ReadError::System(refusal) => Some(refusal.kind()),
        ReadError::Empty => None,
    }
}

fn of_writing(error: &WriteError) -> Option<ErrorKind> {
    match &error.cause {
        cabotage::pipe::WriteError::Broken => Some(ErrorKind::BrokenPipe),
        cabotage::pipe::WriteError::TimedOut => Some(ErrorKind::TimedOut),
        cabotage::pipe::WriteError::System(refusal) => Some(refusal.kind()),
        cabotage::pipe::WriteError::Full => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use cabotage::pipe::windows::create_pipe;

    #[test]
    fn a_broken_pipe_is_one_from_either_end() {
        let (reader, writer) = create_pipe(0).unwrap();
        drop(reader);
        let error = writer.write(b"x", Duration::ZERO).unwrap_err();
        assert_eq!(kind_of(&error), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind_of(&ReadError::Broken), Some(ErrorKind::BrokenPipe));
    }
}
