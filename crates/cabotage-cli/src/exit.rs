// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the command ends: a code for scripts, a message for people.

mod causes;

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use causes::kind_of;

/// The exit codes. They are part of the interface: numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for was done.
    Done = 0,
    /// It was not, and no other code says why.
    Failed = 1,
    /// The command line cannot be meant.
    Usage = 2,
    /// What was named is not there.
    Missing = 3,
    /// Rights are missing.
    Denied = 4,
    /// The process at the other end went away before the end.
    PeerGone = 5,
    /// The time was up.
    TimedOut = 6,
}

/// What `--help` says about the codes.
pub(crate) const EXPLAINED: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line cannot be meant; the message says how to mend it
  3  what was named is not there
  4  permission denied
  5  the process at the other end went away before the end
  6  the time was up
  128 + N  ended by signal N, after tidying up (130 for Ctrl-C)";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the command did not do what was asked: a code and the words for standard error.
///
/// It is made from any error by `?`; the code follows from the first cause that tells one.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    words: String,
}

impl Failure {
    /// A failure in these words.
    pub(crate) fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into() }
    }

    /// The command line cannot be meant; `words` say how to mend it.
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::new(Exit::Usage, words)
    }

    /// Nobody reads our output any more (`cabotage … | head`): an ordinary end, without words.
    pub(crate) fn reader_left() -> Self {
        Self::new(Exit::Done, "")
    }

    /// The same failure with words before its own.
    #[must_use]
    pub(crate) fn about(self, what: impl fmt::Display) -> Self {
        Self { words: format!("{what}: {}", self.words), ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn words(&self) -> &str {
        &self.words
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: code_of(&error), words: error.to_string() }
    }
}

fn code_of(error: &(dyn Error + 'static)) -> Exit {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(kind) = kind_of(error) {
            return code_of_kind(kind);
        }
        cause = error.source();
    }
    Exit::Failed
}

fn code_of_kind(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound => Exit::Missing,
        ErrorKind::PermissionDenied => Exit::Denied,
        ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => Exit::PeerGone,
        ErrorKind::TimedOut => Exit::TimedOut,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cabotage::os::{Errno, SystemError};

    #[test]
    fn the_code_follows_from_the_cause() {
        let code = |errno| Failure::from(SystemError::new("open", "x", errno)).exit();
        assert_eq!(code(Errno::NOENT), Exit::Missing);
        assert_eq!(code(Errno::ACCESS), Exit::Denied);
        assert_eq!(code(Errno::PIPE), Exit::PeerGone);
        assert_eq!(code(Errno::NOSPC), Exit::Failed);
    }

    #[test]
    fn every_code_is_explained() {
        for code in Exit::Done as u8..=Exit::TimedOut as u8 {
            assert!(EXPLAINED.contains(&format!("\n  {code}  ")), "{code}");
        }
    }
}
