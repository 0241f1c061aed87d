// SPDX-License-Identifier: MIT OR Apache-2.0
//! A few words that the near end's process leaves for another one, in a pipe: a descriptor like those of the ends.
//!
//! The pipe also tells when the near end's process is gone, to one who waits for something else.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};

use cabotage::os::Deadline;
use cabotage::os::poll::{self, Readiness};

use super::case::Result;

/// The words as they were left, and the pipe.
#[derive(Debug)]
pub(crate) struct Note {
    words: String,
    pipe: BufReader<PipeReader>,
}

impl Note {
    /// Leaves one line of words: what keeps the pipe open on this side, and the descriptor for [`Note::read`].
    pub(crate) fn leave(words: &str) -> Result<(PipeWriter, OwnedFd)> {
        let (reader, mut writer) = cabotage::pipe::anonymous()?;
        writeln!(writer, "{words}")?;
        Ok((writer, reader.into()))
    }

    /// Reads what was left.
    pub(crate) fn read(descriptor: OwnedFd) -> Result<Self> {
        let mut pipe = BufReader::new(PipeReader::from(descriptor));
        let mut words = String::new();
        pipe.read_line(&mut words)?;
        words.truncate(words.trim_end().len());
        Ok(Self { words, pipe })
    }

    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// Whether the process that left it is gone.
    pub(crate) fn is_orphaned(&self) -> Result<bool> {
        let [found] = poll::wait([(self.pipe.get_ref().as_fd(), Readiness::empty())], Deadline::Now)?;
        Ok(!found.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_left_and_their_author_is_missed() {
        let (author, descriptor) = Note::leave("serve /some where").unwrap();
        let note = Note::read(descriptor).unwrap();
        assert_eq!(note.words(), "serve /some where");
        assert!(!note.is_orphaned().unwrap());
        drop(author);
        assert!(note.is_orphaned().unwrap());
    }
}
