// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiving side: reads what is there, takes it apart into frames, hands out what is complete.

use std::collections::VecDeque;

use cabotage_os::{Deadline, Fault, SystemError};

use super::assembly::{Assembly, Limits, Received};
use super::frame::{HEADER_BYTES, Header, Malformed};
use crate::error::ReadError;
use crate::read::ReadEnd;

/// Receives the messages of every [`Writer`](super::Writer) on a pipe. It must be the only one that reads it.
#[derive(Debug)]
pub struct Reader<R> {
    end: R,
    assembly: Assembly,
    ready: VecDeque<Received>,
    buffer: Box<[u8]>,
    /// Where in the buffer the bytes lie that are not taken apart yet.
    filled: std::ops::Range<usize>,
    state: State,
}

/// Why nothing was received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// Nothing complete came in time.
    #[error("no message was completed before the deadline")]
    TimedOut,
    /// Somebody wrote what is no frame. Where the next one begins cannot be known, so this reader is dead.
    #[error("the pipe carries no messages any more: {0}")]
    Malformed(#[from] Malformed),
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ReceiveError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TimedOut | Self::Malformed(_) => Fault::Peer,
            Self::System(_) => Fault::System,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Reading,
    Dead(Malformed),
}

/// As much as a pipe of default capacity holds.
const BUFFER_BYTES: usize = 65_536;

impl<R: ReadEnd> Reader<R> {
    /// A reader with the default [`Limits`].
    pub fn new(end: R) -> Self {
        Self::with_limits(end, Limits::default())
    }

    /// A reader that keeps no more than `limits` for unfinished messages.
    pub fn with_limits(end: R, limits: Limits) -> Self {
        Self {
            end,
            assembly: Assembly::new(limits),
            ready: VecDeque::new(),
            buffer: vec![0; BUFFER_BYTES].into(),
            filled: 0..0,
            state: State::Reading,
        }
    }

    /// Waits until a message is complete, or one is lost, or every writer is gone.
    ///
    /// # Errors
    /// [`ReceiveError`]; after [`ReceiveError::Malformed`] every call answers the same.
    pub fn receive(&mut self, deadline: impl Into<Deadline>) -> Result<Received, ReceiveError> {
        let deadline = deadline.into();
        loop {
            if let Some(received) = self.ready.pop_front() {
                return Ok(received);
            }
            if let State::Dead(malformed) = self.state {
                return Err(malformed.into());
            }
            match self.fill(deadline)? {
                0 => self.end(),
                _ => self.take_apart(),
            }
        }
    }

    /// Reads behind the bytes that are here, which are less than a frame.
    fn fill(&mut self, deadline: Deadline) -> Result<usize, ReceiveError> {
        let rest = self.filled.len();
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..rest;
        let bytes =
            self.end.read_within(&mut self.buffer[rest..], deadline).map_err(|error| match error {
                ReadError::System(refusal) => ReceiveError::System(refusal),
                ReadError::Empty | ReadError::TimedOut => ReceiveError::TimedOut,
            })?;
        self.filled.end += bytes;
        Ok(bytes)
    }

    fn take_apart(&mut self) {
        loop {
            let bytes = &self.buffer[self.filled.clone()];
            let Some((header, after)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return };
            let header = match Header::decode(header) {
                Ok(header) => header,
                Err(malformed) => return self.die(malformed),
            };
            let Some(payload) = after.get(..header.payload_bytes) else { return };
            self.assembly.accept(header, payload, &mut self.ready);
            self.filled.start += HEADER_BYTES + header.payload_bytes;
        }
    }

    fn end(&mut self) {
        self.assembly.end(&mut self.ready);
        if self.filled.is_empty() {
            self.ready.push_back(Received::End);
        } else {
            self.die(Malformed::Cut);
        }
    }

    fn die(&mut self, malformed: Malformed) {
        self.state = State::Dead(malformed);
        self.assembly = Assembly::new(Limits::default());
    }

    /// The end it reads from.
    pub fn get_ref(&self) -> &R {
        &self.end
    }
}
