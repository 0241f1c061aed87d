// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ends of a named pipe in the words of the suite: a record is a message, or bytes behind their number.

use std::os::fd::BorrowedFd;

use cabotage_os::Deadline;
use cabotage_pipe::named::{PipeError, WriteError};

use super::end::{End, Told};
use crate::pipes::End as Pipe;
use crate::suite::soon;

/// Of a pipe of messages: each record is one.
#[derive(Debug)]
pub(super) struct Whole(Pipe);

impl Whole {
    pub(super) fn over(end: Pipe) -> Self {
        Self(end)
    }
}

impl End for Whole {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.write(record, deadline)?)
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        let mut message = Vec::new();
        self.0.receive(&mut message, deadline)?;
        Ok(message)
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        Ok(self.0.must_wait()?)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.0.fd()?)
    }

    fn close(self: Box<Self>) {
        self.0.close();
    }
}

/// Of a pipe of bytes: each record stands behind four bytes that say how long it is.
#[derive(Debug)]
pub(super) struct Framed {
    end: Pipe,
    /// What was read of records that are not whole yet.
    got: Vec<u8>,
}

impl Framed {
    pub(super) fn over(end: Pipe) -> Self {
        Self { end, got: Vec::new() }
    }

    /// Takes the first record, if it is whole.
    fn take(&mut self) -> Option<Vec<u8>> {
        let (head, rest) = self.got.split_first_chunk()?;
        let bytes = u32::from_le_bytes(*head) as usize;
        let record = rest.get(..bytes)?.to_vec();
        self.got.drain(..head.len() + bytes);
        Some(record)
    }
}

impl End for Framed {
    /// Of a frame that its reader has begun to read the rest must follow, whatever the deadline.
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        let bytes = u32::try_from(record.len()).map_err(|_| Told::TooLong)?;
        let frame = [&bytes.to_le_bytes()[..], record].concat();
        match self.end.write(&frame, deadline) {
            Err(WriteError { taken_bytes, source: PipeError::TimedOut, .. }) if taken_bytes > 0 => {
                Ok(self.end.write(&frame[taken_bytes..], soon())?)
            }
            answer => Ok(answer?),
        }
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        let mut piece = [0; 8192];
        if !self.got.is_empty() {
            self.end.must_wait()?; // a child of this process has no part in what is here either
        }
        loop {
            if let Some(record) = self.take() {
                return Ok(record);
            }
            let bytes = self.end.read(&mut piece, deadline)?;
            self.got.extend_from_slice(&piece[..bytes]);
        }
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        Ok(self.end.must_wait()?)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(self.end.fd()?)
    }

    fn close(self: Box<Self>) {
        self.end.close();
    }
}

impl From<PipeError> for Told {
    fn from(error: PipeError) -> Self {
        match error {
            PipeError::TimedOut | PipeError::Empty => Self::Nothing,
            PipeError::Broken | PipeError::Closing => Self::Closed,
            PipeError::Forked => Self::Forked,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<WriteError> for Told {
    fn from(error: WriteError) -> Self {
        match error.source {
            PipeError::TimedOut => Self::Full,
            source => source.into(),
        }
    }
}
